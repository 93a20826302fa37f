"""Hosts, what they run, and which of them are one machine with several legs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache
from operator import itemgetter

import msgspec

from scanner.assess.facts.evidence import Evidence, FlowKey, View
from scanner.assess.findings.port_forwards import Forward, forwards, without
from scanner.assess.machines.identity import Leg, Link, Mark, Served, links
from scanner.assess.machines.installed import InstalledProduct
from scanner.assess.machines.told import Telling, Told
from scanner.assess.policies.policy import Policy
from scanner.assess.verdicts.controls import hops_of
from scanner.assess.verdicts.flows import Judge
from scanner.assess.verdicts.near import same_host
from scanner.identify.devices import Clues, Device, device
from scanner.identify.second import NOBODY, Second
from scanner.identify.shown import shown
from scanner.identify.stacks import Stack
from scanner.model.addresses import address_key
from scanner.model.observation import Conversation
from scanner.model.product import Product
from scanner.model.report import HostRow, SoftwareRow
from scanner.model.text import visible

_MOST_ADDRESSES = 16
"""IPv4 addresses that a machine may have in one zone. Who answers ARP for more stands in for others (proxy ARP)."""


_MOST_HOPS = 3
"""Routers between a forwarded port and the host behind it; what seems farther away began with an unusual TTL."""
_BEGINNINGS = (64, 128, 255)
"""TTLs that a stack starts with: an answer that still has one crossed no router."""
_MOST_STACKS = 4
_EVIDENCE = 12
"""Lines of evidence of a host that the report keeps."""


class Identified(msgspec.Struct, frozen=True, gc=False):
    """A product, where it showed, and what named it."""

    product: Product
    kind: str
    raw: bytes
    key: FlowKey
    at: float = 0.0
    """When it was said; 0: not known."""

    @property
    def evidence(self) -> str:
        return _evidence(self.key[1], self.key[2], self.kind, self.raw)


@lru_cache(maxsize=8192)
def _evidence(transport: str, port: int, kind: str, raw: bytes) -> str:
    return f"{transport}/{port} {shown(kind, raw)}"


class Machine(msgspec.Struct):
    """One host of one zone: its addresses there, and all that is known of it."""

    zone: str
    addresses: list[str]
    mac: str | None = None
    names: list[str] = msgspec.field(default_factory=list)
    services: dict[FlowKey, Told | None] = msgspec.field(default_factory=dict)
    """Open ports, with what was said there."""
    products: list[Identified] = msgspec.field(default_factory=list)
    own_marks: tuple[Mark, ...] = ()
    """Of `marks` those that no service showed."""
    links: list[Link] = msgspec.field(default_factory=list)
    """Why it is held to be one with its twins."""
    announced: tuple[str, ...] = ()
    """Kinds of service that it announces by mDNS."""
    hardware: tuple[tuple[str, str], ...] = ()
    ttls: frozenset[int] = frozenset()
    installed: list[InstalledProduct] = msgspec.field(default_factory=list)
    """What the newest inventories of it name that can be judged."""
    software: tuple[SoftwareRow, ...] = ()
    """All that they name."""
    os: str = ""
    """The system that they name."""
    _id: str = ""

    @property
    def marks(self) -> frozenset[Mark]:
        """By what it may be known again in another zone."""
        told = (each.marks for each in self.services.values() if each is not None)
        return frozenset(self.own_marks).union(*told)

    @property
    def twins(self) -> list[str]:
        """Ids of the same machine in other zones."""
        return sorted({end for link in self.links for end in (link.left, link.right)} - {self.id})

    @property
    def id(self) -> str:
        if not self._id:
            self._id = f"{self.zone}/{self.addresses[0]}"
        return self._id


class Inventory:
    """Every machine that gave a sign of life of its own, by address."""

    def __init__(self, evidence: Evidence, second: Second = NOBODY) -> None:
        """`second` is asked about readings in which our own fingerprints find no product."""
        self.evidence = evidence
        self._telling = Telling(second)
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
            for key in view.opened():
                zone = self.evidence.zone_of(key[0])
                if zone is None or zone == view.zone or not self._counts(key[0]):
                    continue
                if judge.own_leg(key[0]) or judge.verdict(view, key).verdict != "REACHED":
                    continue
                machine = self.by_address.get(key[0]) or self._new(zone, [key[0]])
                if key[1] != "icmp" and machine.services.get(key) is None:
                    self._serve(machine, key, view.talks.get(key))
        self.machines.sort(key=lambda each: (each.zone, address_key(each.addresses[0])))
        self._telling.forget()

    def unseen(self, zone: str, addresses: list[str]) -> Machine:
        """A new machine that no scan saw."""
        return self._new(zone, addresses)

    def _gather(self) -> None:
        for view in self.evidence.views.values():
            in_use = self.evidence.in_use(view.zone) or set()
            addresses = {a for a in in_use if self._counts(a)}
            addresses |= {a for a in in_use if "%" in a and any(each in addresses for each in same_host(view, a))}
            by_mac: dict[str, list[str]] = defaultdict(list)
            for address in sorted(addresses, key=address_key):
                host = view.hosts.get(address)
                if not self._proxied(view, address):
                    by_mac[host.mac if host and host.mac else address].append(address)
                elif self._answered_behind(view, address):
                    by_mac[address].append(address)
            for found in by_mac.values():
                many = sum(":" not in address for address in found) > _MOST_ADDRESSES
                for one in ([each] for each in found) if many else (found,):
                    machine = self._new(view.zone, one)
                    for address in one:
                        self._describe(machine, view, address, proxied=many)
            for key in view.opened():
                machine_or_none = self.by_address.get(key[0])
                if machine_or_none and machine_or_none.zone == view.zone and key[1] != "icmp":
                    self._serve(machine_or_none, key, view.talks.get(key))

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
        return address not in self.evidence.laptops and self.evidence.site.in_scope(address)

    def _new(self, zone: str, addresses: list[str]) -> Machine:
        # A link-local address says nothing that the routable one of the same MAC does not say better.
        ordered = sorted(addresses, key=lambda each: (each.startswith("fe80:"), address_key(each)))
        machine = Machine(zone, ordered)
        self.machines.append(machine)
        self.by_address.update(dict.fromkeys(addresses, machine))
        return machine

    def _describe(self, machine: Machine, view: View, address: str, proxied: bool = False) -> None:
        host = view.hosts.get(address)
        if host is None:
            return
        if not self._proxied(view, address):
            machine.mac = machine.mac or host.mac
        machine.ttls = machine.ttls | host.ttls if machine.ttls else host.ttls
        machine.names.extend(name for name in map(visible, host.names) if name not in machine.names)
        machine.own_marks += tuple([Mark("name", name.lower().encode()) for name in host.names if "\\" not in name])
        if host.mac and not proxied and (address in view.gateways or host.mac not in view.gateways.values()):
            machine.own_marks += (Mark("mac", host.mac.encode()),)

    def _serve(self, machine: Machine, key: FlowKey, talk: Conversation | None) -> None:
        if talk is None:
            machine.services[key] = None
            return
        told = machine.services[key] = self._telling.of(key[1], key[2], talk)
        machine.names.extend(name for name in told.names if name not in machine.names)
        machine.announced += told.announced
        machine.hardware += told.hardware
        machine.products.extend(Identified(each.product, each.kind, each.raw, key, talk.at) for each in told.products)

    def _find_twins(self) -> None:
        by_id = {machine.id: machine for machine in self.machines}
        legs = [self._leg(each, marks) for each, marks in self._alike()]
        self.forwards = forwards(legs)
        for link in links(without(legs, self.forwards)):
            by_id[link.left].links.append(link)
            by_id[link.right].links.append(link)

    def _alike(self) -> Iterator[tuple[Machine, frozenset[Mark]]]:
        """The machines with a mark that one of another zone has as well, each with all of its marks."""
        first: dict[Mark, str] = {}
        shared: set[Mark] = set()
        for machine in self.machines:
            for mark in machine.marks:
                if first.setdefault(mark, machine.zone) != machine.zone:
                    shared.add(mark)
        for machine in self.machines:
            if not shared.isdisjoint(marks := machine.marks):
                yield machine, marks

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
        return device(
            Clues(
                vendor=(vendor(machine.mac) if machine.mac else None) or "",
                names=tuple(machine.names),
                announced=machine.announced,
                ports=frozenset([key[1:] for key in machine.services]),
                readings=tuple(
                    [(told.where, reading) for _, told in ordered(machine) if told for reading in told.readings]
                ),
                products=tuple([(f"{each.key[1]}/{each.key[2]}", each.product) for each in machine.products]),
                hardware=machine.hardware,
                ttls=machine.ttls,
                stacks=self._stacks(machine),
            )
        )

    def _stacks(self, machine: Machine) -> frozenset[Stack]:
        """How its TCP answered a neighbour: with its TTL as it began. What a router answers in its name is left out."""
        view = self.evidence.views.get(machine.zone)
        found: set[Stack] = set()
        if view is None:
            return frozenset()
        for address in machine.addresses:
            host = view.hosts.get(address)
            others = address not in view.gateways and host is not None and host.mac in view.gateways.values()
            if host is None or (others and host.mac is not None):
                continue
            for row in view.answers_of(address, "tcp"):
                began = row.ttl in _BEGINNINGS and row.source in (None, address)
                if began and row.reason == "syn-ack" and row.ttl is not None and row.window is not None:
                    found.add((row.ttl, row.window))
        return frozenset(sorted(found)[:_MOST_STACKS] if len(found) > _MOST_STACKS else found)

    def _routing(self, machine: Machine, found: Device) -> Device:
        """Who is the next hop of its zone routes, whatever else it looks like."""
        legs = self.evidence.gateways.get(machine.zone, set())
        if found.kind in ("router", "firewall", "access-point") or legs.isdisjoint(machine.addresses):
            return found
        also = (f"{found.kind}: {', '.join(found.evidence[:2])}",) if found.kind != "unknown" else ()
        said = ("router: it is the next hop of its zone",)
        return msgspec.structs.replace(found, kind="router", confidence="medium", evidence=said, against=also)

    def row(self, machine: Machine, policy: Policy, vendor: Callable[[str], str | None]) -> HostRow:
        maker = vendor(machine.mac) if machine.mac else None
        found = self._routing(machine, self.device(machine, lambda _: maker))
        return HostRow(
            id=machine.id,
            zone=machine.zone,
            addresses=tuple(machine.addresses),
            mac=machine.mac,
            vendor=visible(maker) if maker else None,
            names=tuple(machine.names),
            os=found.system.name or machine.os or None,
            services=tuple(
                told.row if told else self._telling.silent(key[1], key[2]) for key, told in ordered(machine)
            ),
            software=machine.software,
            critical=next((n for a in machine.addresses if (n := policy.critical_name(a))), None),
            os_confidence=found.system.confidence,
            device=found.kind,
            device_confidence=found.confidence,
            device_evidence=found.evidence[:_EVIDENCE],
            device_doubts=found.against[:_EVIDENCE],
        )


def ordered(machine: Machine) -> list[tuple[FlowKey, Told | None]]:
    """Its services by transport, port and address."""
    services = machine.services.items()
    if len(machine.addresses) == 1:
        return sorted(services, key=itemgetter(0))
    return sorted(services, key=lambda each: _order(each[0]))


def _order(key: FlowKey) -> tuple[str, int, tuple[int, int]]:
    return key[1], key[2], address_key(key[0])
