"""How much a port scan has to ask, unit by unit and zone by zone: what its progress is measured against."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from scanner.model.addresses import AddressSet
from scanner.model.network import Knock
from scanner.model.observation import Outlook, Work
from scanner.model.site import Site
from scanner.plan import subnets


def outlook(knocks: Iterable[Knock], site: Site, done: Callable[[str], bool], now: float) -> Outlook:
    """`knocks`: the units of the port scan, in order; `done`: whether a unit of that name is done already."""
    zones = [(each.name, subnets(each.subnets)) for each in site.zones]
    units = (
        Work(f"knock-{number}", tuple(_questions(knock, zones)), done(f"knock-{number}"))
        for number, knock in enumerate(knocks)
    )
    return Outlook(tuple(units), now)


def _questions(knock: Knock, zones: Iterable[tuple[str, AddressSet]]) -> Iterable[tuple[str, int]]:
    left, ports = AddressSet.parse(knock.addresses), len(knock.tcp) + len(knock.udp)
    for name, held in zones:
        if part := left & held:
            yield name, len(part) * ports
            left = left - part
    if left:
        yield "", len(left) * ports
