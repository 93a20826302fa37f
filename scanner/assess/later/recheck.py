"""From a finding to the few probes that it rests on, and the zones that they have to be sent from. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from scanner.assess.facts.evidence import FlowKey
from scanner.assess.findings.make import finding_id
from scanner.assess.later.grounds import Grounds
from scanner.dressing import neighbour_of
from scanner.model.addresses import address_key
from scanner.model.base import Frozen, Port, Transport
from scanner.model.observation import Via
from scanner.model.report import CROSSED, FindingRow, FlowRow, HopRow, HostRow, Report

MOST = 4096
"""Probes of one finding; one of more is asked about the first of them, and is not gone before all are."""
Rests = Literal["flows", "blocked", "service", "steps", "presence", "nothing"]
"""What a finding rests on: flows that cross, flows that do not, what a service says, the steps of an attack path, a
host's being there, or nothing that one probe could show."""
_CANARY = "a canary of ours measured it: listen there again, and scan with --canary"
_PATCHES = frozenset({"outdated", "end-of-life", "known-exploited"})


class Ask(Frozen, frozen=True):
    """One probe to be sent again."""

    address: str
    transport: Transport
    port: Port
    via: Via = ""

    @property
    def key(self) -> FlowKey:
        return self.address, self.transport, self.port

    def __str__(self) -> str:
        dress = f" ({self.via})" if self.via else ""
        return f"{self.address} {self.transport}/{self.port}{dress}"


class Part(Frozen, frozen=True):
    """Probes that belong together, and whence: of a service any zone that reached it will do."""

    zone: str
    asks: tuple[Ask, ...]
    step: str = ""
    """Of an attack path: which step it is."""


class Recheck(Frozen, frozen=True):
    """What a finding is verified by."""

    rests: Rests
    parts: tuple[Part, ...] = ()
    cannot: str = ""
    """Why no probe shows it, or why those of one vantage are not enough."""
    left: int = 0
    """Probes beyond `MOST`, that are not sent."""

    @property
    def zones(self) -> tuple[str, ...]:
        """Where it may be asked from, the best first."""
        return tuple(dict.fromkeys(part.zone for part in self.parts))

    def of(self, zone: str) -> tuple[Ask, ...]:
        """What is asked from there."""
        return tuple(dict.fromkeys(ask for part in self.parts if part.zone == zone for ask in part.asks))


def recheck(report: Report, finding: FindingRow, grounds: Grounds) -> Recheck:
    """`report` is one that has the finding, and `grounds` what it was judged from."""
    if finding.kind == "segmentation-gap":
        found = _gap(report, finding)
    elif finding.kind == "required-flow-blocked":
        found = _blocked(report, finding, grounds)
    elif finding.kind == "attack-path":
        found = _path(report, finding)
    elif finding.kind in _PATCHES or (finding.kind == "exposure" and finding.from_ is None):
        found = _service(report, finding, grounds)
    elif finding.kind == "exposure":
        found = _console(report, finding, grounds)
    elif finding.kind == "dual-homed":
        found = _detour(report, finding)
    else:
        found = Recheck("nothing", cannot="what nobody can name has no probe of its own: scan its zone with --deep")
    if any(ask.address in grounds.evidence.laptops for part in found.parts for ask in part.asks):
        return Recheck("nothing", cannot=_CANARY)
    return _bounded(found)


def _bounded(found: Recheck) -> Recheck:
    kept: list[Part] = []
    room = MOST
    left = 0
    for part in found.parts:
        asks = part.asks[: max(0, room)]
        room -= len(asks)
        left += len(part.asks) - len(asks)
        if asks:
            kept.append(Part(part.zone, asks, part.step))
    return Recheck(found.rests, tuple(kept), found.cannot, left)


def _gap(report: Report, finding: FindingRow) -> Recheck:
    zone = finding.from_ or ""
    if finding.from_ == finding.to and finding.transport is None and finding.port is None:
        address = (finding.host or "").rpartition("/")[2]
        return Recheck("presence", (Part(zone, (_echo(address),)),))
    rows = [
        flow
        for flow in report.reachability
        if (flow.from_, flow.to) == (finding.from_, finding.to) and flow.verdict in CROSSED and not flow.allowed
    ]
    vias = dict.fromkeys(row.via for row in rows)
    via = next((each for each in vias if each and _about(finding, "dressed", each)), "")
    if _about(finding, "measured", ""):
        return Recheck("nothing", cannot=_CANARY)
    if " leads to " in finding.title:
        return Recheck("nothing", cannot=f"the same has to answer on both sides: scan from {zone} and {finding.to}")
    rows = [
        row
        for row in rows
        if row.via == via
        and (bool(via) or (row.transport == "icmp") == (finding.transport == "icmp"))
        and finding.transport in (None, row.transport)
        and finding.port in (None, row.port)
    ]
    whole = finding.host is not None and finding.port is not None
    if whole:
        addresses = _addresses(report, finding.host)
        rows = [row for row in rows if row.address in addresses and _named(finding, row)] or rows
    elif finding.transport != "icmp" and not via:
        rows = [row for row in rows if not (row.verdict == "REACHED" and row.state == "open")] or rows
    return Recheck("flows", (Part(zone, tuple(map(_ask, rows))),) if rows else ())


def _about(finding: FindingRow, aspect: str, last: str) -> bool:
    """Whether it is the finding about its two zones and this dressing, or this neighbour: its id says so."""
    return finding.id == finding_id(finding.kind, aspect, (finding.from_, finding.to, last))


def _detour(report: Report, finding: FindingRow) -> Recheck:
    """By way of a neighbour, where that is what it was found by; else both legs have to show themselves."""
    rows = [
        flow
        for flow in report.reachability
        if (flow.from_, flow.to) == (finding.from_, finding.to)
        and flow.verdict in CROSSED
        and (neighbour := neighbour_of(flow.via)) is not None
        and any(_about(finding, aspect, neighbour) for aspect in ("forwards", "weak-host"))
    ]
    if rows:
        return Recheck("flows", (Part(finding.from_ or "", tuple(map(_ask, rows))),))
    ends = " and ".join(filter(None, (finding.from_, finding.to)))
    return Recheck("nothing", cannot=f"the same machine has to show itself in {ends}: scan from each of them")


def _named(finding: FindingRow, row: FlowRow) -> bool:
    """Whether it is the very address that the finding's command asks, where the host has several."""
    return row.address in finding.replay.split()


def _blocked(report: Report, finding: FindingRow, grounds: Grounds) -> Recheck:
    transport, port = finding.transport, finding.port
    if transport is None or port is None:
        return Recheck("nothing", cannot="the finding names no port")
    if finding.from_ is None:
        zone = finding.to or ""
        seen = sorted((grounds.evidence.in_use(zone) or set()) - grounds.evidence.laptops, key=address_key)
        return Recheck("blocked", (Part(zone, tuple(Ask(each, transport, port) for each in seen)),))
    rows = [
        flow
        for flow in report.reachability
        if (flow.from_, flow.to) == (finding.from_, finding.to)
        and (flow.transport, flow.port, flow.via) == (transport, port, "")
        and f"{flow.address}: " in finding.evidence
    ]
    return Recheck("blocked", (Part(finding.from_, tuple(map(_ask, rows))),) if rows else ())


def _path(report: Report, finding: FindingRow) -> Recheck:
    ways = [each for each in report.paths if each.from_ == finding.from_ and each.host == finding.host]
    way = next((each for each in ways if len(each.hops) == len(finding.path) and each.critical in finding.title), None)
    parts: list[Part] = []
    bridges: list[str] = []
    for number, hop in enumerate(way.hops if way else (), 1):
        if hop.allowed:
            continue
        asks = tuple(map(_ask, _flows_of(report, hop)))
        if asks:
            parts.append(Part(hop.from_, asks, f"step {number} ({hop.from_} → {hop.to})"))
        else:
            bridges.append(f"step {number} ({hop.from_} → {hop.to}) is a machine with a leg in each zone")
    return Recheck("steps", tuple(parts), "; ".join(bridges))


def _flows_of(report: Report, hop: HopRow) -> Iterator[FlowRow]:
    addresses = _addresses(report, hop.to)
    for flow in report.reachability:
        if (
            (flow.from_, flow.transport, flow.port) == (hop.from_, hop.transport, hop.port)
            and flow.address in addresses
            and flow.verdict == "REACHED"
            and not flow.allowed
        ):
            yield flow


def _console(report: Report, finding: FindingRow, grounds: Grounds) -> Recheck:
    rows = [
        flow
        for flow in report.reachability
        if (flow.from_, flow.transport, flow.port) == (finding.from_, finding.transport, finding.port)
        and flow.verdict == "REACHED"
        and flow.state == "open"
        and grounds.judge.own_leg(flow.address)
    ]
    return Recheck("flows", (Part(finding.from_ or "", tuple(map(_ask, rows))),) if rows else ())


def _service(report: Report, finding: FindingRow, grounds: Grounds) -> Recheck:
    host = next((each for each in report.hosts if each.id == finding.host), None)
    if host is None:
        return Recheck("service")
    ports = set(_ports(report, finding, host))
    keys: list[FlowKey] = [(a, transport, port) for a in host.addresses for transport, port in sorted(ports)]
    views = grounds.evidence.views
    parts = []
    for zone in sorted(views, key=lambda each: (each != host.zone, each)):
        asks = tuple(Ask(*key) for key in keys if _reached(grounds, zone, key))
        if asks:
            parts.append(Part(zone, asks))
    return Recheck("service", tuple(parts))


def _ports(report: Report, finding: FindingRow, host: HostRow) -> Iterator[tuple[Transport, Port]]:
    """The ports that a finding about a host speaks of: the one, or those of its product, or whose names it tells."""
    if finding.transport is not None and finding.port is not None:
        yield finding.transport, finding.port
        return
    wanted = {
        each.product
        for each in report.patches
        if finding.kind in _PATCHES and each.host == host.id and f"{each.title} " in finding.title
    }
    told = finding.title.partition(":")[0].replace(",", " ").split()
    for service in host.services:
        if service.product in wanted or f"{service.transport}/{service.port}" in told:
            yield service.transport, service.port


def _reached(grounds: Grounds, zone: str, key: FlowKey) -> bool:
    view = grounds.evidence.views[zone]
    row = view.answer(*key)
    if row is None or row.state != "open":
        return False
    return grounds.judge.controls.inside(view, key[0]) or grounds.judge.verdict(view, key).verdict == "REACHED"


def _addresses(report: Report, host: str | None) -> set[str]:
    """The addresses of a host by its id; one of which nothing is known has the one in its id."""
    named = [address for each in report.hosts if each.id == host for address in each.addresses]
    return {*named, (host or "").rpartition("/")[2]}


def _echo(address: str) -> Ask:
    return Ask(address, "icmp", 128 if ":" in address else 8)


def _ask(row: FlowRow) -> Ask:
    return Ask(row.address, row.transport, row.port, row.via)


def grouped(asks: Iterable[Ask]) -> Iterator[tuple[Via, tuple[Port, ...], tuple[Port, ...], bool, tuple[str, ...]]]:
    """(via, TCP ports, UDP ports, whether echo, addresses): each group is asked every one of its ports, and nothing
    beyond what is to be asked but that echo goes with the timestamp request."""
    wanted: dict[tuple[Via, str], dict[Transport, set[int]]] = {}
    for ask in asks:
        ports = wanted.setdefault((ask.via, ask.address), {"tcp": set(), "udp": set(), "icmp": set()})
        ports[ask.transport].add(ask.port)
    groups: dict[tuple[Via, bool, tuple[int, ...], tuple[int, ...], bool], list[str]] = {}
    for (via, address), ports in wanted.items():
        kind = (via, ":" in address, tuple(sorted(ports["tcp"])), tuple(sorted(ports["udp"])), bool(ports["icmp"]))
        groups.setdefault(kind, []).append(address)
    for (via, _, tcp, udp, echo), addresses in groups.items():
        yield via, tcp, udp, echo, tuple(addresses)
