"""What the site's policy says of one flow. What is not allowed between zones is forbidden."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import msgspec

from scanner.assess.evidence import TIMESTAMP
from scanner.model.addresses import contains
from scanner.model.base import Transport
from scanner.model.site import EVERY_ZONE, Rule, ServiceRange, Site, Zone, service_range

_NAMED_PORTS = 64
"""The widest range of ports that still says which services it means."""


class Policy:
    """The allow and require rules of a site, ready to be asked. A required flow is an allowed one."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._rules = [
            (rule, tuple(service_range(each) for each in rule.services)) for rule in (*site.allow, *site.require)
        ]

    def allows(self, from_zone: str, from_address: str, to: str, transport: Transport, port: int) -> bool:
        """Whether a laptop at `from_address` in `from_zone` may reach `to`."""
        target = self.site.zone_of(to)
        if target is not None and target.name == from_zone and not target.isolated:
            return True
        return any(True for _ in self._covering(from_zone, from_address, to, transport, port))

    def names(self, from_zone: str, from_address: str, to: str, transport: Transport, port: int) -> bool:
        """Whether a rule allows it that says which service it means; one of `any` or `tcp/any` does not."""
        return any(
            service.transport != "any" and (transport == "icmp" or service.high - service.low < _NAMED_PORTS)
            for service in self._covering(from_zone, from_address, to, transport, port)
        )

    def allows_all(self, from_zone: str, to_zone: str) -> bool:
        """Whether a rule lets everything pass, so that there is no denial to prove."""
        return any(
            rule.from_ in (from_zone, EVERY_ZONE)
            and rule.to in (to_zone, EVERY_ZONE)
            and any(service.transport == "any" for service in services)
            for rule, services in self._rules
        )

    def required(self) -> Iterator[Requirement]:
        """Every required flow, a port and a source zone at a time, in the order of the file."""
        for rule in self.site.require:
            sources = [z.name for z in self.site.zones if rule.from_ in (z.name, EVERY_ZONE) and z.name != rule.to]
            for service in map(service_range, rule.services):
                assert service.transport != "any", "a site that requires `any` cannot be built"
                ports = (8,) if service.transport == "icmp" else range(service.low, service.high + 1)
                for port, source in itertools.product(ports, sources):
                    yield Requirement(source, rule.to, service.transport, port, rule.reason)

    def critical_name(self, addr: str) -> str | None:
        return next((each.name for each in self.site.critical if addr in each.hosts), None)

    def _covering(
        self, from_zone: str, from_address: str, to: str, transport: Transport, port: int
    ) -> Iterator[ServiceRange]:
        """The services of rules that let this flow pass."""
        target = self.site.zone_of(to)
        for rule, services in self._rules:
            if self._is_from(rule, from_zone, from_address) and self._is_to(rule, target, to):
                yield from (service for service in services if service.covers(transport, port))

    def _is_from(self, rule: Rule, zone: str, addr: str) -> bool:
        if rule.from_ in (zone, EVERY_ZONE):
            return True
        return self.site.zone(rule.from_) is None and _holds(rule.from_, addr)

    def _is_to(self, rule: Rule, zone: Zone | None, addr: str) -> bool:
        if rule.to == EVERY_ZONE or (zone is not None and rule.to == zone.name):
            return True
        return self.site.zone(rule.to) is None and _holds(rule.to, addr)


class Requirement(msgspec.Struct, frozen=True):
    """One flow that has to work: `to` is a zone, or an address. For icmp the port is 8, and stands for IPv6's 128."""

    source: str
    to: str
    transport: Transport
    port: int
    reason: str

    def covers(self, zone: str, address: str, transport: Transport, port: int) -> bool:
        """Whether it is met by reaching this service, which stands in `zone`."""
        same = transport == self.transport and (port == self.port or (transport == "icmp" and port != TIMESTAMP))
        return same and self.to in (zone, address)


def _holds(text: str, addr: str) -> bool:
    try:
        return contains((text,), addr)
    except ValueError:
        return False  # a zone's name
