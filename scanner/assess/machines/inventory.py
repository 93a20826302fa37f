"""Hosts, what they run, and which of them are one machine with several legs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import msgspec

from scanner.assess.facts.evidence import Evidence, FlowKey, View
from scanner.assess.findings.port_forwards import Forward, forwards, without
from scanner.assess.machines.identity import Leg, Link, Mark, Served, links, marks
from scanner.assess.policies.policy import Policy
from scanner.assess.verdicts.controls import hops_of
from scanner.assess.verdicts.flows import Judge
from scanner.assess.verdicts.near import same_host
from scanner.identify import identify
from scanner.identify.called import OWN_WORDS
from scanner.identify.devices import Clues, Device, device, hardware
from scanner.identify.names import trade_name
from scanner.identify.second import NMAP, NOBODY, Second, nmap_products
from scanner.identify.service import service_name
from scanner.identify.shown import shown
from scanner.identify.stacks import Stack
from scanner.identify.tls import certificate
from scanner.model.addresses import address_key
from scanner.model.observation import Conversation
from scanner.model.product import Product
from scanner.model.report import HostRow, ServiceRow
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
    """A product and the bytes that named it."""

    product: Product
    kind: str
    raw: bytes
    key: FlowKey

    @property
    def evidence(self) -> str:
        return f"{self.key[1]}/{self.key[2]} {shown(self.kind, self.raw)}"


class Machine(msgspec.Struct):
    """One host of one zone: its addresses there, and all that is known of it."""

    zone: str
    addresses: list[str]
    mac: str | None = None
    names: list[str] = msgspec.field(default_factory=list)
    services: dict[FlowKey, Conversation | None] = msgspec.field(default_factory=dict)
    """Open ports, with what was said there."""
    products: list[Identified] = msgspec.field(default_factory=list)
    marks: set[Mark] = msgspec.field(default_factory=set)
    """By what it may be known again in another zone."""
    links: list[Link] = msgspec.field(default_factory=list)
    """Why it is held to be one with its twins."""
    announced: list[str] = msgspec.field(default_factory=list)
    """Kinds of service that it announces by mDNS."""
    hardware: list[tuple[str, str]] = msgspec.field(default_factory=list)
    ttls: frozenset[int] = frozenset()

    @property
    def twins(self) -> list[str]:
        """Ids of the same machine in other zones."""
        return sorted({end for link in self.links for end in (link.left, link.right)} - {self.id})

    @property
    def id(self) -> str:
        return f"{self.zone}/{self.addresses[0]}"


class Inventory:
    """Every machine that gave a sign of life of its own, by address."""

    def __init__(self, evidence: Evidence, second: Second = NOBODY) -> None:
        """`second` is asked about readings in which our own fingerprints find no product."""
        self.evidence = evidence
        self._second = second
        self.machines: list[Machine] = []
        self.by_address: dict[str, Machine] = {}
        self.forwards: list[Forward] = []
        """Ports of one that lead to another."""
        self._identified: dict[tuple[str, bytes], tuple[Product, ...]] = {}
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
            for key, _ in view.opened():
                zone = self.evidence.zone_of(key[0])
                if zone is None or zone == view.zone or not self._counts(key[0]):
                    continue
                if judge.own_leg(key[0]) or judge.verdict(view, key).verdict != "REACHED":
                    continue
                machine = self.by_address.get(key[0]) or self._new(zone, [key[0]])
                if key[1] != "icmp" and machine.services.get(key) is None:
                    self._serve(machine, key, view.talks.get(key))
        self.machines.sort(key=lambda each: (each.zone, address_key(each.addresses[0])))

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
            for key, _ in view.opened():
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
        machine.marks.update(Mark("name", name.lower().encode()) for name in host.names if "\\" not in name)
        routers = {mac for mac in view.gateways.values() if mac}
        if host.mac and not proxied and (host.mac not in routers or address in view.gateways):
            machine.marks.add(Mark("mac", host.mac.encode()))

    def _serve(self, machine: Machine, key: FlowKey, talk: Conversation | None) -> None:
        machine.services[key] = talk
        where = f"{key[1]}/{key[2]}"
        said: list[Identified] = []
        for reading in talk.readings if talk else ():
            machine.marks.update(marks(reading))
            self._name_by_certificate(machine, reading.kind, reading.raw)
            if reading.kind == "mdns.services":
                machine.announced.extend(line.decode("utf-8", "replace") for line in reading.raw[:4096].split(b"\n"))
            machine.hardware.extend((where, word) for word in hardware(reading.kind, reading.raw))
            said.extend(
                Identified(product, reading.kind, reading.raw, key)
                for product in self._products(reading.kind, reading.raw)
            )
        if talk is not None:
            # What a service only calls itself gives way to whoever has a fingerprint of it.
            sure = [each for each in said if not each.product.rule.endswith(OWN_WORDS)]
            more = list(self._seconded(machine, talk, sure, key))
            told = {each.raw for each in more if each.kind != NMAP}
            by_nmap = any(each.kind == NMAP and each.product.version for each in more)
            own = [each for each in said if each not in sure and each.raw not in told and not by_nmap]
            said = [*sure, *own, *(each for each in more if not own or each.kind != NMAP)]
        machine.products.extend(said)

    def _products(self, kind: str, raw: bytes) -> tuple[Product, ...]:
        products = self._identified.get((kind, raw))
        if products is None:
            products = self._identified[kind, raw] = identify(kind, raw)
        return products

    def _seconded(
        self, machine: Machine, talk: Conversation, said: list[Identified], key: FlowKey
    ) -> Iterator[Identified]:
        """What others make of the readings of a port that named no product to us. Where we have a name, it stands."""
        told = {each.raw for each in said}
        named = {each.product.name for each in said}
        for reading in talk.readings:
            if reading.raw in told or reading.kind == "nmap.service":
                continue
            for product in self._second.products(reading.kind, reading.raw):
                if product.name not in named:
                    yield Identified(product, reading.kind, reading.raw, key)
                    named.add(product.name)
            where = f"{key[1]}/{key[2]}"
            machine.hardware.extend((where, word) for word in self._second.hardware(reading.kind, reading.raw))
        if not named:
            own = [each.raw for each in talk.readings if not each.kind.startswith("nmap.")]
            for reading in talk.readings:
                if reading.kind == "nmap.service":
                    for product in nmap_products(reading.raw, own):
                        yield Identified(product, reading.kind, reading.raw, key)

    def _name_by_certificate(self, machine: Machine, kind: str, raw: bytes) -> None:
        found = certificate(raw) if kind == "tls.cert" else None
        if found is not None and found.subject and visible(found.subject) not in machine.names:
            machine.names.append(visible(found.subject))

    def _find_twins(self) -> None:
        by_id = {machine.id: machine for machine in self.machines}
        legs = list(map(self._leg, self.machines))
        self.forwards = forwards(legs)
        for link in links(without(legs, self.forwards)):
            by_id[link.left].links.append(link)
            by_id[link.right].links.append(link)

    def _leg(self, machine: Machine) -> Leg:
        said = [
            (f"{key[1]}/{key[2]}", reading.raw)
            for key, talk in machine.services.items()
            for reading in (talk.readings if talk else ())
            if reading.kind == "ssh"
        ]
        legs = self.evidence.gateways.get(machine.zone, set())
        router = any(address in legs for address in machine.addresses)
        served = tuple(
            Served(f"{key[1]}/{key[2]}", shown_marks, self._behind(machine, key))
            for key, talk in sorted(machine.services.items(), key=lambda each: _order(each[0]))
            if talk and (shown_marks := frozenset(m for reading in talk.readings for m in marks(reading)))
        )
        return Leg(machine.id, machine.zone, frozenset(machine.marks), tuple(sorted(said)), router, served)

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
                announced=tuple(machine.announced),
                ports=frozenset((key[1], key[2]) for key in machine.services),
                readings=tuple(
                    (f"{key[1]}/{key[2]}", reading)
                    for key, talk in sorted(machine.services.items(), key=lambda each: _order(each[0]))
                    for reading in (talk.readings if talk else ())
                ),
                products=tuple((f"{each.key[1]}/{each.key[2]}", each.product) for each in machine.products),
                hardware=tuple(machine.hardware),
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
        return frozenset(sorted(found)[:_MOST_STACKS])

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
        found = self._routing(machine, self.device(machine, vendor))
        return HostRow(
            id=machine.id,
            zone=machine.zone,
            addresses=tuple(machine.addresses),
            mac=machine.mac,
            vendor=visible(maker) if maker else None,
            names=tuple(machine.names),
            os=found.system.name or None,
            services=tuple(self._service(machine, key) for key in sorted(machine.services, key=_order)),
            software=(),
            critical=next((n for a in machine.addresses if (n := policy.critical_name(a))), None),
            os_confidence=found.system.confidence,
            device=found.kind,
            device_confidence=found.confidence,
            device_evidence=found.evidence[:_EVIDENCE],
            device_doubts=found.against[:_EVIDENCE],
        )

    def _service(self, machine: Machine, key: FlowKey) -> ServiceRow:
        talk = machine.services[key]
        here = [each for each in machine.products if each.key == key]
        # What speaks is nearer to the truth than whose certificate it shows.
        here.sort(key=lambda each: each.kind == "tls.cert")
        first = _fullest(here)
        readings = talk.readings if talk else ()
        raw = shown(readings[0].kind, readings[0].raw) if readings else (talk.outcome if talk else "open")
        return ServiceRow(
            transport=key[1],
            port=key[2],
            state="open",
            service=service_name(key[1], key[2], readings, talk.tls if talk else False) or None,
            product=first.product.name if first else None,
            version=first.product.version if first else None,
            cpe=first.product.cpe if first else None,
            evidence=first.evidence if first else raw,
            revision=first.product.revision if first else None,
            distro=first.product.distro if first else None,
            tls=talk.tls if talk else False,
            title=trade_name(first.product) if first else None,
        )


def _fullest(found: Sequence[Identified]) -> Identified | None:
    """The product named first, by the reading that says most of it: one names it, another has its version."""
    same = [each for each in found if (each.product.vendor, each.product.name) == _words(found[0])]
    return max(same, key=lambda each: _detail(each.product), default=None)


def _words(found: Identified) -> tuple[str, str]:
    return found.product.vendor, found.product.name


def _detail(product: Product) -> tuple[bool, bool, bool, bool]:
    return bool(product.version), product.certain, bool(product.revision), bool(product.distro)


def _order(key: FlowKey) -> tuple[str, int, tuple[int, int]]:
    return key[1], key[2], address_key(key[0])
