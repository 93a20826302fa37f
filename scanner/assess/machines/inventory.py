"""Hosts, what they run, and which of them are one machine with several legs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scanner.assess.facts.evidence import Evidence, FlowKey, View
from scanner.assess.findings.port_forwards import Forward, forwards, without
from scanner.assess.machines.identity import Leg, Mark, Served, links
from scanner.assess.machines.kinds import Kinds
from scanner.assess.machines.machine import Identified as Identified
from scanner.assess.machines.machine import Machine as Machine
from scanner.assess.machines.machine import ordered as ordered
from scanner.assess.machines.told import Telling
from scanner.assess.policies.policy import Policy
from scanner.assess.verdicts.controls import hops_of
from scanner.assess.verdicts.flows import Judge
from scanner.assess.verdicts.near import same_host
from scanner.identify.devices import Device
from scanner.identify.second import NOBODY, Second
from scanner.model.addresses import AddressSet, address_key
from scanner.model.observation import Conversation
from scanner.model.report import HostRow
from scanner.model.site import Site
from scanner.model.text import visible

_MOST_ADDRESSES = 16
"""IPv4 addresses that a machine may have in one zone. Who answers ARP for more stands in for others (proxy ARP)."""


_MOST_HOPS = 3
"""Routers between a forwarded port and the host behind it; what seems farther away began with an unusual TTL."""
_EVIDENCE = 12
"""Lines of evidence of a host that the report keeps."""


class Inventory:
    """Every machine that gave a sign of life of its own, by address."""

    def __init__(self, evidence: Evidence, second: Second = NOBODY) -> None:
        """`second` is asked about readings in which our own fingerprints find no product."""
        self.evidence = evidence
        self.telling = Telling(second)
        self._kinds = Kinds(evidence, self.telling)
        self._scope = _scope(evidence.site)
        self.machines: list[Machine] = []
        self.by_address: dict[str, Machine] = {}
        self.forwards: list[Forward] = []
        """Ports of one that lead to another."""
        self._gather()
        self._find_twins()

    @property
    def two_legged(self) -> dict[str, set[str]]:
        """Address -> the other zones in which the same machine has a leg."""
        return {
            address: {twin.split("/", 1)[0] for twin in machine.twins}
            for machine in self.machines
            if machine.twins
            for address in machine.addresses
        }

    def add_reached(self, judge: Judge) -> None:
        """Services that only other zones' vantages saw, and that provably are the target's."""
        for view in self.evidence.views.values():
            foreign = {a for a, _ in view.with_rows() if self.evidence.zone_of(a) not in (None, view.zone)}
            for key in view.opened():
                if key[0] not in foreign or not self._counts(key[0]):
                    continue
                zone = self.evidence.zone_of(key[0]) or ""
                if judge.own_leg(key[0]) or judge.verdict(view, key).verdict != "REACHED":
                    continue
                machine = self.by_address.get(key[0]) or self._new(zone, [key[0]])
                if key[1] != "icmp" and machine.services.get(key) is None:
                    self._serve(machine, key, view.talks.get(key))
        self.machines.sort(key=lambda each: (each.zone, address_key(each.addresses[0])))
        self.telling.forget()

    def unseen(self, zone: str, addresses: list[str]) -> Machine:
        """A new machine that no scan saw."""
        return self._new(zone, addresses)

    def _gather(self) -> None:
        for view in self.evidence.views.values():
            in_use = self.evidence.in_use(view.zone) or set()
            addresses = {a for a in in_use if self._counts(a)}
            addresses |= {a for a in in_use if "%" in a and any(each in addresses for each in same_host(view, a))}
            by_mac: dict[str, list[str]] = {}
            for address in sorted(addresses, key=address_key):
                host = view.hosts.get(address)
                if not self._proxied(view, address):
                    by_mac.setdefault(host.mac if host and host.mac else address, []).append(address)
                elif self._answered_behind(view, address):
                    by_mac.setdefault(address, []).append(address)
            for found in by_mac.values():
                many = len(found) > _MOST_ADDRESSES and sum(":" not in each for each in found) > _MOST_ADDRESSES
                for one in ([each] for each in found) if many else (found,):
                    machine = self._new(view.zone, one)
                    for address in one:
                        self._describe(machine, view, address, proxied=many)
            talks = view.talks
            last, machine_or_none = "", None
            for key in view.opened():
                if key[0] != last:  # the services of an address mostly follow each other
                    last, machine_or_none = key[0], self.by_address.get(key[0])
                    if machine_or_none and machine_or_none.zone != view.zone:
                        machine_or_none = None
                if machine_or_none and key[1] != "icmp":
                    self._serve(machine_or_none, key, talks.get(key))

    def _proxied(self, view: View, address: str) -> bool:
        """Whether a router answers ARP for an address that is none of its own."""
        host = view.hosts.get(address)
        if host is None or host.mac is None or ":" in address or host.mac not in view.gateways.values():
            return False
        return address not in self.evidence.gateways.get(view.zone, set())

    def _answered_behind(self, view: View, address: str) -> bool:
        """Whether somebody is at an address for which a router answers ARP: the router's own answers show nobody."""
        if any(talk.received for _, talk in view.talks_of(address)):
            return True
        return any(
            row.source in (None, address) and row.state == "open" and hops_of(row.ttl) != 0
            for row in view.answers_of(address)
        )

    def _counts(self, address: str) -> bool:
        return address not in self.evidence.laptops and address in self._scope

    def _new(self, zone: str, addresses: list[str]) -> Machine:
        # A link-local address says nothing that the routable one of the same MAC does not say better.
        if len(addresses) > 1:
            addresses = sorted(addresses, key=lambda each: (each.startswith("fe80:"), address_key(each)))
        machine = Machine(zone, addresses)
        self.machines.append(machine)
        for each in addresses:
            self.by_address[each] = machine
        return machine

    def _describe(self, machine: Machine, view: View, address: str, proxied: bool = False) -> None:
        host = view.hosts.get(address)
        if host is None:
            return
        if not self._proxied(view, address):
            machine.mac = machine.mac or host.mac
        machine.ttls = machine.ttls | host.ttls if machine.ttls else host.ttls
        if host.names:
            machine.names.extend(name for name in map(visible, host.names) if name not in machine.names)
            machine.called += tuple([name for name in host.names if "\\" not in name])
        if host.mac and not proxied and (address in view.gateways or host.mac not in view.gateways.values()):
            machine.card = host.mac

    def _serve(self, machine: Machine, key: FlowKey, talk: Conversation | None) -> None:
        if talk is None:
            machine.services[key] = None
            return
        told = machine.services[key] = self.telling.of(key[1], key[2], talk)
        if told.names:
            machine.names.extend(name for name in told.names if name not in machine.names)
        if told.announced:
            machine.announced += told.announced
        if told.hardware:
            machine.hardware += told.hardware
        for each in told.products:
            machine.products.append(Identified(each.product, each.kind, each.raw, key, talk.at))

    def _find_twins(self) -> None:
        by_id = {machine.id: machine for machine in self.machines}
        legs = [self._leg(each, marks) for each, marks in self._alike()]
        self.forwards = forwards(legs)
        for link in links(without(legs, self.forwards)):
            by_id[link.left].links.append(link)
            by_id[link.right].links.append(link)

    def _alike(self) -> Iterator[tuple[Machine, frozenset[Mark]]]:
        """The machines with a mark that one of another zone has as well, each with all of its marks."""
        first: dict[object, str] = {}
        shared: set[object] = set()
        for machine in self.machines:
            for each in _signs(machine):
                if first.setdefault(each, machine.zone) != machine.zone:
                    shared.add(each)
        for machine in self.machines if shared else ():
            if not shared.isdisjoint(_signs(machine)):
                yield machine, machine.marks

    def _leg(self, machine: Machine, marks: frozenset[Mark]) -> Leg:
        said = [
            (told.where, reading.raw)
            for told in machine.services.values()
            if told
            for reading in told.readings
            if reading.kind == "ssh"
        ]
        legs = self.evidence.gateways.get(machine.zone, set())
        router = any(address in legs for address in machine.addresses)
        served = tuple(
            Served(told.where, frozenset(told.marks), self._behind(machine, key))
            for key, told in ordered(machine)
            if told and told.marks
        )
        return Leg(machine.id, machine.zone, marks, tuple(sorted(said)), router, served)

    def _behind(self, machine: Machine, key: FlowKey) -> bool:
        """Whether a port answered the zone's own vantage from farther away than the neighbour itself."""
        view = self.evidence.views.get(machine.zone)
        row = view.answer(*key) if view else None
        host = view.hosts.get(key[0]) if view else None
        hops = hops_of(row.ttl) if row else None
        if host is None or hops is None or host.hows.isdisjoint(("arp", "ndp")):
            return False
        own = [found for ttl in host.ttls if (found := hops_of(ttl)) is not None]
        return hops > max(own, default=0) and hops <= _MOST_HOPS

    def device(self, machine: Machine, vendor: Callable[[str], str | None]) -> Device:
        """What kind of machine it is and which system it runs, from all that is known of it."""
        return self._kinds.judged(machine, vendor(machine.mac) if machine.mac else None)

    def row(self, machine: Machine, policy: Policy, vendor: Callable[[str], str | None]) -> HostRow:
        maker = vendor(machine.mac) if machine.mac else None
        services, silent = ordered(machine), self.telling.silent
        found = self._kinds.of(machine, services, maker)
        return HostRow(
            id=machine.id,
            zone=machine.zone,
            addresses=tuple(machine.addresses),
            mac=machine.mac,
            vendor=visible(maker) if maker else None,
            names=tuple(machine.names),
            os=found.system.name or machine.os or None,
            services=tuple([told.row if told else silent(key[1], key[2]) for key, told in services]),
            software=machine.software,
            critical=next((n for a in machine.addresses if (n := policy.critical_name(a))), None),
            os_confidence=found.system.confidence,
            device=found.kind,
            device_confidence=found.confidence,
            device_evidence=found.evidence[:_EVIDENCE],
            device_doubts=found.against[:_EVIDENCE],
        )


def _scope(site: Site) -> AddressSet:
    """What `Site.in_scope` holds for, ready to be asked of each host of a large site."""
    include = site.scope.include or [subnet for zone in site.zones for subnet in zone.subnets]
    return AddressSet.parse(",".join(include)) - AddressSet.parse(",".join(site.scope.exclude))


def _signs(machine: Machine) -> Iterator[object]:
    """What its marks are of, where none has to be made yet: few machines share one with another."""
    if machine.card:
        yield machine.card
    for name in machine.called:
        yield "name", name.lower()
    for told in machine.services.values():
        if told is not None:
            yield from told.marks
