"""What a canary's packet socket is woken for, as a classic BPF program."""

from __future__ import annotations

import struct

from scanner.net.packets.frames import ETH_ARP, ETH_IP, ETH_IP6, TCP

LONGEST = 176
"""Bytes of the longest packet that is let through: a frame of the ring holds it, and every probe is shorter.
So a laptop that copies files meanwhile does not wake the canary for them."""
_SNAP = 2048
_LD, _LDH, _LDB, _LDX, _LDB_X = 0x20, 0x28, 0x30, 0xB1, 0x50
_JEQ, _JGT, _JSET, _RET = 0x15, 0x25, 0x45, 0x06
_PROTOCOL, _KIND = 0xFFFFF000, 0xFFFFF004
_TO_US = 0
_SPEAKS = 0x01 | 0x02 | 0x08
"""FIN, SYN, PSH: a bare acknowledgement is nothing that a canary answers."""


def probes() -> bytes:
    """Pass ARP, and IP packets that are sent to this laptop and short."""
    accept, drop = 19, 20
    source: list[tuple[int, int, int, int]] = [
        (_LD, 0, 0, _KIND),
        (_JEQ, 2, drop, _TO_US),
        (_LD, 0, 0, _PROTOCOL),
        (_JEQ, accept, 4, ETH_ARP),
        (_JEQ, 5, 12, ETH_IP),
        (_LDH, 0, 0, 2),
        (_JGT, drop, 7, LONGEST),
        (_LDB, 0, 0, 9),
        (_JEQ, 9, accept, TCP),
        (_LDX, 0, 0, 0),
        (_LDB_X, 0, 0, 13),
        (_JSET, accept, drop, _SPEAKS),
        (_JEQ, 13, drop, ETH_IP6),
        (_LDH, 0, 0, 4),
        (_JGT, drop, 15, LONGEST - 40),
        (_LDB, 0, 0, 6),
        (_JEQ, 17, accept, TCP),
        (_LDB, 0, 0, 40 + 13),
        (_JSET, accept, drop, _SPEAKS),
        (_RET, 0, 0, _SNAP),
        (_RET, 0, 0, 0),
    ]
    jumps = {_JEQ, _JGT, _JSET}
    program = b""
    for at, (code, yes, no, value) in enumerate(source):
        relative = (yes - at - 1, no - at - 1) if code in jumps else (0, 0)
        program += struct.pack("HBBI", code, *relative, value)
    return program
