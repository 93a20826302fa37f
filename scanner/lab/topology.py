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
