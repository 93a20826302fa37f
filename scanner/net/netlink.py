"""What the kernel knows of interfaces, routes and neighbours, asked over rtnetlink.

No program has to be installed and one lookup costs tens of microseconds, so that a route can be asked for each of
65,536 addresses. Linux only: `rows` and `route` raise NetworkFailed elsewhere. See rtnetlink(7).
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator

from scanner.errors import NetworkFailed

RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, RTM_GETNEIGH = 18, 22, 26, 30
IFLA_ADDRESS, IFLA_IFNAME = 1, 3
IFA_ADDRESS, IFA_LOCAL, IFA_FLAGS = 1, 2, 8
RTA_DST, RTA_SRC, RTA_OIF, RTA_GATEWAY, RTA_PREFSRC, RTA_VIA = 1, 2, 4, 5, 7, 18
NDA_DST, NDA_LLADDR = 1, 2
RTN_UNICAST, RTN_LOCAL = 1, 2
FIB_MATCH = 0x2000

_REQUEST, _DUMP = 0x1, 0x300
_ERROR, _DONE = 2, 3
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_ROUTE = struct.Struct("=BBBBBBBBI")

Attributes = dict[int, bytes]


def rows(message: int, body: bytes) -> Iterator[tuple[bytes, Attributes]]:
    """Every row of a table (a dump): the fixed part that belongs to the message, and its attributes."""
    with _open() as sock:
        sock.send(_HEADER.pack(_HEADER.size + len(body), message, _REQUEST | _DUMP, 1, 0) + body)
        while True:
            for kind, payload in _messages(sock.recv(1 << 18)):
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    code = -struct.unpack_from("=i", payload)[0]
                    raise NetworkFailed(
                        f"the kernel's tables of interfaces and routes cannot be read: {os.strerror(code)}"
                    )
                yield payload[: len(body)], _attributes(payload[len(body) :])


def route(destination: bytes, interface: int, source: bytes | None, *, match: bool = False) -> tuple[int, Attributes]:
    """(route type, attributes) for one packed address when it has to leave by that interface (0: by any).

    `match` asks for the entry of the table itself. OSError (ENETUNREACH and others) when there is no such route.
    """
    bits = 8 * len(destination)
    family = socket.AF_INET if bits == 32 else socket.AF_INET6
    attributes = _attribute(RTA_DST, destination)
    if source is not None:
        attributes += _attribute(RTA_SRC, source)
    if interface:
        attributes += _attribute(RTA_OIF, struct.pack("=I", interface))
    source_bits = 0 if source is None else bits
    body = _ROUTE.pack(family, bits, source_bits, 0, 0, 0, 0, 0, FIB_MATCH if match else 0) + attributes
    with _open() as sock:
        sock.send(_HEADER.pack(_HEADER.size + len(body), RTM_GETROUTE, _REQUEST, 1, 0) + body)
        for kind, payload in _messages(sock.recv(1 << 16)):
            if kind == _ERROR:
                code = -struct.unpack_from("=i", payload)[0]
                raise OSError(code, os.strerror(code))
            return _ROUTE.unpack_from(payload)[7], _attributes(payload[_ROUTE.size :])
    raise OSError(errno.ENETUNREACH, "the kernel gave no answer about the route")


def _open() -> socket.socket:
    if not hasattr(socket, "AF_NETLINK"):
        raise NetworkFailed("interfaces and routes can be read on Linux only")
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size:
            return
        yield kind, data[offset + _HEADER.size : offset + length]
        offset += (length + 3) & ~3


def _attribute(kind: int, value: bytes) -> bytes:
    padding = -len(value) % 4
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value + bytes(padding)


def _attributes(data: bytes) -> Attributes:
    found: Attributes = {}
    offset = 0
    while offset + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < _ATTRIBUTE.size:
            break
        found[kind & 0x3FFF] = data[offset + _ATTRIBUTE.size : offset + length]
        offset += (length + 3) & ~3
    return found
