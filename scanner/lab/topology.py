"""A network as data: what the lab raises in namespaces, what the simulation computes, and what is true of it.

A file of `topologies/` is one Topology. A site zone and the lab network of the same name are the same segment.
"""

from __future__ import annotations

import datetime
import hashlib
from typing import Annotated, Any, Literal

import msgspec

from scanner.model.addresses import address, network
from scanner.model.base import Frozen, Severity, Text, Transport
from scanner.model.network import Engine
from scanner.model.observation import Via
from scanner.model.report import CellVerdict, FindingKind, FlowVerdict, PatchVerdict
from scanner.model.site import EVERY_ZONE, Site, service_range

Action = Literal["accept", "drop", "reject-rst", "reject-admin", "reject-host"]
"""`reject-rst`: the router resets in the target's name; `reject-admin`: ICMP administratively prohibited (3/13, IPv6
1/1); `reject-host`: ICMP host unreachable at once (3/1, IPv6 1/3)."""


class Segment(Frozen, frozen=True):
    """One broadcast domain."""

    name: Text
    subnets: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    laptop: tuple[str, ...] = ()
    """The laptop's addresses when it stands here; empty: the last usable address of each IPv4 subnet, and
    `...:ffff` style addresses are not guessed: an IPv6 subnet gives its network address plus 0xfe."""
    isolated: bool = False
    """Client isolation: the switch lets hosts and laptop talk to the routers only, not to each other."""


class FilterRule(Frozen, frozen=True, rename={"from_": "from"}):
    """One rule of a router, first match wins. `from` and `to`: a segment, `*`, a subnet or an address."""

    action: Action
    from_: Text = EVERY_ZONE
    to: Text = EVERY_ZONE
    services: tuple[str, ...] = ("any",)
    source_port: int | None = None
    family: Literal["both", "ip", "ip6"] = "both"

    def __post_init__(self) -> None:
        for each in self.services:
            service_range(each)


class Service(Frozen, frozen=True):
    """Something that listens: `port` as `tcp/22`; `speaks` is a file of `scanner/lab/services/`, `options` its own."""

    port: Text
    speaks: Text = "silent"
    options: dict[str, Any] = {}
    tls: bool = False

    def __post_init__(self) -> None:
        found = service_range(self.port)
        if found.low != found.high or found.transport == "any":
            raise ValueError(f"{self.port!r}: a service listens on one port, like tcp/22")

    @property
    def transport(self) -> Transport:
        kind = service_range(self.port).transport
        assert kind != "any"
        return kind

    @property
    def number(self) -> int:
        return service_range(self.port).low


class Forward(Frozen, frozen=True):
    """A TCP port of the router's own address that it hands on to a host (destination NAT), whatever its rules say."""

    at: Text
    port: Text
    """`tcp/8443`."""
    to: Text
    to_port: Annotated[int, msgspec.Meta(ge=1, le=65535)] | None = None
    """None: the same one."""

    def __post_init__(self) -> None:
        found = service_range(self.port)
        if found.low != found.high or found.transport != "tcp":
            raise ValueError(f".port: {self.port!r}: one TCP port is forwarded, like tcp/8443")
        for key, each in (("at", self.at), ("to", self.to)):
            try:
                address(each)
            except ValueError:
                raise ValueError(f".{key}: {each!r} is no address") from None
        if not same_family(self.at, self.to):
            raise ValueError(f".to: {self.to} is of another IP version than {self.at}")

    @property
    def number(self) -> int:
        return service_range(self.port).low

    @property
    def far_number(self) -> int:
        return self.to_port or self.number


class Router(Frozen, frozen=True):
    """Routes between its legs. Replies to flows that it let through always pass, unless `stateful` is off.

    A stateful router drops a TCP packet or echo reply of a flow whose beginning it never saw (conntrack: invalid),
    before any rule; a UDP datagram has no such mark and starts a flow of its own. A stateless one asks its rules for
    every packet, replies and ICMP errors too. Its own ICMP errors and resets are never filtered by itself. Where a
    segment is not one of its legs, it routes there over the fewest routers (ties: the first in the file).
    """

    name: Text
    legs: dict[str, tuple[str, ...]]
    """Segment -> its addresses there."""
    forward: tuple[FilterRule, ...] = ()
    default: Action = "drop"
    local: tuple[FilterRule, ...] = ()
    """For packets to the router's own addresses."""
    local_default: Action = "drop"
    stateful: bool = True
    services: tuple[Service, ...] = ()
    """What the router itself listens on, on every leg."""
    masquerade: tuple[str, ...] = ()
    """Segments into which it sends under its own address there (source NAT)."""
    forwards: tuple[Forward, ...] = ()
    everywhere: tuple[Service, ...] = ()
    """TCP services that it answers itself for every address beyond it, in use or not, before any rule: as some
    firewalls show 2000 and 5060 open everywhere, and as a captive portal does."""
    syn_proxy: tuple[str, ...] = ()
    """`tcp/1-1024`: it completes the handshake for every IPv4 address beyond it, before any rule, and connects to the
    target only then, in the client's name and past its own rules."""
    proxy_arp: tuple[str, ...] = ()
    """Segments in which it answers ARP for every address of the segment, in use or not."""
    reset_ttl: Annotated[int, msgspec.Meta(ge=1, le=255)] = 64
    """What its resets start with; a firewall that is careful imitates the host."""
    loss: Annotated[int, msgspec.Meta(ge=0, le=90)] = 0
    """Percent of the packets to forward that it loses at random, either way. Not simulated: probes are sent again."""
    limit: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Packets a second that it forwards at most, either way; what is more is dropped. Not simulated either."""

    def __post_init__(self) -> None:
        for key, segments in (("masquerade", self.masquerade), ("proxy_arp", self.proxy_arp)):
            for index, each in enumerate(segments):
                if each not in self.legs:
                    raise ValueError(f".{key}[{index}]: {each!r} is none of the router's legs")
        own = {each for addresses in self.legs.values() for each in addresses}
        for index, forward in enumerate(self.forwards):
            if forward.at not in own:
                raise ValueError(f".forwards[{index}].at: {forward.at} is none of the router's addresses")
        for index, each in enumerate(self.syn_proxy):
            if service_range(each).transport != "tcp":
                raise ValueError(f".syn_proxy[{index}]: {each!r}: only TCP has a handshake")
        for index, service in enumerate(self.everywhere):
            if service.transport != "tcp" or service.port in {each.port for each in self.services}:
                raise ValueError(f".everywhere[{index}]: {service.port} has to be TCP, and none of `services`")


class Host(Frozen, frozen=True):
    """A machine. With two legs it is dual-homed; its first leg has the default route."""

    name: Text
    legs: dict[str, tuple[str, ...]]
    services: tuple[Service, ...] = ()
    mac: str | None = None
    """Of the first leg; see `Topology.mac`."""
    forwarding: bool = False
    ping: bool = True
    closed: Literal["rst", "drop"] = "rst"
    """What its ports without a service do: answer as an unfiltered stack, or hide behind a host firewall."""
    trusts: tuple[str, ...] = ()
    """Whom its own firewall lets in, if not everybody: segments, subnets or addresses."""
    gateway: str | None = None
    """None: the address of the first router on its first leg. Names one family; the other still has the router."""

    def __post_init__(self) -> None:
        for addresses in self.legs.values():
            for each in addresses:
                address(each)


class ExpectedFinding(Frozen, frozen=True, rename={"from_": "from"}):
    kind: FindingKind
    host: str | None = None
    """`zone/address`, as in the report."""
    from_: str | None = None
    to: str | None = None
    transport: Transport | None = None
    port: int | None = None
    severity: Severity | None = None
    """None: not compared."""
    note: str = ""


class ExpectedCell(Frozen, frozen=True, rename={"from_": "from"}):
    from_: str
    to: str
    verdict: CellVerdict


class ExpectedFlow(Frozen, frozen=True, rename={"from_": "from"}):
    from_: str
    address: str
    transport: Transport
    port: int
    verdict: FlowVerdict
    via: Via = ""


class ExpectedPatch(Frozen, frozen=True):
    host: str
    product: str
    verdict: PatchVerdict
    version: str | None = None
    reason: str | None = None


class Expect(Frozen, frozen=True):
    """What is true. Findings and cells are compared as whole sets, flows and patches each for itself."""

    findings: tuple[ExpectedFinding, ...] = ()
    cells: tuple[ExpectedCell, ...] = ()
    flows: tuple[ExpectedFlow, ...] = ()
    patches: tuple[ExpectedPatch, ...] = ()


class ScanOptions(Frozen, frozen=True):
    """How the demo and the tests scan it."""

    ports: str = "top:100"
    engine: Engine = "auto"
    zones: tuple[str, ...] = ()
    """From where; empty: from every zone."""
    thorough: bool = False
    """Dressed probes as well."""


class Imported(Frozen, frozen=True):
    """A software inventory that somebody hands over: `fencewalk import SITE FILE`, as the demo does it."""

    file: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,60}$", description="a file's name")]
    text: str
    """What is in it, in a format that is recognised."""
    hosts: tuple[str, ...] = ()
    """Whose it is, where the file does not say: names, addresses or MACs of one machine."""
    distro: str = ""
    """`ubuntu:22.04`, where the file does not say."""


class Topology(Frozen, frozen=True):
    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]*$")]
    title: Text
    today: datetime.date
    """The day for which `expect` holds."""
    networks: Annotated[tuple[Segment, ...], msgspec.Meta(min_length=1)]
    site: Site
    routers: tuple[Router, ...] = ()
    hosts: tuple[Host, ...] = ()
    scan: ScanOptions = ScanOptions()
    inventories: tuple[Imported, ...] = ()
    expect: Expect = Expect()

    def __post_init__(self) -> None:
        names = {each.name for each in self.networks}
        kinds: tuple[tuple[str, tuple[Router | Host, ...]], ...] = (("routers", self.routers), ("hosts", self.hosts))
        for key, nodes in kinds:
            for index, node in enumerate(nodes):
                for segment, addresses in node.legs.items():
                    if segment not in names:
                        raise ValueError(f"$.{key}[{index}].legs: {segment!r} is none of the networks")
                    subnets = next(each.subnets for each in self.networks if each.name == segment)
                    for each in addresses:
                        if not any(network(each).subnet_of(network(s)) for s in subnets if same_family(each, s)):  # type: ignore[arg-type]
                            raise ValueError(
                                f"$.{key}[{index}].legs: {each} is not in {segment} ({', '.join(subnets)})"
                            )

    def segment(self, name: str) -> Segment:
        return next(each for each in self.networks if each.name == name)

    def laptop(self, segment: str) -> tuple[str, ...]:
        """The laptop's addresses when it stands in `segment`, one a subnet."""
        found = self.segment(segment)
        if found.laptop:
            return found.laptop
        return tuple(
            str(net[-2] if net.version == 4 else net[0xFE]) for net in (network(each) for each in found.subnets)
        )

    def mac(self, node: str, segment: str) -> str:
        """The MAC of a host's, a router's or the laptop's (`node` is `laptop`) leg in `segment`.

        As given, or a locally administered one that depends on nothing but the names, so that a lab raised twice and
        a simulation agree.
        """
        for each in self.hosts:
            if each.name == node and each.mac and next(iter(each.legs)) == segment:
                return each.mac.lower()
        digest = hashlib.sha256(f"{self.name}/{node}/{segment}".encode()).digest()
        return ":".join(f"{byte:02x}" for byte in (0x02, *digest[:5]))


def same_family(left: str, right: str) -> bool:
    return (":" in left) == (":" in right)


# msgspec crashes where two threads are the first to read a type, so it is learnt with the module.
msgspec.json.Decoder(Topology)
