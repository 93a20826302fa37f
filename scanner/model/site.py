"""What the site file says: who is the client, what may be touched, which zones there are, and what may flow."""

from __future__ import annotations

import datetime
import difflib
import ipaddress
import itertools
from typing import Annotated, Literal

import msgspec

from scanner.model.addresses import address, contains, network
from scanner.model.base import Frozen, Port, Text, Transport

Trust = Literal["critical", "management", "user", "device", "untrusted"]
"""`device`: printers, phones, cameras and the like, that people do not log in to."""

Name = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
        description="a name of letters, digits, '.', '_' and '-'",
        examples=["front-desk"],
    ),
]
Subnets = tuple[Annotated[str, msgspec.Meta(description="a subnet or an address", examples=["10.20.0.0/16"])], ...]
Services = tuple[Annotated[str, msgspec.Meta(description="a service", examples=["tcp/443"])], ...]
End = Annotated[Text, msgspec.Meta(description='a zone, a subnet, an address or "*"', examples=["front-desk"])]
ANY = "any"
EVERY_ZONE = "*"
_REQUIRED_PORTS = 64
"""The widest range of ports that a rule may require; each is asked for itself."""


class ServiceRange(Frozen, frozen=True):
    """One `tcp/443`, `udp/5000-5010`, `tcp/any`, `icmp` or `any` of a rule."""

    transport: Transport | Literal["any"]
    low: Port = 0
    high: Port = 65535

    def covers(self, transport: Transport, port: int) -> bool:
        if self.transport == ANY:
            return True
        return self.transport == transport and (transport == "icmp" or self.low <= port <= self.high)


def service_range(text: str) -> ServiceRange:
    """Parse one service of a rule; ValueError says what it may look like."""
    kind, slash, ports = text.partition("/")
    if kind == ANY and not ports:
        return ServiceRange("any")
    if kind == "icmp" and not ports:
        return ServiceRange("icmp")
    if kind in ("tcp", "udp"):
        transport: Transport = "tcp" if kind == "tcp" else "udp"
        if ports == ANY or not slash:
            return ServiceRange(transport)
        low, dash, high = ports.partition("-")
        if low.isdecimal() and (high.isdecimal() or not dash):
            first, last = int(low), int(high or low)
            if 1 <= first <= last <= 65535:
                return ServiceRange(transport, first, last)
    raise ValueError(f"{text!r} is no service: write tcp/443, udp/5000-5010, tcp/any, icmp or any")


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
    for index, text in enumerate(texts):
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
        return contains(self.subnets, addr)


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
    """A flow that policy allows, or requires. `from` and `to` are a zone, `*`, a subnet or an address."""

    from_: End
    to: End
    services: Annotated[Services, msgspec.Meta(min_length=1)]
    reason: str = ""

    def __post_init__(self) -> None:
        _check_services(self.services)


class Approved(Frozen, frozen=True):
    """What the client uses on purpose."""

    remote_access: Annotated[
        tuple[Annotated[Text, msgspec.Meta(description="a tool's name", examples=["ScreenConnect"])], ...],
        msgspec.Meta(description="remote-access tools that may be found; any other one is a finding"),
    ] = ()


class Site(Frozen, frozen=True):
    """One client's network as its owner describes it."""

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
        for key, rules in (("allow", self.allow), ("require", self.require)):
            for index, rule in enumerate(rules):
                for end, text in (("from", rule.from_), ("to", rule.to)):
                    if text != EVERY_ZONE and text not in names:
                        try:
                            network(text)
                        except ValueError:
                            near = difflib.get_close_matches(text, names, 1)
                            mend = f"did you mean {near[0]!r}?" if near else f"the zones are {', '.join(names)}"
                            raise ValueError(
                                f".{key}[{index}].{end}: {text!r} is no zone, subnet or address; {mend}"
                            ) from None

        for index, rule in enumerate(self.require):
            self._check_required(f".require[{index}]", rule, names)

    @staticmethod
    def _check_required(key: str, rule: Rule, names: list[str]) -> None:
        """A required flow is tested one by one, so it has to say which one it is."""
        if rule.from_ != EVERY_ZONE and rule.from_ not in names:
            raise ValueError(f"{key}.from: {rule.from_!r}: a flow is required from a zone, or from * (every zone)")
        if rule.to not in names and (rule.to == EVERY_ZONE or network(rule.to).num_addresses > 1):
            raise ValueError(f"{key}.to: {rule.to!r}: a flow is required to a zone, or to one address")
        for text in rule.services:
            service = service_range(text)
            wide = service.transport != "icmp" and service.high - service.low >= _REQUIRED_PORTS
            if service.transport == ANY or wide:
                raise ValueError(f"{key}.services: {text!r}: name the ports that have to work, like tcp/6514")

    def zone(self, name: str) -> Zone | None:
        return next((zone for zone in self.zones if zone.name == name), None)

    def zone_of(self, addr: str) -> Zone | None:
        return next((zone for zone in self.zones if zone.holds(addr)), None)

    def in_scope(self, addr: str) -> bool:
        include = self.scope.include or tuple(itertools.chain.from_iterable(zone.subnets for zone in self.zones))
        return contains(include, addr) and not contains(self.scope.exclude, addr)

    def fragile(self, addr: str) -> bool:
        return contains(self.scope.fragile, addr)


class Exception_(Frozen, frozen=True):
    """A finding that somebody accepted, for a while. `until` is the last day on which it holds."""

    finding: Text
    owner: Text
    reason: Text
    until: datetime.date
    approved_by: str = ""
