"""What the kernel need not wake us for on a busy network, as a classic BPF program."""

from __future__ import annotations

import struct

from scanner.net.packets.frames import ETH_ARP, ETH_IP, ETH_IP6, ICMP, ICMP6, TCP, UDP

SNAP = 2048
_LD, _LDH, _LDB, _LDX, _LDH_X = 0x20, 0x28, 0x30, 0xB1, 0x48
_JEQ, _JGT, _JGE, _JSET, _RET = 0x15, 0x25, 0x35, 0x45, 0x06
_ANCILLARY_PROTOCOL, _ANCILLARY_KIND = 0xFFFFF000, 0xFFFFF004
_OUTGOING = 4


def answers_to(ports: range) -> bytes:
    """Pass ARP, ICMP, and TCP and UDP towards `ports`.

    The packet starts at its network header. An IPv6 packet with extension headers is passed over: no answer to a
    probe of ours has one.
    """
    low, high = (ports.start, ports.stop - 1) if ports else (1, 0)
    accept, drop = 23, 24
    source: list[tuple[int, int, int, int]] = [
        (_LD, 0, 0, _ANCILLARY_KIND),
        (_JEQ, drop, 2, _OUTGOING),
        (_LD, 0, 0, _ANCILLARY_PROTOCOL),
        (_JEQ, accept, 4, ETH_ARP),
        (_JEQ, 5, 15, ETH_IP),
        (_LDB, 0, 0, 9),
        (_JEQ, accept, 7, ICMP),
        (_JEQ, 9, 8, TCP),
        (_JEQ, 9, drop, UDP),
        (_LDH, 0, 0, 6),
        (_JSET, drop, 11, 0x1FFF),
        (_LDX, 0, 0, 0),
        (_LDH_X, 0, 0, 2),
        (_JGE, 14, drop, low),
        (_JGT, drop, accept, high),
        (_JEQ, 16, drop, ETH_IP6),
        (_LDB, 0, 0, 6),
        (_JEQ, accept, 18, ICMP6),
        (_JEQ, 20, 19, TCP),
        (_JEQ, 20, drop, UDP),
        (_LDH, 0, 0, 42),
        (_JGE, 22, drop, low),
        (_JGT, drop, accept, high),
        (_RET, 0, 0, SNAP),
        (_RET, 0, 0, 0),
    ]
    jumps = {_JEQ, _JGT, _JGE, _JSET}
    program = b""
    for at, (code, yes, no, value) in enumerate(source):
        relative = (yes - at - 1, no - at - 1) if code in jumps else (0, 0)
        program += struct.pack("HBBI", code, *relative, value)
    return program
