"""What there is to draw of a finding: where one starts, the steps, where one ends. No geometry."""

from __future__ import annotations

from typing import Literal

import msgspec

from scanner.exporters.fence_words import path_of
from scanner.exporters.verdict import is_scan
from scanner.model.hops import asked, hop_proof, hop_service, hop_words, service_of
from scanner.model.report import CROSSED, FindingRow, FlowRow, HopRow, HostRow, PathRow, Report
from scanner.model.text import plural
from tui.lookup import flows_by_pair, hosts_by_id

Tone = Literal["forbidden", "allowed", "plain", "blocked", "bridge"]
"""Of a step: what policy forbids and crossed; what it allows; what policy has no say in or nothing is known of; what
did not get through and should; a machine with a leg in each zone, which is past every fence."""

_SEEN = {
    "REACHED": "reached: it answered",
    "ONE_WAY": "one way: it arrived, no answer came back",
    "TARGET_DOWN_PATH_OPEN": "let through, and nobody was at the address",
    "REJECTED": "rejected by a middlebox",
    "DROPPED": "dropped",
    "UNPROVEN": "unproven: silence without a control",
    "UNTESTED": "not tested",
}


class Stop(msgspec.Struct, frozen=True):
    """A place on the way: a zone, and the host in it, if it is one."""

    zone: str
    note: str = ""
    """Of the zone: its trust."""
    host: str = ""
    """Its address."""
    name: str = ""
    critical: str = ""
    """The critical system that it is."""
    goal: bool = False
    nobody: bool = False
    """Nobody was seen to hold the address."""
    who: str = ""
    """Of a zone without a host: who stands there."""


class Step(msgspec.Struct, frozen=True):
    """How one gets from a stop to the next."""

    label: str
    """The service: `tcp/22, from source port 53`."""
    words: str
    proof: str
    tone: Tone
    inferred: bool = False
    cut: str = ""
    """The denial of the least cut that stops it: `guest → servers`."""
    evidence: str = ""

    @property
    def policy(self) -> str:
        return {"forbidden": "against policy", "allowed": "allowed by policy", "blocked": "required by policy"}.get(
            self.tone, ""
        )


class Scene(msgspec.Struct, frozen=True):
    """One more stop than steps."""

    stops: tuple[Stop, ...]
    steps: tuple[Step, ...]


class _Places:
    """Zones and hosts by name, looked up for one scene."""

    def __init__(self, report: Report) -> None:
        self.trust = {zone.name: "" if zone.trust == zone.name else zone.trust for zone in report.zones}
        self.hosts = report.hosts
        self.laptop = {each.zone: each.address for each in report.vantages if is_scan(each)}

    def host(self, id: str) -> HostRow | None:
        return next((each for each in self.hosts if each.id == id), None)

    def zone(self, name: str, who: str = "") -> Stop:
        return Stop(name, self.trust.get(name, ""), who=who)

    def vantage(self, name: str) -> Stop:
        """A zone that something was probed from."""
        return self.zone(name, f"probed from {self.laptop[name]}" if name in self.laptop else "the zone")

    def stop(self, id: str, *, critical: str = "", goal: bool = False, home: str = "") -> Stop:
        """`id`: `zone/address`, or an address in the zone `home`."""
        zone, slash, address = id.rpartition("/")
        zone = zone if slash else home
        found = self.host(f"{zone}/{address}")
        name = found.names[0] if found and found.names else ""
        if not critical and found and found.critical:
            critical = found.critical
        return Stop(zone, self.trust.get(zone, ""), address, name, critical, goal)


def scene(finding: FindingRow, report: Report) -> Scene | None:
    """The way that a finding tells; None where it tells none, as of a version that is too old."""
    places = _Places(report)
    if finding.kind == "attack-path":
        path = path_of(finding, report.paths)
        return None if path is None else of_path(path, report, finding.id)
    if finding.from_ is None or finding.to is None:
        return None
    draw = _bridge if finding.kind == "dual-homed" else _flow
    return draw(finding, finding.from_, finding.to, places, report)


def of_path(path: PathRow, report: Report, id: str = "") -> Scene:
    """A path of the report. `id`: the finding that tells it, so that only a denial that closes it is called its cut."""
    places = _Places(report)
    stops = [places.zone(path.from_, "a foothold in the zone")]
    steps = []
    for number, hop in enumerate(path.hops, 1):
        last = number == len(path.hops)
        stops.append(places.stop(hop.to, critical=path.critical if last else "", goal=last))
        inside = stops[-1].zone == stops[-2].zone
        steps.append(_step(hop, path.critical if last else "", inside, report, id))
    return Scene(tuple(stops), tuple(steps))


def _step(hop: HopRow, critical: str, inside: bool, report: Report, id: str) -> Step:
    bridge = hop.transport is None
    # Inside a zone policy allows everything, unless it says otherwise.
    tone: Tone = "forbidden" if not hop.allowed else "plain" if inside else "allowed"
    to = hop.to.rpartition("/")[0]
    return Step(
        label=hop_service(hop),
        words=hop_words(hop, critical),
        proof=hop_proof(hop),
        tone="bridge" if bridge else tone,
        inferred=not hop.observed,
        cut="" if bridge or hop.allowed else _cut(hop.from_, to, report, id),
        evidence=hop.evidence,
    )


def _cut(from_: str, to: str, report: Report, id: str) -> str:
    denials = report.cut.denials if report.cut else ()
    held = any((each.from_, each.to) == (from_, to) and id in each.closes for each in denials)
    return f"{from_} → {to}" if held else ""


def _bridge(finding: FindingRow, from_: str, to: str, places: _Places, report: Report) -> Scene:
    """One machine, or what is probably one, in two zones."""
    legs = [each for each in finding.path if "/" in each and " " not in each]
    start = places.stop(legs[0] if legs else finding.host or "", home=from_)
    if not start.host:
        start = places.zone(from_, "the zone")
    words = "the same machine has a leg in each zone"
    if len(legs) == 2:
        end = places.stop(legs[1], goal=True)
    else:
        # Asked by way of it, it answered for an address of the other zone.
        asked_by = (each for each in report.reachability if each.via == f"by-{start.host}")
        flow = next((each for each in asked_by if (each.from_, each.to) == (from_, to)), None)
        end = places.stop(flow.address, home=to, goal=True) if flow else places.zone(to, "the zone")
        words = "it answers for its leg in the other zone"
    label = service_of(finding.transport, finding.port)
    return Scene((start, end), (Step(label, words, "past every firewall", "bridge", evidence=finding.evidence),))


def _flow(finding: FindingRow, from_: str, to: str, places: _Places, report: Report) -> Scene:
    found = flows_of(finding, report)
    flow = found[0] if found else None
    nobody = flow is not None and flow.verdict == "TARGET_DOWN_PATH_OPEN"
    if finding.host:
        end = places.stop(finding.host, home=to, goal=True)
    elif flow is not None:
        end = places.stop(flow.address, home=to, goal=True)
    else:
        end = msgspec.structs.replace(places.zone(to, "the zone"), goal=True)
    label = service_of(finding.transport, finding.port)
    if flow is not None and label and flow.address != end.host:
        label += f" of {flow.address}"
    if flow is not None and flow.via:
        label += f", {asked(flow.via)}"
    # Of a finding over many ports the title says what they have in common.
    words = "" if finding.port is not None and finding.transport != "icmp" else _short(finding)
    proof = _SEEN.get(flow.verdict, flow.verdict) if flow is not None else "observed"
    more = len({each.address for each in found if each.verdict in CROSSED and not each.allowed}) - 1
    if more > 0 and finding.port is not None:
        proof += f"; {plural(more, 'more address', 'more addresses')} too"
    step = Step(label, words, proof, _tone(finding, flow), evidence=finding.evidence)
    if step.tone == "forbidden":
        step = msgspec.structs.replace(step, cut=_cut(from_, to, report, finding.id))
    return Scene((places.vantage(from_), msgspec.structs.replace(end, nobody=nobody)), (step,))


def _short(finding: FindingRow) -> str:
    """The title without the zones, which the drawing shows."""
    return finding.title.removeprefix(f"{finding.from_} → {finding.to}: ")


def _tone(finding: FindingRow, flow: FlowRow | None) -> Tone:
    if finding.kind == "required-flow-blocked":
        return "blocked"
    if finding.kind == "segmentation-gap" or (flow is not None and not flow.allowed and flow.verdict in CROSSED):
        return "forbidden"
    return "plain" if flow is None else "allowed"


def flows_of(finding: FindingRow, report: Report) -> list[FlowRow]:
    """The flows that a finding about two zones rests on: those that crossed first, those of its own host before others.

    Of a finding without a port all that crossed against policy between the zones, to its host if it has one.
    """
    pair = (finding.from_, finding.to)
    rows = [each for each in flows_by_pair(report)[pair] if _fits(each, finding)]
    if finding.host is not None:
        mine = _addresses(finding.host, report)
        rows = [each for each in rows if each.address in mine]
    return sorted(rows, key=lambda each: (each.verdict not in CROSSED, each.allowed, bool(each.via)))


def _fits(flow: FlowRow, finding: FindingRow) -> bool:
    if finding.port is None:
        return flow.verdict in CROSSED and not flow.allowed
    return (flow.transport, flow.port) == (finding.transport, finding.port)


def _addresses(host: str, report: Report) -> frozenset[str]:
    found = hosts_by_id(report).get(host)
    return frozenset((*(found.addresses if found else ()), host.rpartition("/")[2]))
