"""Interfaces and routes by what every operating system gives an ordinary program: psutil, and sockets that ask.

A UDP socket that is connected sends nothing, and tells which of the laptop's addresses the system would send from. That
names the interface towards a target; the gateway, and who the neighbours are, no such question tells.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Iterator, Sequence

from scanner.errors import NetworkFailed
from scanner.model.addresses import AddressSet
from scanner.net.interfaces import UNKNOWN, Hop, Interface, version_of

_DISCARD = 9
"""A port for the question; nothing is ever sent to it."""
_POINT_TO_POINT = 31
"""From this prefix length on there is no broadcast address."""
_SELF = Hop("self", "", "")


def interfaces() -> tuple[Interface, ...]:
    """All interfaces, by their index. NetworkFailed where psutil does not work."""
    try:
        import psutil

        listed, states = psutil.net_if_addrs(), psutil.net_if_stats()
    except (ImportError, OSError) as error:
        raise NetworkFailed(f"the interfaces of this laptop cannot be read (psutil): {error}") from None
    found: dict[str, Interface] = {}
    # A label (eth0:1) is an address of the interface before the colon.
    names = dict.fromkeys(name.partition(":")[0] for name in (*states, *listed))
    for name in names:
        rows = [row for label, rows in listed.items() if label.partition(":")[0] == name for row in rows]
        addresses = [
            _with_prefix(row.address, row.netmask) for row in rows if row.family in (socket.AF_INET, socket.AF_INET6)
        ]
        state = states.get(name)
        flags = set(state.flags.split(",")) if state is not None else set()
        mac = next((mac for row in rows if row.family == psutil.AF_LINK and (mac := _mac(row.address))), None)
        found[name] = Interface(
            name=name,
            index=_index(name, addresses),
            mac=mac,
            addresses=tuple(sorted(filter(None, addresses), key=lambda each: ":" in each)),
            up=state is not None and state.isup and ("running" in flags or "up" not in flags),
            resolves=mac is not None and "noarp" not in flags,
        )
    return tuple(sorted(found.values(), key=lambda each: each.index))


def ways(
    addresses: AddressSet, interface: Interface, four: str | None, six: str | None
) -> tuple[tuple[AddressSet, Hop | None], ...]:
    """`route.ways`, sent from `four` and `six` where given. A route that leaves by another interface is none.

    Every address off the link is a question of its own, some 20 microseconds: nobody tells where routes begin and end.
    """
    found: dict[Hop | None, list[tuple[int, int, int]]] = {}
    own = AddressSet.of(_plain(each) for each in interface.addresses)
    for version, source in ((4, four), (6, six)):
        left = addresses.of_version(version)
        for part, hop in _own_links(version, interface, source):
            if hop is None or hop.kind == "on-link":
                part = part - own
            if some := left & part:
                found.setdefault(hop, []).extend(some.spans)
                left = left - some
        for address in left:
            number = int(ipaddress.ip_address(address))
            found.setdefault(_asked(address, interface, source, own), []).append((version, number, number))
    return tuple((AddressSet(spans), hop) for hop, spans in found.items())


def next_hop(address: str, interface: Interface, source: str | None) -> Hop | None:
    """`route.next_hop`; the gateway is UNKNOWN."""
    ((_, hop),) = ways(AddressSet.of([address]), interface, source, source)
    return None if hop is None else hop.to(address)


def _own_links(version: int, interface: Interface, source: str | None) -> Iterator[tuple[AddressSet, Hop | None]]:
    """The interface's own addresses and prefixes; those that no host can have lead nowhere."""
    yield AddressSet.of(_plain(each) for each in interface.addresses if version_of(each) == version), _SELF
    if version == 6:
        own = interface.link_local()
        yield AddressSet.parse("fe80::/10"), None if own is None else Hop("on-link", own, "")
    if version == 4:
        yield AddressSet.parse("0.0.0.0,224.0.0.0/4,255.255.255.255"), None
    else:
        yield AddressSet.parse("::,ff00::/8"), None
    for each in interface.addresses:
        chosen = ipaddress.ip_interface(each)
        if chosen.version != version:
            continue
        network = chosen.network
        if version == 4 and network.prefixlen < _POINT_TO_POINT:
            yield AddressSet.of([str(network.broadcast_address)]), None
        yield AddressSet.parse(str(network)), Hop("on-link", source or str(chosen.ip), "")


def _asked(address: str, interface: Interface, source: str | None, own: AddressSet) -> Hop | None:
    """What the system would do with a packet to an address off the link."""
    if ipaddress.ip_address(address).is_loopback:
        return _SELF
    six = ":" in address
    try:
        with socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((address, _DISCARD))
            chosen = _plain(sock.getsockname()[0])
    except OSError:
        return None
    if chosen == address:
        return _SELF
    return Hop("routed", source or chosen, UNKNOWN) if chosen in own else None


def _with_prefix(address: str, netmask: str | None) -> str:
    """`10.20.10.5/24`, canonical. A prefix that the system keeps to itself counts as the address alone."""
    ip = ipaddress.ip_address(_plain(address))
    if netmask:
        with contextlib.suppress(ValueError):
            bits = int(ipaddress.ip_address(_plain(netmask))).bit_count()
            return f"{ip}/{bits}"
    return f"{ip}/{64 if ip.version == 6 and ip.is_link_local else ip.max_prefixlen}"


def _mac(text: str) -> str | None:
    parts = text.lower().replace("-", ":").split(":")
    known = len(parts) == 6 and all(len(each) == 2 for each in parts) and any(each != "00" for each in parts)
    return ":".join(parts) if known else None


def _index(name: str, addresses: Sequence[str]) -> int:
    """The interface's number; 0 where nobody tells, which matters for link-local addresses only.

    Windows' own call knows other names than the ones people see: there it is the scope in which the interface's
    link-local address can be bound.
    """
    with contextlib.suppress(OSError):
        return socket.if_nametoindex(name)
    local = next((_plain(each) for each in addresses if each.startswith("fe80:")), None)
    for index, _ in socket.if_nameindex() if local else ():
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind((local, 0, 0, index))
            return index
    return 0


def _plain(address: str) -> str:
    return address.partition("/")[0].partition("%")[0]
