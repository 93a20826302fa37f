"""Hosts, what they run, and which of them are one machine with several legs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import msgspec

from scanner.assess.evidence import Evidence, FlowKey, View
from scanner.assess.flows import Judge
from scanner.assess.policy import Policy
from scanner.identify import identify
from scanner.identify.service import service_name
from scanner.identify.tls import certificate
from scanner.model.addresses import address_key
from scanner.model.observation import Conversation
from scanner.model.product import Product
from scanner.model.report import HostRow, ServiceRow
from scanner.model.text import visible

_IDENTITY_KINDS = ("ssh.hostkey", "tls.cert")
"""Readings that name a machine: the same bytes in two zones are one machine."""


class Identified(msgspec.Struct, frozen=True):
    """A product and the bytes that named it."""

    product: Product
    kind: str
    raw: bytes
    key: FlowKey

    @property
    def evidence(self) -> str:
        return f"{self.key[1]}/{self.key[2]} {self.kind}: {visible(self.raw, 300)}"


class Machine(msgspec.Struct):
    """One host of one zone: its addresses there, and all that is known of it."""

    zone: str
    addresses: list[str]
    mac: str | None = None
    names: list[str] = msgspec.field(default_factory=list)
    services: dict[FlowKey, Conversation | None] = msgspec.field(default_factory=dict)
    """Open ports, with what was said there."""
    products: list[Identified] = msgspec.field(default_factory=list)
    identity: set[tuple[str, bytes]] = msgspec.field(default_factory=set)
    twins: list[str] = msgspec.field(default_factory=list)
    """Ids of the same machine in other zones."""

    @property
    def id(self) -> str:
        return f"{self.zone}/{self.addresses[0]}"


class Inventory:
    """Every machine that gave a sign of life of its own, by address."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.machines: list[Machine] = []
        self.by_address: dict[str, Machine] = {}
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
            for key, row in view.flows():
                zone = self.evidence.site.zone_of(key[0])
                if row.state != "open" or zone is None or zone.name == view.zone or not self._counts(key[0]):
                    continue
                if judge.own_leg(key[0]) or judge.verdict(view, key).verdict != "REACHED":
                    continue
                machine = self.by_address.get(key[0]) or self._new(zone.name, [key[0]])
                if key[1] != "icmp" and machine.services.get(key) is None:
                    self._serve(machine, key, view.talks.get(key))
        self.machines.sort(key=lambda each: (each.zone, address_key(each.addresses[0])))

    def _gather(self) -> None:
        for view in self.evidence.views.values():
            addresses = {a for a in self.evidence.in_use(view.zone) or () if self._counts(a)}
            by_mac: dict[str, list[str]] = defaultdict(list)
            for address in sorted(addresses, key=address_key):
                host = view.hosts.get(address)
                by_mac[host.mac if host and host.mac else address].append(address)
            for found in by_mac.values():
                machine = self._new(view.zone, found)
                for address in found:
                    self._describe(machine, view, address)
            for key, row in view.flows():
                machine_or_none = self.by_address.get(key[0])
                if machine_or_none and machine_or_none.zone == view.zone and row.state == "open" and key[1] != "icmp":
                    self._serve(machine_or_none, key, view.talks.get(key))

    def _counts(self, address: str) -> bool:
        return address not in self.evidence.laptops and self.evidence.site.in_scope(address)

    def _new(self, zone: str, addresses: list[str]) -> Machine:
        # A link-local address says nothing that the routable one of the same MAC does not say better.
        ordered = sorted(addresses, key=lambda each: (each.startswith("fe80:"), address_key(each)))
        machine = Machine(zone, ordered)
        self.machines.append(machine)
        self.by_address.update(dict.fromkeys(addresses, machine))
        return machine

    def _describe(self, machine: Machine, view: View, address: str) -> None:
        host = view.hosts.get(address)
        if host is None:
            return
        machine.mac = machine.mac or host.mac
        machine.names.extend(name for name in map(visible, host.names) if name not in machine.names)

    def _serve(self, machine: Machine, key: FlowKey, talk: Conversation | None) -> None:
        machine.services[key] = talk
        for reading in talk.readings if talk else ():
            if reading.kind in _IDENTITY_KINDS:
                machine.identity.add((reading.kind, reading.raw))
                self._name_by_certificate(machine, reading.kind, reading.raw)
            products = self._identified.get((reading.kind, reading.raw))
            if products is None:
                products = self._identified[reading.kind, reading.raw] = identify(reading.kind, reading.raw)
            for product in products:
                machine.products.append(Identified(product, reading.kind, reading.raw, key))

    def _name_by_certificate(self, machine: Machine, kind: str, raw: bytes) -> None:
        found = certificate(raw) if kind == "tls.cert" else None
        if found is not None and found.subject and visible(found.subject) not in machine.names:
            machine.names.append(visible(found.subject))

    def _find_twins(self) -> None:
        """One identity at exactly one machine in each of several zones. More than one a zone: a default certificate."""
        holders: dict[tuple[str, bytes], list[Machine]] = defaultdict(list)
        for machine in self.machines:
            for identity in machine.identity:
                holders[identity].append(machine)
        for machines in holders.values():
            zones = [each.zone for each in machines]
            if len(zones) < 2 or len(set(zones)) != len(zones):
                continue
            for machine in machines:
                twins = {each.id for each in machines if each is not machine and not _contradict(machine, each)}
                machine.twins = sorted({*machine.twins, *twins})

    def row(self, machine: Machine, policy: Policy, vendor: Callable[[str], str | None]) -> HostRow:
        maker = vendor(machine.mac) if machine.mac else None
        systems = [os for each in machine.products if (os := _system(each.product))]
        return HostRow(
            id=machine.id,
            zone=machine.zone,
            addresses=tuple(machine.addresses),
            mac=machine.mac,
            vendor=visible(maker) if maker else None,
            names=tuple(machine.names),
            os=systems[0] if systems else None,
            services=tuple(self._service(machine, key) for key in sorted(machine.services, key=_order)),
            software=(),
            critical=next((n for a in machine.addresses if (n := policy.critical_name(a))), None),
        )

    def _service(self, machine: Machine, key: FlowKey) -> ServiceRow:
        talk = machine.services[key]
        here = [each for each in machine.products if each.key == key]
        first = here[0] if here else None
        readings = talk.readings if talk else ()
        raw = f"{readings[0].kind}: {visible(readings[0].raw, 300)}" if readings else (talk.outcome if talk else "open")
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
        )


def _contradict(left: Machine, right: Machine) -> bool:
    """One certificate on two machines is common (a wildcard, a cluster); different SSH host keys tell them apart."""
    keys = [{raw for kind, raw in each.identity if kind == "ssh.hostkey"} for each in (left, right)]
    return all(keys) and not keys[0] & keys[1]


def _order(key: FlowKey) -> tuple[str, int, tuple[int, int]]:
    return key[1], key[2], address_key(key[0])


def _system(product: Product) -> str | None:
    """The operating system that a package's distribution gives away."""
    if not product.distro:
        return None
    name, _, release = product.distro.partition(":")
    title = {
        "debian": "Debian",
        "ubuntu": "Ubuntu",
        "raspbian": "Raspbian",
        "el": "Enterprise Linux",
        "freebsd": "FreeBSD",
    }
    return f"{title.get(name, name)} {release}".strip()
