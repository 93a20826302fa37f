"""What the site's policy says of one flow. What is not allowed between zones is forbidden, and a denial beats it all.

Policy is about what crosses a fence: inside a zone that is not isolated everything is allowed, whatever rules say.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import msgspec

from scanner.model.addresses import address_key, network
from scanner.model.base import Transport
from scanner.model.site import ECHO, ECHO6, EVERY_ZONE, Rule, ServiceRange, Site, service_range

_NAMED_PORTS = 64
"""The widest range of ports that still says which services it means."""


class Policy:
    """The allow, require and deny rules of a site, ready to be asked. A required flow is an allowed one."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._allow = _compiled(site, (*site.allow, *site.require))
        self._deny = _compiled(site, site.deny)
        self._zones: dict[str, str | None] = {}
        self._critical = {address: each.name for each in reversed(site.critical) for address in each.hosts}

    def allows(self, from_zone: str, from_address: str, to: str, transport: Transport, port: int) -> bool:
        """Whether a laptop at `from_address` in `from_zone` may reach `to`."""
        if self._inside(from_zone, to):
            return True
        return not self.denies(from_zone, from_address, to, transport, port) and any(
            True for _ in self._covering(self._allow, from_zone, from_address, to, transport, port)
        )

    def denies(self, from_zone: str, from_address: str, to: str, transport: Transport, port: int) -> bool:
        """Whether a `deny` rule forbids it, whatever else allows it."""
        if not self._deny or self._inside(from_zone, to):
            return False
        return any(True for _ in self._covering(self._deny, from_zone, from_address, to, transport, port))

    def names(self, from_zone: str, from_address: str, to: str, transport: Transport, port: int) -> bool:
        """Whether a rule allows it that says which service it means; one of `any` or `tcp/any` does not."""
        return any(
            service.transport != "any" and (transport == "icmp" or service.high - service.low < _NAMED_PORTS)
            for service in self._covering(self._allow, from_zone, from_address, to, transport, port)
        )

    def allows_all(self, from_zone: str, to_zone: str) -> bool:
        """Whether a rule lets everything pass, and none forbids any of it, so that there is no denial to prove."""
        if any(
            rule.source.meets(self.site, from_zone) and rule.target.meets(self.site, to_zone) for rule in self._deny
        ):
            return False
        return any(
            rule.source.zone in (from_zone, EVERY_ZONE)
            and rule.target.zone in (to_zone, EVERY_ZONE)
            and any(service.transport == "any" for service in rule.services)
            for rule in self._allow
        )

    def required(self) -> Iterator[Requirement]:
        """Every required flow, a port and a source zone at a time, in the order of the file; without those that a
        denial forbids altogether."""
        for rule in self.site.require:
            yield from (each for each in requirements(self.site, rule) if not self.forbids(each))

    def forbids(self, need: Requirement) -> bool:
        """Whether a `deny` rule forbids a required flow wholly, from the whole zone and to all of its target."""
        return self.denial_of(need) is not None

    def denial_of(self, need: Requirement) -> int | None:
        """Which of `site.deny` does, by its place there."""
        return next(
            (
                number
                for number, rule in enumerate(self._deny)
                if rule.source.zone in (need.source, EVERY_ZONE)
                and rule.target.covers(self.site, need.to)
                and any(each.covers(need.transport, need.port) for each in rule.services)
            ),
            None,
        )

    def critical_name(self, addr: str) -> str | None:
        return self._critical.get(addr)

    def _inside(self, from_zone: str, to: str) -> bool:
        """Whether a flow stays in a zone whose hosts may talk to each other."""
        name = self._zone_of(to)
        if name is None or name != from_zone:
            return False
        zone = self.site.zone(name)
        return zone is not None and not zone.isolated

    def _zone_of(self, addr: str) -> str | None:
        if addr not in self._zones:
            found = self.site.zone_of(addr)
            self._zones[addr] = found.name if found else None
        return self._zones[addr]

    def _covering(
        self, rules: Iterable[_Compiled], from_zone: str, from_address: str, to: str, transport: Transport, port: int
    ) -> Iterator[ServiceRange]:
        """The services of those rules that speak of this flow."""
        to_zone = self._zone_of(to)
        for rule in rules:
            if rule.source.holds(from_zone, from_address) and rule.target.holds(to_zone, to):
                yield from (service for service in rule.services if service.covers(transport, port))


class Requirement(msgspec.Struct, frozen=True):
    """One flow that has to work: `to` is a zone, or an address. For icmp the port is the type; 8 stands for IPv6's 128
    as well."""

    source: str
    to: str
    transport: Transport
    port: int
    reason: str

    def covers(self, zone: str, address: str, transport: Transport, port: int) -> bool:
        """Whether it is met by reaching this service, which stands in `zone`."""
        if transport == "icmp" and port == ECHO6:
            port = ECHO
        return transport == self.transport and port == self.port and self.to in (zone, address)


def requirements(site: Site, rule: Rule) -> Iterator[Requirement]:
    """The flows that one plain rule of `require` means: a port and a source zone at a time."""
    sources = [z.name for z in site.zones if rule.from_ in (z.name, EVERY_ZONE) and z.name != rule.to]
    for service in map(service_range, rule.services):
        assert service.transport != "any", "a site that requires `any` cannot be built"
        whole = service.transport == "icmp" and service.low != service.high
        ports = (ECHO,) if whole else range(service.low, service.high + 1)
        for port, source in itertools.product(ports, sources):
            yield Requirement(source, rule.to, service.transport, port, rule.reason)


class _End(msgspec.Struct, frozen=True):
    """One end of a rule: a zone's name or `*`, or else a span of addresses."""

    zone: str | None
    span: tuple[int, int, int] = (0, 0, 0)

    def holds(self, zone: str | None, addr: str) -> bool:
        if self.zone is not None:
            return self.zone in (zone, EVERY_ZONE)
        if not addr:
            return False
        version, value = address_key(addr)
        return version == self.span[0] and self.span[1] <= value <= self.span[2]

    def meets(self, site: Site, zone: str) -> bool:
        """Whether it may mean any address of a zone."""
        if self.zone is not None:
            return self.zone in (zone, EVERY_ZONE)
        found = site.zone(zone)
        version, low, high = self.span
        return found is not None and any(
            each.version == version and int(each.network_address) <= high and low <= int(each.broadcast_address)
            for each in map(network, found.subnets)
        )

    def covers(self, site: Site, target: str) -> bool:
        """Whether it means all of a target: a zone by its name, or one address."""
        zone = site.zone(target)
        if zone is None:
            found = site.zone_of(target)
            return self.holds(found.name if found else None, target)
        if self.zone is not None:
            return self.zone in (target, EVERY_ZONE)
        return all(
            self.holds(None, str(edge))
            for each in map(network, zone.subnets)
            for edge in (each.network_address, each.broadcast_address)
        )


class _Compiled(msgspec.Struct, frozen=True):
    source: _End
    target: _End
    services: tuple[ServiceRange, ...]


def _compiled(site: Site, rules: Iterable[Rule]) -> tuple[_Compiled, ...]:
    names = {zone.name for zone in site.zones} | {EVERY_ZONE}

    def end(text: str) -> _End:
        if text in names:
            return _End(text)
        found = network(text)
        return _End(None, (found.version, int(found.network_address), int(found.broadcast_address)))

    return tuple(_Compiled(end(each.from_), end(each.to), tuple(map(service_range, each.services))) for each in rules)
