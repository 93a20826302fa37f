"""What the site file says: who is the client, what may be touched, which zones there are, and what may flow."""

from __future__ import annotations

import datetime
import ipaddress
import itertools
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from scanner.model.addresses import address, contains, network
from scanner.model.attested import Attestation, Look
from scanner.model.base import Frozen, Port, Text, Transport
from scanner.model.deadline import Name, OwnDeadline, deadline_troubles
from scanner.model.desks import Desks
from scanner.model.groups import Groups, did_you_mean

Trust = Literal["critical", "management", "user", "device", "untrusted"]
"""`device`: printers, phones, cameras and the like, that people do not log in to."""

Subnets = tuple[Annotated[str, msgspec.Meta(description="a subnet or an address", examples=["10.20.0.0/16"])], ...]
Services = tuple[
    Annotated[str, msgspec.Meta(description="a service or a group of services", examples=["tcp/443"])], ...
]
End = Annotated[
    Text, msgspec.Meta(description='a zone, a group of zones, a subnet, an address or "*"', examples=["front-desk"])
]
ANY = "any"
EVERY_ZONE = "*"
ECHO, ECHO6 = 8, 128
"""The ICMP types of an echo request; a rule's `icmp/8` means both."""
_REQUIRED_PORTS = 64
"""The widest range of ports that a rule may require; each is asked for itself."""


class ServiceRange(Frozen, frozen=True):
    """One `tcp/443`, `udp/5000-5010`, `tcp/any`, `icmp`, `icmp/8` or `any` of a rule."""

    transport: Transport | Literal["any"]
    low: Port = 0
    high: Port = 65535

    def covers(self, transport: Transport, port: int) -> bool:
        if self.transport == ANY:
            return True
        if transport == "icmp" and port == ECHO6:
            port = ECHO
        return self.transport == transport and self.low <= port <= self.high


_MEANT = {
    "http": "tcp/80", "https": "tcp/443", "ssh": "tcp/22", "telnet": "tcp/23", "ftp": "tcp/21", "smtp": "tcp/25",
    "smb": "tcp/445", "rdp": "tcp/3389", "vnc": "tcp/5900", "dns": "udp/53 and tcp/53", "ntp": "udp/123",
    "snmp": "udp/161", "ldap": "tcp/389", "ping": "icmp/8", "tcp": "tcp/any", "udp": "udp/any", "all": "any",
}  # fmt: skip
"""What to write for names that a rule does not know."""


def service_range(text: str) -> ServiceRange:
    """Parse one service of a rule; ValueError says what it may look like."""
    kind, slash, ports = text.partition("/")
    if kind == ANY and not ports:
        return ServiceRange("any")
    if kind == "icmp" and not slash:
        return ServiceRange("icmp")
    if kind == "icmp" and ports.isascii() and ports.isdecimal() and len(ports) <= 3 and int(ports) <= 255:
        number = ECHO if int(ports) == ECHO6 else int(ports)
        return ServiceRange("icmp", number, number)
    if kind in ("tcp", "udp"):
        transport: Transport = "tcp" if kind == "tcp" else "udp"
        if ports == ANY or not slash:
            return ServiceRange(transport)
        low, dash, high = ports.partition("-")
        if low.isdecimal() and (high.isdecimal() or not dash) and len(ports) <= 11:
            first, last = int(low), int(high or low)
            if 1 <= first <= last <= 65535:
                return ServiceRange(transport, first, last)
    if (meant := _MEANT.get(text.casefold())) is not None:
        raise ValueError(f"{text!r} is no service: write {meant}")
    raise ValueError(f"{text!r} is no service: write tcp/443, udp/5000-5010, tcp/any, icmp, icmp/8 or any")


def _check_subnets(key: str, texts: tuple[str, ...]) -> None:
    for index, text in enumerate(texts):
        try:
            network(text)
        except ValueError:
            raise ValueError(f".{key}[{index}]: {_no_subnet(text)}") from None


def _no_subnet(text: str) -> str:
    try:
        meant = ipaddress.ip_interface(text.strip())
    except ValueError:
        return f"{text!r} is no subnet or address; write a subnet like 10.20.0.0/16, or one address"
    return f"{text} is an address inside of a subnet; write the subnet {meant.network}, or {meant.ip} for it alone"


def _check_services(texts: tuple[str, ...]) -> None:
    """What has a slash is no group's name, so that it can be judged without knowing the groups."""
    for index, text in enumerate(texts):
        if "/" in text:
            try:
                service_range(text)
            except ValueError as error:
                raise ValueError(f".services[{index}]: {error}") from None


class Authorization(Frozen, frozen=True, rename={"from_": "from"}):
    """Who allowed the scan, and when. Outside its dates (inclusive, local) nothing is sent."""

    by: Text
    from_: datetime.date
    until: datetime.date
    reference: str = ""
    contact: str = ""

    def __post_init__(self) -> None:
        if self.until < self.from_:
            raise ValueError(f".until: the last day ({self.until}) is before the first one, from ({self.from_})")


class Scope(Frozen, frozen=True):
    """What may be touched, and how gently. An empty `include` means the zones' own subnets."""

    include: Subnets = ()
    exclude: Subnets = ()
    fragile: Subnets = ()
    """One connection at a time, slow, no payloads."""
    max_rate: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)] = 1000
    """Packets a second over the whole scan."""
    allow_ports: Annotated[tuple[Port, ...], msgspec.Meta(examples=[[102, 502]])] = ()
    """Industrial ports (102, 502, 20000, 44818, 47808) that may be touched after all."""
    snmp_public: bool = False
    """Whether one SNMP sysDescr GET with the community `public` may be sent."""

    def __post_init__(self) -> None:
        _check_subnets("include", self.include)
        _check_subnets("exclude", self.exclude)
        _check_subnets("fragile", self.fragile)


class Zone(Frozen, frozen=True):
    """A segment: a name and the subnets that are its own."""

    name: Name
    subnets: Annotated[Subnets, msgspec.Meta(min_length=1)]
    vlan: Annotated[int, msgspec.Meta(ge=1, le=4094)] | None = None
    trust: Trust = "user"
    isolated: bool = False
    """Whether hosts inside the zone may not talk to each other either (client isolation)."""

    def __post_init__(self) -> None:
        _check_subnets("subnets", self.subnets)

    def holds(self, addr: str) -> bool:
        """A link-local address is the zone's where it says so: `fe80::7%guest`."""
        _, scoped, link = addr.partition("%")
        return link == self.name if scoped else contains(self.subnets, addr)


class Critical(Frozen, frozen=True):
    """A system whose loss stops the client."""

    name: Annotated[Text, msgspec.Meta(examples=["Practice database"])]
    hosts: Annotated[
        tuple[Annotated[str, msgspec.Meta(description="an address", examples=["10.20.20.10"])], ...],
        msgspec.Meta(min_length=1),
    ]
    services: Services = ()

    def __post_init__(self) -> None:
        for index, each in enumerate(self.hosts):
            try:
                address(each)
            except ValueError:
                raise ValueError(
                    f".hosts[{index}]: {each!r} is no IPv4 or IPv6 address; names are not looked up"
                ) from None
        _check_services(self.services)


class Rule(Frozen, frozen=True, rename={"from_": "from"}):
    """A flow that policy allows, requires or denies. `from` and `to` are a zone, `*`, a subnet or an address; in a file
    also a group of zones."""

    from_: End
    to: End
    services: Annotated[Services, msgspec.Meta(min_length=1)]
    reason: str = ""

    def __post_init__(self) -> None:
        _check_services(self.services)


class Written(Frozen, frozen=True):
    """A rule as the file has it, and the plain ones, without groups, that it stands for."""

    key: str
    """Where it stands: `allow[2]`."""
    rule: Rule
    plain: tuple[Rule, ...]

    def __str__(self) -> str:
        return f"{self.key} ({self.rule.from_} → {self.rule.to} {' '.join(self.rule.services)})"


class Approved(Frozen, frozen=True):
    """What the client uses on purpose."""

    remote_access: Annotated[
        tuple[Annotated[Text, msgspec.Meta(description="a tool's name", examples=["ScreenConnect"])], ...],
        msgspec.Meta(description="remote-access tools that may be found; any other one is a finding"),
    ] = ()


class Site(Frozen, frozen=True, dict=True, gc=True):
    """One client's network as its owner describes it.

    Groups may be named in what it is built from. Its own rules and services are plain: each group is written out, a
    rule with groups is one rule a pair of zones. `written` has the rules as they stood.
    """

    client: Annotated[Text, msgspec.Meta(examples=["Harbor Dental"])]
    site: Annotated[Text, msgspec.Meta(examples=["main-office"])]
    zones: Annotated[tuple[Zone, ...], msgspec.Meta(min_length=1)]
    authorization: Authorization | None = None
    """Without one a site can be assessed, never scanned."""
    scope: Scope = Scope()
    critical: tuple[Critical, ...] = ()
    allow: tuple[Rule, ...] = ()
    require: tuple[Rule, ...] = ()
    approved: Approved | None = None
    deny: tuple[Rule, ...] = ()
    """What is forbidden although a wider rule allows it: a denial beats every `allow`."""
    groups: Groups = Groups()
    deadlines: (
        Annotated[
            tuple[Annotated[Name, msgspec.Meta(examples=["cyber-essentials"])] | OwnDeadline, ...],
            msgspec.Meta(description="by when fixes have to be in: cyber-essentials, pci-dss, cisa-kev, or one's own"),
        ]
        | None
    ) = None
    """None: those that are applied where a site says nothing."""
    tickets: Desks | None = None
    """Where its tickets go."""
    attestations: tuple[Attestation, ...] = ()
    report: Look = Look()

    def __post_init__(self) -> None:
        """Relations between keys. Each message starts with the path of the key at fault, from here on."""
        names = [zone.name for zone in self.zones]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise ValueError(f".zones[{index}].name: {name!r} names two zones; rename one")
        for (i, left), (j, right) in itertools.combinations(enumerate(self.zones), 2):
            for a, b in itertools.product(left.subnets, right.subnets):
                if network(a).version == network(b).version and network(a).overlaps(network(b)):
                    raise ValueError(
                        f".zones[{j}].subnets: {b} of {right.name!r} overlaps {a} of {left.name!r} (zones[{i}]); "
                        "an address belongs to one zone"
                    )
        for path, what in self.groups.check(names):
            raise ValueError(f"{path}: {what}")
        for group, services in self.groups.services.items():
            self._check_services(f".groups.services.{group}", services)
        for index, critical in enumerate(self.critical):
            self._check_services(f".critical[{index}].services", critical.services)
        for path, what in deadline_troubles(self.deadlines or ()):
            raise ValueError(f"{path}: {what}")
        for key, rules in self._rules():
            for index, rule in enumerate(rules):
                self._check_end(f".{key}[{index}].from", rule.from_, names)
                self._check_end(f".{key}[{index}].to", rule.to, names)
                self._check_services(f".{key}[{index}].services", rule.services)
        for index, rule in enumerate(self.require):
            self._check_required(f".require[{index}]", rule, names)
        self._write_groups_out()

    def _rules(self) -> tuple[tuple[str, tuple[Rule, ...]], ...]:
        return ("allow", self.allow), ("require", self.require), ("deny", self.deny)

    def _check_end(self, path: str, text: str, names: list[str]) -> None:
        if text != EVERY_ZONE and text not in names and text not in self.groups.zones:
            try:
                network(text)
            except ValueError:
                known = [*names, *self.groups.zones]
                mend = did_you_mean(text, known) or f"the zones are {', '.join(known)}"
                raise ValueError(f"{path}: {text!r} is no zone, subnet or address; {mend}") from None

    def _check_services(self, path: str, texts: tuple[str, ...]) -> None:
        for index, text in enumerate(texts):
            if text in self.groups.services and not path.startswith(".groups."):
                continue
            try:
                service_range(text)
            except ValueError as error:
                near = did_you_mean(text, self.groups.services)
                said = f"{text!r} is neither a service nor a group of services; {near}" if near else error
                raise ValueError(f"{path}[{index}]: {said}") from None

    def _check_required(self, key: str, rule: Rule, names: list[str]) -> None:
        """A required flow is tested one by one, so it has to say which one it is."""
        zones = (*names, *self.groups.zones)
        if rule.from_ != EVERY_ZONE and rule.from_ not in zones:
            raise ValueError(f"{key}.from: {rule.from_!r}: a flow is required from a zone, or from * (every zone)")
        if rule.to not in zones and (rule.to == EVERY_ZONE or network(rule.to).num_addresses > 1):
            raise ValueError(f"{key}.to: {rule.to!r}: a flow is required to a zone, or to one address")
        for text in self.groups.services_of(rule.services):
            service = service_range(text)
            wide = service.transport != "icmp" and service.high - service.low >= _REQUIRED_PORTS
            if service.transport == ANY or wide:
                raise ValueError(f"{key}.services: {text!r}: name the ports that have to work, like tcp/6514")

    def _write_groups_out(self) -> None:
        written: list[Written] = []
        for key, rules in self._rules():
            mine = [Written(f"{key}[{index}]", each, tuple(self.plain(each))) for index, each in enumerate(rules)]
            written += mine
            msgspec.structs.force_setattr(self, key, tuple(plain for each in mine for plain in each.plain))
        critical = (
            msgspec.structs.replace(
                each, hosts=tuple(map(address, each.hosts)), services=self.groups.services_of(each.services)
            )
            for each in self.critical
        )
        msgspec.structs.force_setattr(self, "critical", tuple(critical))
        self.__dict__["_written"] = tuple(written)

    def plain(self, rule: Rule) -> Iterator[Rule]:
        """A rule that may name groups of this site, without them."""
        ends = self._ends(rule.from_), self._ends(rule.to)
        services = self.groups.services_of(rule.services)
        whole = len(ends[0]) == len(ends[1]) == 1
        for from_, to in itertools.product(*ends):
            zone = self.zone(to)
            if whole or from_ != to or (zone is not None and zone.isolated):
                # Between groups, nothing is said of a zone's own inside, where no rule is needed.
                yield Rule(from_, to, services, rule.reason)

    def _ends(self, text: str) -> tuple[str, ...]:
        """What an end stands for; an address or a subnet as it is written canonically."""
        if text == EVERY_ZONE or text in self.groups.zones or self.zone(text) is not None:
            return self.groups.zones_of(text)
        found = network(text)
        return (str(found.network_address if found.num_addresses == 1 else found),)

    def written(self, key: str) -> tuple[Written, ...]:
        """The rules of `allow`, `deny` or `require` as they stood in what the site was built from."""
        found: tuple[Written, ...] = self.__dict__.get("_written") or tuple(
            Written(f"{name}[{index}]", rule, (rule,))
            for name, rules in self._rules()
            for index, rule in enumerate(rules)
        )
        return tuple(each for each in found if each.key.startswith(f"{key}["))

    def zone(self, name: str) -> Zone | None:
        return next((zone for zone in self.zones if zone.name == name), None)

    def zone_of(self, addr: str) -> Zone | None:
        return next((zone for zone in self.zones if zone.holds(addr)), None)

    def in_scope(self, addr: str) -> bool:
        include = self.scope.include or tuple(itertools.chain.from_iterable(zone.subnets for zone in self.zones))
        return contains(include, addr) and not contains(self.scope.exclude, addr)

    def fragile(self, addr: str) -> bool:
        return contains(self.scope.fragile, addr)


# msgspec crashes where two threads are the first to read a type, so it is learnt with the module.
msgspec.json.Decoder(Site)
