"""Where the laptop stands: its interfaces, the vantage in a zone, and the next hop towards an address.

Linux's own tables answer where there are any (`netlink`); elsewhere `portable` finds out what it can.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from bisect import bisect_right
from collections.abc import Iterator

from scanner.errors import BadInput
from scanner.model.addresses import AddressSet
from scanner.model.observation import Vantage
from scanner.model.site import Zone
from scanner.net import netlink, portable
from scanner.net.interfaces import Hop, Interface

__all__ = [
    "Hop",
    "Interface",
    "index_of",
    "interface_named",
    "interfaces",
    "neighbours",
    "next_hop",
    "source_for",
    "tables",
    "vantage_for",
    "ways",
]

IFF_UP, IFF_RUNNING, IFF_NOARP = 0x1, 0x40, 0x80
ARPHRD_ETHER = 1
_UNUSABLE = 0x08 | 0x40
"""IFA_F_DADFAILED, IFA_F_TENTATIVE: an address that may not be used as a source (yet)."""
_ITSELF = ""
_SPECIAL = (
    *("0.0.0.0/32", "127.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32", "::/128", "::1/128", "::ffff:0.0.0.0/96"),
    *("fe80::/16", "fe80::/10", "fec0::/10", "ff00::/8"),
)
"""What is routed by its own rules, whatever the tables hold."""


def tables() -> bool:
    """Whether the system tells its gateways and its neighbours' MAC addresses; where not, nobody knows either."""
    return netlink.there()


def interfaces() -> tuple[Interface, ...]:
    """All interfaces, in the kernel's order. NetworkFailed where they cannot be read."""
    if not tables():
        return portable.interfaces()
    addresses: dict[int, list[str]] = {}
    for head, found in netlink.rows(netlink.RTM_GETADDR, bytes(8)):
        _, bits, flags, _, index = struct.unpack("=BBBBI", head)
        if netlink.IFA_FLAGS in found:
            (flags,) = struct.unpack("=I", found[netlink.IFA_FLAGS])
        packed = found.get(netlink.IFA_LOCAL) or found.get(netlink.IFA_ADDRESS)
        if packed is not None and not flags & _UNUSABLE:
            addresses.setdefault(index, []).append(f"{ipaddress.ip_address(packed)}/{bits}")
    result = []
    for head, found in netlink.rows(netlink.RTM_GETLINK, bytes(16)):
        _, _, kind, index, flags, _ = struct.unpack("=BBHiII", head)
        mac = found.get(netlink.IFLA_ADDRESS, b"")
        result.append(
            Interface(
                name=found[netlink.IFLA_IFNAME].rstrip(b"\0").decode("utf-8", "replace"),
                index=index,
                mac=mac.hex(":") if len(mac) == 6 and any(mac) else None,
                addresses=tuple(sorted(addresses.get(index, ()), key=lambda each: ":" in each)),
                up=flags & (IFF_UP | IFF_RUNNING) == IFF_UP | IFF_RUNNING,
                resolves=kind == ARPHRD_ETHER and not flags & IFF_NOARP,
            )
        )
    return tuple(result)


def interface_named(name: str) -> Interface:
    """One interface; BadInput lists those that exist when it does not."""
    known = interfaces()
    found = next((each for each in known if each.name == name), None)
    if found is None:
        raise BadInput(f"there is no interface {name!r}; this laptop has {', '.join(each.name for each in known)}")
    return found


def index_of(name: str) -> int:
    """An interface's number, which link-local addresses are written with."""
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return interface_named(name).index


def vantage_for(zone: Zone, interface: str | None) -> Vantage:
    """Where a session from `zone` stands: the interface with an address in one of the zone's subnets.

    BadInput when the named interface is not there or stands elsewhere, when none stands in the zone, and when
    several do and none was named.
    """
    subnets = ", ".join(zone.subnets)
    if interface is not None:
        found = interface_named(interface)
        vantage = _vantage(zone, found)
        if vantage is None:
            has = ", ".join(found.addresses) or "no address"
            raise BadInput(f"{interface} is not in zone {zone.name!r} ({subnets}): it has {has}")
        return vantage
    known = interfaces()
    standing = [each for each in (_vantage(zone, found) for found in known) if each is not None]
    if not standing:
        has = ", ".join(f"{each.name} {' '.join(each.addresses)}" for each in known if each.addresses) or "no address"
        raise BadInput(f"no interface is in zone {zone.name!r} ({subnets}): this laptop has {has}")
    if len(standing) > 1:
        names = " and ".join(f"{each.interface} ({each.address})" for each in standing)
        raise BadInput(f"{names} are both in zone {zone.name!r}; say which one with --interface")
    return standing[0]


def next_hop(address: str, interface: Interface, source: str | None) -> Hop | None:
    """How a packet to `address` leaves by that interface; None when it has no route there.

    `source`, where given, is the laptop's address to send from; otherwise the kernel's choice. Without a route
    Linux supposes that the address is on the link, so an answer outside the interface's own prefixes is
    believed only when the routing table holds it.
    """
    if not tables():
        return portable.next_hop(address, interface, source)
    with netlink.opened() as by:
        hop = _hop(address, interface, source, by)
    return None if hop is None else hop.to(address)


def ways(addresses: AddressSet, interface: Interface, vantage: Vantage) -> tuple[tuple[AddressSet, Hop | None], ...]:
    """How packets to every address of a set leave by that interface: what `next_hop` says, each answer once.

    The kernel is asked once for all addresses between two bounds of its routing prefixes, so a /16 behind one gateway
    costs as much as one address. `via` is `""` for neighbours, `source` too for the laptop's own addresses (`Hop.to`).
    """
    if not tables():
        return portable.ways(addresses, interface, source_for(4, vantage), source_for(6, vantage))
    found: dict[Hop | None, list[tuple[int, int, int]]] = {}
    with netlink.opened() as by:
        for version in (4, 6):
            spans = [span for span in addresses.spans if span[0] == version]
            if not spans:
                continue
            source = source_for(version, vantage)
            bounds, spread = _bounds(version, interface, source)
            known: dict[int, Hop | None] = {}
            for _, low, high in spans:
                while low <= high:
                    at = bisect_right(bounds, low)
                    if at not in known:
                        known[at] = _hop(str(_ip(version, low)), interface, source, by)
                    hop = known[at]
                    last = min(high, bounds[at] - 1) if at < len(bounds) else high
                    if hop is not None and hop.kind == "routed" and any(first <= low <= end for first, end in spread):
                        last, hop = low, _hop(str(_ip(version, low)), interface, source, by)
                    found.setdefault(hop, []).append((version, low, last))
                    low = last + 1
    return tuple((AddressSet(spans), hop) for hop, spans in found.items())


def source_for(version: int, vantage: Vantage) -> str | None:
    """The vantage's own address of that IP version; None leaves it to the kernel."""
    if version == 6:
        return vantage.address6
    return None if ":" in vantage.address else vantage.address


def _hop(address: str, interface: Interface, source: str | None, by: socket.socket) -> Hop | None:
    """`next_hop`, with `""` for the address itself: alike for all addresses between two of `_bounds`."""
    ip = ipaddress.ip_address(address)
    if address.startswith("fe80:"):
        own = interface.link_local()
        if own is None:
            return None
        return Hop("self", _ITSELF, _ITSELF) if address == own else Hop("on-link", own, _ITSELF)
    if interface.has(address) or ip.is_loopback:
        return Hop("self", _ITSELF, _ITSELF)
    from_ = None if source is None else ipaddress.ip_address(source).packed
    try:
        kind, found = netlink.route(ip.packed, interface.index, from_, by=by)
        if kind == netlink.RTN_LOCAL:
            return Hop("self", _ITSELF, _ITSELF)
        gateway = found.get(netlink.RTA_GATEWAY)
        if gateway is None and netlink.RTA_VIA in found:
            gateway = found[netlink.RTA_VIA][2:]
        if gateway is None and not interface.on_link(address):
            netlink.route(ip.packed, interface.index, from_, match=True, by=by)
    except OSError:
        return None
    chosen = found.get(netlink.RTA_PREFSRC)
    own = source or (None if chosen is None else str(ipaddress.ip_address(chosen)))
    if kind != netlink.RTN_UNICAST or own is None:
        return None
    if gateway is None:
        return Hop("on-link", own, _ITSELF)
    return Hop("routed", own, str(ipaddress.ip_address(gateway)))


def _bounds(version: int, interface: Interface, source: str | None) -> tuple[list[int], list[tuple[int, int]]]:
    """Where the way may change from one address to the next (the first address after each change), sorted.

    And the (first, last) address of the prefixes in which each address may go another way. IPv4 is not among them: of
    several next hops it takes the first that leaves by the interface asked for.
    """
    bits = 32 if version == 4 else 128
    known = netlink.prefixes(socket.AF_INET if version == 4 else socket.AF_INET6)
    prefixes = set(known)
    own = [each for each in map(ipaddress.ip_interface, interface.addresses) if each.version == version]
    for each in (*own, *(ipaddress.ip_interface(text) for text in _SPECIAL)):
        if each.version == version:
            prefixes |= {(each.network.network_address.packed, each.network.prefixlen), (each.packed, bits)}
    if version == 6 and source is None:
        # The kernel prefers the source that shares the longest prefix with the destination.
        prefixes |= netlink.labels() | {(each.packed, length) for each in _sources() for length in range(1, 129)}
    bounds: set[int] = set()
    spread: list[tuple[int, int]] = []
    for prefix in prefixes:
        size = 1 << (bits - prefix[1])
        first = int.from_bytes(prefix[0], "big") // size * size
        bounds |= {first, first + size}
        if version == 6 and known.get(prefix):
            spread.append((first, first + size - 1))
    return sorted(bounds), spread


def _sources() -> Iterator[ipaddress.IPv6Interface]:
    """Every IPv6 address of the laptop: a source may stand on any interface."""
    for interface in interfaces():
        for each in map(ipaddress.ip_interface, interface.addresses):
            if isinstance(each, ipaddress.IPv6Interface):
                yield each


def _ip(version: int, value: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.IPv4Address(value) if version == 4 else ipaddress.IPv6Address(value)


def neighbours(interface: Interface) -> dict[str, str]:
    """The kernel's neighbour table of that interface: address -> MAC, entries in use only. Empty without `tables`."""
    if not tables():
        return {}
    incomplete_failed_noarp = 0x01 | 0x20 | 0x40
    found = {}
    for head, row in netlink.rows(netlink.RTM_GETNEIGH, bytes(12)):
        family, index, state, _, _ = struct.unpack("=BxxxiHBB", head)
        if family not in (socket.AF_INET, socket.AF_INET6) or index != interface.index:
            continue
        mac = row.get(netlink.NDA_LLADDR, b"")
        if len(mac) == 6 and netlink.NDA_DST in row and not state & incomplete_failed_noarp:
            found[str(ipaddress.ip_address(row[netlink.NDA_DST]))] = mac.hex(":")
    return found


def _vantage(zone: Zone, interface: Interface) -> Vantage | None:
    four, six = interface.address_in(zone, 4), interface.address_in(zone, 6)
    first = four or six
    return None if first is None else Vantage(zone.name, interface.name, first, six)
