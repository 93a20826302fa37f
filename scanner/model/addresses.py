"""Addresses and ports as text: canonical forms, and sets of them written as ranges.

An address is a `str` in its canonical form (IPv6 as RFC 5952), so it sorts, compares and serialises without help;
`address()` is the one way to make one from outside text.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


_OCTETS = {str(each): each for each in range(256)}
"""As they are written canonically."""


def address(text: str) -> str:
    """The canonical form of one address; ValueError says what is wrong with any other text."""
    return str(ipaddress.ip_address(text.strip()))


def is_link_local(addr: str) -> bool:
    """Whether an IPv6 address is one of a single link: the same text on another link is another host."""
    return addr.startswith("fe80:")


def on_link_of(addr: str, zone: str) -> str:
    """A link-local address said to be of a zone's link, as RFC 4007 writes it: `fe80::7%guest`."""
    return f"{addr.partition('%')[0]}%{zone}"


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
    # Sets of many thousands are parsed: what is written canonically needs no library, at a fifth of its time.
    octets = addr.split(".")
    if len(octets) == 4:
        try:
            value = (_OCTETS[octets[0]] << 24) + (_OCTETS[octets[1]] << 16)
            return 4, value + (_OCTETS[octets[2]] << 8) + _OCTETS[octets[3]]
        except KeyError:
            pass
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
    return str(AddressSet.of(addresses))


def addresses_of(text: str) -> Iterator[str]:
    """Every address of a ranges text, in order."""
    return iter(AddressSet.parse(text))


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


class AddressSet(Collection[str]):
    """An immutable set of addresses, kept as sorted spans: a /16 costs as much as one address.

    Iterating gives canonical texts in order; `str()` gives the ranges text that observations and requests hold.
    """

    __slots__ = ("_count", "_text", "spans")

    spans: tuple[tuple[int, int, int], ...]
    """(version, first, last) of each span, disjoint and not adjacent, sorted."""

    def __init__(self, spans: Iterable[tuple[int, int, int]] = ()) -> None:
        self.spans = tuple(_merged(sorted(spans)))
        self._count: int | None = None
        self._text: str | None = None

    @classmethod
    def _of_spans(cls, spans: tuple[tuple[int, int, int], ...]) -> AddressSet:
        """Of spans that are sorted already, disjoint and not adjacent."""
        made = cls.__new__(cls)
        made.spans, made._count, made._text = spans, None, None
        return made

    @classmethod
    def of(cls, addresses: Iterable[str]) -> AddressSet:
        if isinstance(addresses, AddressSet):
            return addresses
        return cls._of_spans(tuple(_merged([(*place, place[1]) for place in sorted(map(address_key, addresses))])))

    @classmethod
    def parse(cls, text: str) -> AddressSet:
        """From a ranges text; subnets may stand in it as well. ValueError for anything else."""
        if "," not in text and "/" not in text and "-" not in text and text:
            # One address, of which a large site has many thousands, each silent on ports of its own.
            version, value = address_key(text.strip())
            return cls._of_spans(((version, value, value),))
        return cls(_range(part) for part in filter(None, text.split(",")))

    def __str__(self) -> str:
        if self._text is None:
            self._text = ",".join(
                "-".join(address_text(version, end) for end in dict.fromkeys((low, high)))
                for version, low, high in self.spans
            )
        return self._text

    def __repr__(self) -> str:
        return f"AddressSet.parse({str(self)!r})"

    def __iter__(self) -> Iterator[str]:
        for version, low, high in self.spans:
            if version == 4:
                yield from (f"{n >> 24}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in range(low, high + 1))
            else:
                yield from (address_text(6, n) for n in range(low, high + 1))

    def __len__(self) -> int:
        if self._count is None:
            self._count = sum(high - low + 1 for _, low, high in self.spans)
        return self._count

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __contains__(self, addr: object) -> bool:
        if not isinstance(addr, str):
            return False
        version, value = address_key(addr)
        at = bisect_right(self.spans, (version, value, _HIGHEST)) - 1
        return at >= 0 and self.spans[at][0] == version and self.spans[at][1] <= value <= self.spans[at][2]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AddressSet) and self.spans == other.spans

    def __hash__(self) -> int:
        return hash(self.spans)

    def __or__(self, other: AddressSet) -> AddressSet:
        return AddressSet((*self.spans, *other.spans))

    def __and__(self, other: AddressSet) -> AddressSet:
        few, many = sorted((self.spans, other.spans), key=len)
        found: list[tuple[int, int, int]] = []
        for version, low, high in few:
            # The spans of one that has many are looked at only where the other one is.
            at = max(bisect_right(many, (version, low, _HIGHEST)) - 1, 0)
            while at < len(many) and many[at][:2] <= (version, high):
                family, low2, high2 = many[at]
                if family == version and high2 >= low:
                    found.append((version, max(low, low2), min(high, high2)))
                at += 1
        return AddressSet._of_spans(tuple(found))

    def __sub__(self, other: AddressSet) -> AddressSet:
        found: list[tuple[int, int, int]] = []
        theirs = 0
        for version, low, high in self.spans:
            while theirs < len(other.spans) and other.spans[theirs][::2] < (version, low):
                theirs += 1
            at, start = theirs, low
            while at < len(other.spans) and other.spans[at][:2] <= (version, high) and start <= high:
                _, low2, high2 = other.spans[at]
                if low2 > start:
                    found.append((version, start, low2 - 1))
                start = max(start, high2 + 1)
                at += 1
            if start <= high:
                found.append((version, start, high))
        return AddressSet(found)

    def of_version(self, version: int) -> AddressSet:
        """Those of one IP version."""
        return AddressSet(span for span in self.spans if span[0] == version)

    def pick(self, chosen: bytes) -> AddressSet:
        """Those whose place in the order has a 1 in `chosen`, one byte for each address, 0 or 1."""
        found: list[tuple[int, int, int]] = []
        place = 0
        for version, low, high in self.spans:
            end = place + high - low + 1
            start = chosen.find(1, place, end)
            while start >= 0:
                stop = chosen.find(0, start, end)
                stop = end if stop < 0 else stop
                found.append((version, low + start - place, low + stop - 1 - place))
                start = chosen.find(1, stop, end)
            place = end
        return AddressSet(found)

    def places(self, some: AddressSet) -> Iterator[int]:
        """Where those of `some` that are in the set stand in its order: the inverse of `pick`."""
        place = 0
        wanted = iter((self & some).spans)
        inside = next(wanted, None)
        for version, low, high in self.spans:
            while inside is not None and inside[0] == version and inside[1] <= high:
                yield from range(place + inside[1] - low, place + inside[2] - low + 1)
                inside = next(wanted, None)
            place += high - low + 1

    def chunks(self, size: int) -> Iterator[AddressSet]:
        """The same set in order, in parts of at most `size` addresses."""
        part: list[tuple[int, int, int]] = []
        room = size
        for version, low, high in self.spans:
            while low <= high:
                last = min(high, low + room - 1)
                part.append((version, low, last))
                room -= last - low + 1
                low = last + 1
                if not room:
                    yield AddressSet(part)
                    part, room = [], size
        if part:
            yield AddressSet(part)


_HIGHEST = 1 << 128


def _merged(spans: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """Sorted spans, those that overlap or touch as one."""
    family, first, last = 0, 0, -2
    for version, low, high in spans:
        if low <= last + 1 and version == family:
            last = high if high > last else last
            continue
        if family:
            yield family, first, last
        family, first, last = version, low, high
    if family:
        yield family, first, last


def _range(part: str) -> tuple[int, int, int]:
    first, dash, last = part.partition("-")
    if not dash:
        if "/" not in part:
            version, value = address_key(part.strip())
            return version, value, value
        net = network(part)
        return net.version, int(net.network_address), int(net.broadcast_address)
    (version, low), (version2, high) = address_key(first.strip()), address_key(last.strip())
    if version != version2 or high < low:
        raise ValueError(f"{part} is no range of addresses")
    return version, low, high


def address_text(version: int, value: int) -> str:
    """The canonical form; the inverse of `address_key`."""
    if version == 4:
        return f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"
    return str(ipaddress.IPv6Address(value))
