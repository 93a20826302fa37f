"""What has to stand between two zones, independent of who writes it down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from scanner.model.addresses import contains, network
from scanner.model.base import Frozen
from scanner.model.site import EVERY_ZONE, ServiceRange, Site, Zone, service_range

Action = Literal["pass", "drop"]


class Line(Frozen, frozen=True):
    """One rule, of one IP version: first match wins."""

    action: Action
    version: Literal[4, 6]
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    service: ServiceRange
    reason: str = ""


class Fence(Frozen, frozen=True):
    """All rules from one zone to another, in their order; the last of each family drops what is left."""

    from_: str
    to: str
    lines: tuple[Line, ...]
    back: tuple[Line, ...] = ()
    """What policy allows the other way round: its replies come through here, where a firewall keeps no state."""

    @property
    def families(self) -> tuple[Literal[4, 6], ...]:
        return tuple(sorted({each.version for each in self.lines}))

    def of(self, version: int) -> Iterator[Line]:
        return (each for each in self.lines if each.version == version)

    @property
    def title(self) -> str:
        return f"{self.from_} to {self.to}: only what policy allows"


class Firewall(Frozen, frozen=True):
    """A kind of firewall: how it is called, and how it writes a fence."""

    title: str
    write: Callable[[Fence], str]


def fence(site: Site, from_: str, to: str) -> Fence:
    """What policy wants between these two zones. Denials stand before permissions: they are the narrower word."""
    left, right = site.zone(from_), site.zone(to)
    if left is None or right is None:
        return Fence(from_, to, ())
    back = (each for each in _lines(site, right, left) if each.action == "pass")
    return Fence(from_, to, tuple(dict.fromkeys(_lines(site, left, right))), tuple(dict.fromkeys(back)))


def _lines(site: Site, left: Zone, right: Zone) -> Iterator[Line]:
    versions: tuple[Literal[4, 6], ...] = (4, 6)
    for version in versions:
        sources, targets = _of(left.subnets, version), _of(right.subnets, version)
        if not sources or not targets:
            continue
        for action, rules in (("drop", site.deny), ("pass", (*site.allow, *site.require))):
            for rule in rules:
                ends = _end(rule.from_, left, version), _end(rule.to, right, version)
                if all(ends):
                    for each in map(service_range, rule.services):
                        yield Line(action, version, *ends, each, rule.reason)  # type: ignore[arg-type]
        yield Line("drop", version, sources, targets, ServiceRange("any"), "everything else")


def _of(subnets: Iterable[str], version: int) -> tuple[str, ...]:
    return tuple(each for each in subnets if network(each).version == version)


def _end(text: str, zone: Zone, version: int) -> tuple[str, ...]:
    """The subnets or addresses of that zone which one end of a rule means; none where it means another zone's."""
    if text in (EVERY_ZONE, zone.name):
        return _of(zone.subnets, version)
    try:
        net = network(text)
    except ValueError:
        return ()  # another zone's name
    if net.version != version:
        return ()
    inside = [each for each in zone.subnets if contains((each,), str(net[0])) and contains((each,), str(net[-1]))]
    wide = tuple(each for each in _of(zone.subnets, version) if contains((text,), str(network(each)[0])))
    return (str(net),) if inside else wide


def ports(service: ServiceRange) -> str:
    """`443`, `5000-5010`, or nothing for all."""
    if service.transport not in ("tcp", "udp") or (service.low == 0 and service.high == 65535):
        return ""
    return str(service.low) if service.low == service.high else f"{service.low}-{service.high}"
