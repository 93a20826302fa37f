"""What the kernel knows of interfaces, routes and neighbours, asked over rtnetlink.

No program has to be installed, and one lookup costs tens of microseconds. Linux only (`there`): `rows`, `route` and
`prefixes` raise NetworkFailed elsewhere. See rtnetlink(7).
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator, Set

from scanner.errors import NetworkFailed

RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, RTM_GETNEIGH, RTM_GETRULE, RTM_GETADDRLABEL = 18, 22, 26, 30, 34, 74
IFLA_ADDRESS, IFLA_IFNAME, IFLA_LINKINFO, IFLA_CARRIER_CHANGES = 1, 3, 18, 35
IFLA_INFO_KIND, IFLA_INFO_DATA, IFLA_VLAN_ID = 1, 2, 1
IFA_ADDRESS, IFA_LOCAL, IFA_FLAGS = 1, 2, 8
RTA_DST, RTA_SRC, RTA_OIF, RTA_GATEWAY, RTA_PREFSRC, RTA_MULTIPATH, RTA_VIA, RTA_NH_ID = 1, 2, 4, 5, 7, 9, 18, 30
NDA_DST, NDA_LLADDR = 1, 2
RTN_UNICAST, RTN_LOCAL = 1, 2
FIB_MATCH = 0x2000

_REQUEST, _DUMP = 0x1, 0x300
_ERROR, _DONE = 2, 3
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_ROUTE = struct.Struct("=BBBBBBBBI")
_LINK = struct.Struct("=BxHiII")

Attributes = dict[int, bytes]


class UnknownTable(NetworkFailed):
    """This kernel was built without that table (IPv6, policy rules)."""


def rows(message: int, body: bytes) -> Iterator[tuple[bytes, Attributes]]:
    """Every row of a table (a dump): the fixed part that belongs to the message, and its attributes."""
    with opened() as sock:
        sock.send(_HEADER.pack(_HEADER.size + len(body), message, _REQUEST | _DUMP, 1, 0) + body)
        while True:
            for kind, payload in _messages(sock.recv(1 << 18)):
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    code = -struct.unpack_from("=i", payload)[0]
                    kind_of = UnknownTable if code in (errno.EOPNOTSUPP, errno.EAFNOSUPPORT) else NetworkFailed
                    raise kind_of(f"the kernel's tables of interfaces and routes cannot be read: {os.strerror(code)}")
                yield payload[: len(body)], _attributes(payload[len(body) :])


def prefixes(family: int) -> dict[tuple[bytes, int], bool]:
    """(packed first address, bits) of every destination prefix that the kernel's routing looks at.

    Those of all tables, of what redirects and path MTUs added to them, and of the policy rules. Between two
    neighbouring bounds of such prefixes the kernel routes every address alike; unless it is said (True) that it spreads
    them over several next hops.
    """
    found: dict[tuple[bytes, int], bool] = {}
    length = 4 if family == socket.AF_INET else 16
    # Rules, where the kernel has them, name the destination in the same attribute, and its bits in the same byte.
    for message in (RTM_GETROUTE, RTM_GETRULE):
        try:
            for head, row in rows(message, bytes((family,)) + bytes(11)):
                if head[0] == family:
                    prefix = row.get(RTA_DST, b"").ljust(length, b"\0"), head[1]
                    spread = message == RTM_GETROUTE and (RTA_MULTIPATH in row or RTA_NH_ID in row)
                    found[prefix] = found.get(prefix, False) or spread
        except UnknownTable:
            continue
    return found


def labels() -> Set[tuple[bytes, int]]:
    """(packed first address, bits) of the IPv6 prefixes by which sources are chosen (RFC 6724)."""
    try:
        table = rows(RTM_GETADDRLABEL, bytes((socket.AF_INET6,)) + bytes(11))
        return {(row[1], head[2]) for head, row in table if len(row.get(1, b"")) == 16}
    except UnknownTable:
        return frozenset()


def route(
    destination: bytes,
    interface: int,
    source: bytes | None,
    *,
    match: bool = False,
    by: socket.socket | None = None,
) -> tuple[int, Attributes]:
    """(route type, attributes) for one packed address when it has to leave by that interface (0: by any).

    `match` asks for the entry of the table itself; `by` is a socket of `opened`, for many questions. OSError
    (ENETUNREACH and others) when there is no such route.
    """
    if by is None:
        with opened() as by:
            return route(destination, interface, source, match=match, by=by)
    bits = 8 * len(destination)
    family = socket.AF_INET if bits == 32 else socket.AF_INET6
    attributes = _attribute(RTA_DST, destination)
    if source is not None:
        attributes += _attribute(RTA_SRC, source)
    if interface:
        attributes += _attribute(RTA_OIF, struct.pack("=I", interface))
    source_bits = 0 if source is None else bits
    body = _ROUTE.pack(family, bits, source_bits, 0, 0, 0, 0, 0, FIB_MATCH if match else 0) + attributes
    by.send(_HEADER.pack(_HEADER.size + len(body), RTM_GETROUTE, _REQUEST, 1, 0) + body)
    for kind, payload in _messages(by.recv(1 << 16)):
        if kind == _ERROR:
            code = -struct.unpack_from("=i", payload)[0]
            raise OSError(code, os.strerror(code))
        return _ROUTE.unpack_from(payload)[7], _attributes(payload[_ROUTE.size :])
    raise OSError(errno.ENETUNREACH, "the kernel gave no answer about the route")


def link(index: int, by: socket.socket) -> tuple[int, Attributes]:
    """(flags, attributes) of one interface. OSError (ENODEV) when there is none of that index."""
    by.send(_HEADER.pack(_HEADER.size + _LINK.size, RTM_GETLINK, _REQUEST, 1, 0) + _LINK.pack(0, 0, index, 0, 0))
    for kind, payload in _messages(by.recv(1 << 18)):
        if kind == _ERROR:
            code = -struct.unpack_from("=i", payload)[0]
            raise OSError(code, os.strerror(code))
        return _LINK.unpack_from(payload)[3], _attributes(payload[_LINK.size :])
    raise OSError(errno.ENODEV, "the kernel gave no answer about the interface")


def there() -> bool:
    """Whether this system has it. FreeBSD's family of that name numbers addresses otherwise, and has no AF_PACKET."""
    return hasattr(socket, "AF_NETLINK") and hasattr(socket, "AF_PACKET")


def opened() -> socket.socket:
    """A socket to ask the kernel over. NetworkFailed where there is none to be had."""
    if not there():
        raise NetworkFailed("interfaces and routes can be read on Linux only")
    try:
        return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
    except OSError as error:
        raise NetworkFailed(f"the kernel cannot be asked about interfaces and routes: {error.strerror}") from None


def nested(data: bytes) -> Attributes:
    """The attributes inside of one."""
    return _attributes(data)


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
