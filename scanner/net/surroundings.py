"""What this laptop knows of the networks around it. Nothing is sent: the kernel's tables are read."""

from __future__ import annotations

import ipaddress
import re
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from scanner.model.surroundings import Link, Surroundings
from scanner.net import netlink, route
from scanner.net.interfaces import Interface

_RESOLVERS = Path("/etc/resolv.conf")
_MAIN = 254
"""The routing table that is everybody's; others are of policy rules, and of the machine's own addresses."""
_NEXT_HOP = struct.Struct("=HBBi")
_VIRTUAL = (
    (re.compile(r"docker\d*$|br-[0-9a-f]{12}$|veth|cni|flannel|cali|podman"), "containers of this laptop"),
    (re.compile(r"virbr|vnet|vmnet|vboxnet|lxc|lxd|bridge1\d\d$|Hyper-V|vEthernet"), "virtual machines of this laptop"),
    (re.compile(r"tun|tap|wg|utun|ppp|tailscale|zt|ipsec|nebula"), "a tunnel to somewhere else"),
)
_KINDS = {"wireguard": _VIRTUAL[2][1], "tun": _VIRTUAL[2][1], "veth": _VIRTUAL[0][1], "gre": _VIRTUAL[2][1],
          "vti": _VIRTUAL[2][1], "ppp": _VIRTUAL[2][1]}  # fmt: skip

Route = tuple[str, str, int]
"""Subnet, gateway (empty for one's own link), index of the interface."""


def surroundings(settings: Path = _RESOLVERS) -> Surroundings:
    """All links but the loopback. NetworkFailed where not even the interfaces can be read."""
    known = [each for each in route.interfaces() if not each.name.startswith("lo")]
    if not route.tables():
        links = tuple(Link(each.name, each.addresses, each.up, virtual=_virtual(each.name, "")) for each in known)
        return Surroundings(links, _resolvers(settings), "this system does not tell its gateways and neighbours")
    kinds, routes = dict(_kinds()), list(_routes())
    return Surroundings(tuple(_link(each, *kinds.get(each.index, ("", None)), routes) for each in known),
                        _resolvers(settings))  # fmt: skip


def _link(each: Interface, kind: str, vlan: int | None, routes: list[Route]) -> Link:
    mine = [(subnet, gateway) for subnet, gateway, index in routes if index == each.index and gateway]
    default = ("0.0.0.0/0", "::/0")
    return Link(
        each.name,
        each.addresses,
        each.up,
        vlan,
        _virtual(each.name, kind),
        tuple(dict.fromkeys(gateway for subnet, gateway in mine if subnet in default)),
        tuple(dict.fromkeys((subnet, gateway) for subnet, gateway in mine if subnet not in default)),
        tuple(route.neighbours(each).items()),
    )


def _virtual(name: str, kind: str) -> str:
    return _KINDS.get(kind) or next((what for pattern, what in _VIRTUAL if pattern.match(name)), "")


def _kinds() -> Iterator[tuple[int, tuple[str, int | None]]]:
    """Of each interface that is more than a card what it is, and the VLAN of one that has a tag."""
    for head, found in netlink.rows(netlink.RTM_GETLINK, bytes(16)):
        index = struct.unpack("=BBHiII", head)[3]
        yield index, kind_of(found.get(netlink.IFLA_LINKINFO, b""))


def kind_of(info: bytes) -> tuple[str, int | None]:
    """(kind, VLAN) as the kernel describes a link: IFLA_LINKINFO of rtnetlink(7)."""
    inner = netlink.nested(info)
    kind = inner.get(netlink.IFLA_INFO_KIND, b"").rstrip(b"\0").decode("ascii", "replace")
    if kind != "vlan":
        return kind, None
    tag = netlink.nested(inner.get(netlink.IFLA_INFO_DATA, b"")).get(netlink.IFLA_VLAN_ID, b"")
    return kind, struct.unpack("=H", tag)[0] if len(tag) == 2 else None


def _routes() -> Iterator[Route]:
    for family in (socket.AF_INET, socket.AF_INET6):
        length = 4 if family == socket.AF_INET else 16
        try:
            for head, row in netlink.rows(netlink.RTM_GETROUTE, bytes((family,)) + bytes(11)):
                if head[0] == family and head[4] == _MAIN and head[7] == netlink.RTN_UNICAST:
                    first = ipaddress.ip_address(row.get(netlink.RTA_DST, b"").ljust(length, b"\0"))
                    for gateway, index in _hops(row):
                        yield f"{first}/{head[1]}", gateway, index
        except netlink.UnknownTable:
            continue


def _hops(row: netlink.Attributes) -> Iterator[tuple[str, int]]:
    if netlink.RTA_MULTIPATH in row:
        data = row[netlink.RTA_MULTIPATH]
        while len(data) >= _NEXT_HOP.size:
            size, _, _, index = _NEXT_HOP.unpack_from(data)
            if size < _NEXT_HOP.size:
                return
            yield _gateway(netlink.nested(data[_NEXT_HOP.size : size])), index
            data = data[(size + 3) & ~3 :]
    elif netlink.RTA_OIF in row:
        yield _gateway(row), struct.unpack("=i", row[netlink.RTA_OIF])[0]


def _gateway(row: netlink.Attributes) -> str:
    packed = row.get(netlink.RTA_GATEWAY) or row.get(netlink.RTA_VIA, b"")[2:]
    return str(ipaddress.ip_address(packed)) if len(packed) in (4, 16) else ""


def _resolvers(settings: Path) -> tuple[str, ...]:
    try:
        lines = settings.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    named = (
        words[1].partition("%")[0] for words in map(str.split, lines) if len(words) > 1 and words[0] == "nameserver"
    )
    found = []
    for each in named:
        try:
            found.append(str(ipaddress.ip_address(each)))
        except ValueError:
            continue
    return tuple(dict.fromkeys(found))[:8]
