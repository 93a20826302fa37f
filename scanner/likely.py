"""IPv6 addresses that hosts are likely to hold. Pure.

Nobody can walk a /64. But addresses are made of what is there already: of the MAC (modified EUI-64, RFC 4291), of the
IPv4 address in one of the ways in which people write it, of the part that an address of another prefix has, or of a
small number. So whoever is known over IPv4 alone can be asked over IPv6 as well, though its firewall lets no echo in.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

from scanner.model.addresses import AddressSet, address_key, is_link_local
from scanner.model.network import Sweep

MOST_LINKS = 4
"""Subnets of a zone, each a /64, in which addresses are guessed."""
SMALL = 0xFF
"""Numbers up to this are tried, whoever is known."""
_MOST = 1024
_MOST_EXCLUDED = 4096
_IDENTIFIER = (1 << 64) - 1


def most(hosts: int) -> int:
    """How many addresses of a /64 are guessed at most, where that many hosts are known."""
    return max(_MOST, hosts)


def at_most(within: AddressSet, hosts: int) -> int:
    """How many addresses are guessed, where that many hosts are known over IPv4: five for each, and small numbers."""
    return len(links(within)) * min(most(hosts), SMALL + 5 * hosts)


def links(within: AddressSet) -> list[int]:
    """The /64s (their first 64 bits) that the ends of those spans lie in, a few of them at most."""
    ends = (end >> 64 for version, low, high in within.spans if version == 6 for end in (low, high))
    return list(itertools.islice(dict.fromkeys(ends), MOST_LINKS))


def guesses(request: Sweep, seen: Mapping[str, str]) -> AddressSet:
    """What a sweep that found these neighbours (address -> MAC, empty where it is not known) has left to guess: of
    hosts that it may ask, and of those that showed nothing but a link-local address."""
    may = AddressSet.parse(",".join(filter(None, (request.on_link, request.revealed))))
    known = {address: mac for address, mac in seen.items() if address in may}
    local = {address: mac for address, mac in seen.items() if is_link_local(address)}
    macs = {mac for mac in (*known.values(), *local.values()) if mac}
    found = likely(AddressSet.parse(request.guessed), macs, (*known, *local))
    if request.link_local:
        found |= link_local(filter(None, known.values()))
    return found - AddressSet.parse(request.on_link) - AddressSet.of(seen)


def likely(within: AddressSet, macs: Iterable[str], addresses: Iterable[str], small: int = SMALL) -> AddressSet:
    """Those of `within` that hosts with these MACs (`aa:bb:cc:dd:ee:ff`) and addresses may hold as well, IPv4 ones and
    IPv6 ones of other subnets, and those that end in a number up to `small`. Of each /64 at most `most`; where there
    are more, those of MACs come first."""
    macs = sorted(set(macs))
    found = dict.fromkeys(filter(None, _identifiers(macs, sorted(set(addresses), key=address_key), small)))
    chosen: list[tuple[int, int, int]] = []
    for link in links(within):
        part = within & AddressSet([(6, link << 64, link << 64 | _IDENTIFIER)])
        inside = AddressSet((6, link << 64 | each, link << 64 | each) for each in found) & part
        kept = {each for _, low, high in inside.spans for each in range(low, high + 1)}
        numbers = (each for number in found if (each := link << 64 | number) in kept)
        chosen += [(6, each, each) for each in itertools.islice(numbers, most(len(macs)))]
    return AddressSet(chosen)


def lookalikes(excluded: AddressSet, within: AddressSet) -> AddressSet:
    """The addresses of those /64s that hosts with these addresses may hold: their owner wants them left alone, and
    without asking nobody knows their MACs."""
    some = next(excluded.chunks(_MOST_EXCLUDED), AddressSet())
    numbers = {each & 0xFF for _, low, high in some.of_version(4).spans for each in range(low, high + 1)}
    numbers |= set(_identifiers((), some, 0))
    return AddressSet((6, link << 64 | each, link << 64 | each) for link in links(within) for each in numbers)


def link_local(macs: Iterable[str]) -> AddressSet:
    """The link-local addresses that are made of these MACs."""
    return AddressSet((6, 0xFE80 << 112 | each, 0xFE80 << 112 | each) for each in map(_eui64, macs))


def _identifiers(macs: Iterable[str], addresses: Iterable[str], small: int) -> Iterator[int]:
    """The last 64 bits, the likeliest first; one may come more than once, and 0, which is every router's."""
    yield from map(_eui64, macs)
    keys = [address_key(each) for each in addresses]
    yield from (value & _IDENTIFIER for version, value in keys if version == 6)
    four = [(value, *value.to_bytes(4, "big")) for version, value in keys if version == 4]
    yield from (_digits(last) for *_, last in four)  # 10.0.0.53 -> ::53
    yield from range(1, small + 1)
    yield from (whole for whole, *_ in four)  # ::a00:35
    for _, *octets in four:
        first, second, third, last = map(_digits, octets)
        yield first << 48 | second << 32 | third << 16 | last  # ::10:0:0:53
        yield third << 16 | last  # 10.0.20.53 -> ::20:53


def _eui64(mac: str) -> int:
    raw = int(mac.replace(":", ""), 16)
    return (raw >> 24 << 40 | 0xFFFE << 24 | raw & 0xFFFFFF) ^ 0x02 << 56


def _digits(octet: int) -> int:
    """The number whose hexadecimal digits are the decimal ones of another."""
    return int(str(octet), 16)
