"""Addresses and ports as text: canonical forms, and sets of them written as ranges.

An address is a `str` in its canonical form (IPv6 as RFC 5952), so it sorts, compares and serialises without help;
`address()` is the one way to make one from outside text.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


def address(text: str) -> str:
    """The canonical form of one address; ValueError says what is wrong with any other text."""
    return str(ipaddress.ip_address(text.strip()))


@lru_cache(maxsize=4096)
def network(text: str) -> IPNetwork:
    """A subnet, or one address as a subnet of its own; host bits set are a ValueError, as they hide a typing error."""
    return ipaddress.ip_network(text.strip())


def contains(networks: Iterable[str], addr: str) -> bool:
    """Whether any of the subnets (or single addresses) holds `addr`."""
    version, value = address_key(addr)
    return any(low <= value <= high for family, low, high in map(_span, networks) if family == version)


@lru_cache(maxsize=1 << 17)
def address_key(addr: str) -> tuple[int, int]:
    """Sort key: IPv4 before IPv6, each in numeric order."""
    ip = ipaddress.ip_address(addr)
    return ip.version, int(ip)


@lru_cache(maxsize=4096)
def _span(text: str) -> tuple[int, int, int]:
    found = network(text)
    return found.version, int(found.network_address), int(found.broadcast_address)


def usable_hosts(subnet: str) -> Iterator[str]:
    """The addresses that a host may hold: without the IPv4 network and broadcast addresses."""
    return (str(ip) for ip in network(subnet).hosts())


def addresses_text(addresses: Iterable[str]) -> str:
    """Ranges, sorted: `10.0.0.1-10.0.0.9,10.0.0.20`. The inverse of `addresses_of`."""
    keys = sorted({address_key(each) for each in addresses})
    parts: list[str] = []
    start = previous = None
    for key in chain(keys, [None]):
        if start is not None and previous is not None:
            if key is not None and key == (previous[0], previous[1] + 1):
                previous = key
                continue
            first, last = _ip(start), _ip(previous)
            parts.append(str(first) if first == last else f"{first}-{last}")
        start = previous = key
    return ",".join(parts)


def addresses_of(text: str) -> Iterator[str]:
    """Every address of a ranges text, in its order."""
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        low = ipaddress.ip_address(first)
        high = ipaddress.ip_address(last or first)
        for value in range(int(low), int(high) + 1):
            yield str(_ip((low.version, value)))


def ports_text(ports: Iterable[int]) -> str:
    """Ranges, sorted: `22,80,8000-8010`. The inverse of `ports_of`."""
    ordered = sorted(set(ports))
    parts: list[str] = []
    index = 0
    while index < len(ordered):
        end = index
        while end + 1 < len(ordered) and ordered[end + 1] == ordered[end] + 1:
            end += 1
        parts.append(f"{ordered[index]}" if end == index else f"{ordered[index]}-{ordered[end]}")
        index = end + 1
    return ",".join(parts)


def ports_of(text: str) -> list[int]:
    """Every port of a ranges text, in its order."""
    ports: list[int] = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        ports.extend(range(int(first), int(last or first) + 1))
    return ports


def _ip(key: tuple[int, int]) -> IPAddress:
    version, value = key
    return ipaddress.IPv4Address(value) if version == 4 else ipaddress.IPv6Address(value)
