"""ICMP errors as the kernel hands them to an ordinary socket (IP_RECVERR): who complained, how, and about what.

This is how an engine without privilege tells a firewall's prohibition from a router's host-unreachable. Linux only;
elsewhere nothing is ever in the queue. See ip(7), ipv6(7).
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterable, Iterator

import msgspec

from scanner.net.packets.frames import icmp_state
from scanner.net.volley.tally import Answer

_IP, _IP6 = 0, 41
_RECVERR, _RECVTTL, _TTL = 11, 12, 2
_RECVERR6, _RECVHOPS6, _HOPS6 = 25, 51, 52
_LOCAL, _ICMP, _ICMP6 = 1, 2, 3
_ERROR = struct.Struct("=IBBBBII")
_MOST_AT_ONCE = 1024
QUEUE: int = getattr(socket, "MSG_ERRQUEUE", 0)
"""0 where there is none."""


class Complaint(msgspec.Struct, frozen=True):
    """One ICMP error, or an error of the laptop's own kernel (`answer` None)."""

    address: str
    """Where our packet was going."""
    port: int
    answer: Answer | None
    errno: int


def error_options(six: bool) -> tuple[tuple[int, int, int], ...]:
    """The socket options that make the kernel queue ICMP errors, and report the TTL of what arrives."""
    if not QUEUE:
        return ()
    if six:
        return (_IP6, _RECVERR6, 1), (_IP6, _RECVHOPS6, 1)
    return (_IP, _RECVERR, 1), (_IP, _RECVTTL, 1)


def ttl_of(ancillary: Iterable[tuple[int, int, bytes]]) -> int | None:
    """The TTL or hop limit among a message's control data."""
    for level, kind, value in ancillary:
        if (level, kind) in ((_IP, _TTL), (_IP6, _HOPS6)) and len(value) >= 4:
            return int(struct.unpack_from("=i", value)[0])
    return None


def complaints(sock: socket.SocketType, at: float) -> Iterator[Complaint]:
    """Everything in the socket's error queue (a thousand at most), oldest first."""
    for _ in range(_MOST_AT_ONCE if QUEUE else 0):
        try:
            _, ancillary, _, peer = sock.recvmsg(512, 512, QUEUE)
        except OSError:
            return  # nothing queued (EAGAIN), or a system without such a queue
        for level, kind, value in ancillary:
            if (level, kind) in ((_IP, _RECVERR), (_IP6, _RECVERR6)) and len(value) >= _ERROR.size:
                errno, origin, icmp_type, code, _, _, _ = _ERROR.unpack_from(value)
                address = str(ipaddress.ip_address(peer[0].partition("%")[0])) if peer else ""
                answer = _answer(origin, icmp_type, code, value[_ERROR.size :], at, ttl_of(ancillary))
                yield Complaint(address, peer[1] if peer else 0, answer, errno)


def _answer(origin: int, icmp_type: int, code: int, offender: bytes, at: float, ttl: int | None) -> Answer | None:
    if origin == _ICMP and len(offender) >= 8:
        state, reason, source = icmp_state(4, icmp_type, code), f"icmp-{icmp_type}-{code}", offender[4:8]
    elif origin == _ICMP6 and len(offender) >= 24:
        state, reason, source = icmp_state(6, icmp_type, code), f"icmp6-{icmp_type}-{code}", offender[8:24]
    else:
        return None
    return None if state is None else Answer(state, reason, at, ttl, str(ipaddress.ip_address(source)))
