"""What a canary measured: the verdicts on all ports of its address at once, by ranges, never port by port."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from scanner.assess.facts.ears import Ears
from scanner.assess.facts.evidence import Evidence, FlowKey
from scanner.assess.facts.portmask import mask_of
from scanner.assess.facts.view import View
from scanner.assess.verdicts.controls import Controls, hops_of
from scanner.model.addresses import AddressSet
from scanner.model.base import Transport
from scanner.model.observation import Arrival, Conversation, PortState, Scan, Session, Silence, Via
from scanner.model.report import FlowVerdict

SIGNED = "canary"
"""The kind of the reading that is there only where the canary signed what it said."""
_UNSIGNED: dict[str, frozenset[Transport]] = {
    "connect": frozenset({"tcp"}),
    "nmap": frozenset({"tcp", "udp", "icmp"}),
}
"""Engine -> the transports whose probes bear no signature before a connection stands."""
_ARP_GIVES_UP_MS = 500.0
TRANSPORTS: tuple[Transport, ...] = ("tcp", "udp", "icmp")

Place = tuple[Via, str, Transport]


class Segment(NamedTuple):
    """Ports of equal verdict."""

    ports: int
    """A mask."""
    row: PortState
    """What came back."""
    scan: Scan
    verdict: FlowVerdict
    reason: str


class _Asked(msgspec.Struct):
    """What one scan asked an address by one transport."""

    session: Session
    begin: float
    """No probe of it was sent before."""
    window: tuple[float, float]
    answered: list[PortState] = []
    silent: list[PortState] = []


class Measured:
    """Draws verdicts on flows to canaries' addresses."""

    def __init__(self, evidence: Evidence, controls: Controls) -> None:
        self._evidence = evidence
        self._ears: Ears = evidence.ears
        self._controls = controls
        self._asked: dict[str, dict[Place, list[_Asked]]] = {}
        self._segments: dict[tuple[str, Place], list[Segment]] = {}
        self._by_port: dict[tuple[str, Place], tuple[dict[int, Segment], list[Segment]]] = {}
        """The same: those of one port by that port, and the others."""
        self._talks: dict[str, dict[str, tuple[int, int]]] = {}
        """Scan -> address -> masks of the TCP ports that it talked to, and of those that signed what they said."""
        self._hops: dict[tuple[str, str, Via, str], set[int]] = {}

    def find(self, view: View, key: FlowKey) -> Segment | None:
        """The segment that a flow lies in; None where no signed scan asked it."""
        address, transport, port = key
        if not self._ears or not self._ears.holds(address):
            return None
        place = view.zone, (view.via, address, transport)
        index = self._by_port.get(place)
        if index is None:
            index = self._by_port[place] = {}, []
            for each in self.segments(view.plain, view.via, address, transport):
                lowest = each.ports & -each.ports
                if each.ports == lowest:
                    index[0][lowest.bit_length() - 1] = each
                else:
                    index[1].append(each)
        return index[0].get(port) or next((each for each in index[1] if each.ports >> port & 1), None)

    def vias(self, view: View, address: str) -> list[Via]:
        """The dresses in which an address was asked, the plain one first."""
        return sorted({via for via, asked, _ in self._places(view) if asked == address})

    def segments(self, view: View, via: Via, address: str, transport: Transport) -> list[Segment]:
        """All that was asked, each port in one segment. The newest scan counts, and in one scan any answer."""
        place = via, address, transport
        found = self._segments.get((view.zone, place))
        if found is None:
            found = self._segments[view.zone, place] = []
            left = -1
            for asked in self._places(view).get(place, ()):
                rows = [*reversed(asked.answered), *reversed(asked.silent)]
                for row in rows:
                    ports = mask_of(row.ports) & left
                    left &= ~ports
                    if ports:
                        found.extend(self._judge(view, via, address, transport, asked, row, ports))
        return found

    def _places(self, view: View) -> dict[Place, list[_Asked]]:
        found = self._asked.get(view.zone)
        if found is None:
            found = self._asked[view.zone] = {}
            every = {a for zone in self._evidence.site.zones for a in self._ears.addresses(zone.name)}
            for session in reversed(view.signing):
                for place, asked in _rows(session, every).items():
                    found.setdefault(place, []).append(asked)
        return found

    def _judge(
        self, view: View, via: Via, address: str, transport: Transport, asked: _Asked, row: PortState, ports: int
    ) -> Iterator[Segment]:
        scan = asked.session.scan
        left = ports
        for mask, arrival in self._arrivals(asked, address, transport, via):
            if part := mask & left:
                left &= ~part
                yield Segment(part, row, scan, *self._arrived(view, address, row, arrival))
            if not left:
                return
        plain = transport == "tcp" and row.state == "open" and not via
        if plain and (part := self._talked(asked, address, signed=True) & left):
            left &= ~part
            yield Segment(part, row, scan, "REACHED", "the canary itself answered: what it said is signed")
        end = row.at
        for cover in self._ears.covers(scan, asked.window, address, transport, asked.begin, end):
            part = cover.ports & left
            left &= ~part
            if part and row.state == "silent":
                yield Segment(
                    part, row, scan, *self._silent(view, via, address, transport, asked, row, cover.how, cover.doubt)
                )
            elif part:
                yield from self._answered(view, via, address, transport, asked, row, part, cover.how, cover.doubt)
        if left and row.state == "silent":
            yield Segment(left, row, scan, "UNPROVEN", "silence, and no canary listened there as long as it was asked")
        elif left:
            yield Segment(left, row, scan, *self._unheard(view, via, address, transport, asked, row))

    def _arrived(self, view: View, address: str, row: PortState, arrival: Arrival) -> tuple[FlowVerdict, str]:
        how = "a connection arrived at the canary and its data were signed" if arrival.how == "connection" else ""
        what = (how or "arrived at the canary") + self._translated(view, arrival)
        if arrival.how == "connection":
            return "REACHED", what
        if row.state == "silent":
            return "ONE_WAY", f"{what}; no answer came back"
        if row.source is not None and row.source != address:
            return "ONE_WAY", f"{what}; instead of its answer came {row.reason} from {row.source}"
        return "REACHED", f"{what}, and an answer came back ({row.reason})"

    def _translated(self, view: View, arrival: Arrival) -> str:
        notes = ""
        zone = self._evidence.site.zone(view.zone)
        if zone is not None and not zone.holds(arrival.source):
            notes += f" from {arrival.source}: the source is translated on the way (masquerading)"
        if arrival.asked:
            notes += f", on port {arrival.ports} instead of {arrival.asked}: the port is translated on the way"
        return notes

    def _silent(
        self,
        view: View,
        via: Via,
        address: str,
        transport: Transport,
        asked: _Asked,
        row: PortState,
        how: str,
        doubt: str,
    ) -> tuple[FlowVerdict, str]:
        scan = asked.session.scan
        if row.tries < 2:
            return "UNPROVEN", "silence after one try only"
        if doubt:
            return "UNPROVEN", f"silence, and {doubt}"
        if scan.id in view.lossy:
            return "UNPROVEN", f"silence, and the scan from {view.zone} lost more packets than it could make up for"
        if astray := self._controls.evidence.standing.doubt(scan, ":" in address):
            return "UNPROVEN", f"silence, and {astray}"
        known_good = self._controls.reached_since(view, scan, row.at)
        if known_good is None:
            return "UNPROVEN", f"silence, and nothing shows that the laptop in {view.zone} still reached anything"
        controls = f"while it listened, and {view.zone} afterwards reached {known_good}"
        no_answer = f"no answer came from the canary to {row.tries} tries {controls}"
        if transport in _UNSIGNED.get(scan.engine, ()):
            return "DROPPED", f"{no_answer}; whether they arrive is not known, as {scan.engine} sends them unsigned"
        if how == "sockets" and transport == "tcp":
            return "DROPPED", f"{no_answer}; whether they arrive a canary without privilege cannot see"
        signatures = self._signatures(view, via, address, asked) if transport == "tcp" else "survive"
        if signatures != "survive":
            why = "signatures are lost on the way" if signatures else "no signature is known to survive the way"
            return "DROPPED", f"{no_answer}; whether they arrive is not known, as {why}"
        return "DROPPED", f"nothing arrived at the canary of {row.tries} signed tries {controls}"

    def _answered(
        self,
        view: View,
        via: Via,
        address: str,
        transport: Transport,
        asked: _Asked,
        row: PortState,
        ports: int,
        how: str,
        doubt: str,
    ) -> Iterator[Segment]:
        """Something answered, and nothing is known to have arrived."""
        scan = asked.session.scan
        unseen = how == "sockets" and transport == "tcp"
        if doubt or transport in _UNSIGNED.get(scan.engine, ()) or unseen:
            verdict, reason = self._unheard(view, via, address, transport, asked, row)
            yield Segment(ports, row, scan, verdict, f"{reason}; {doubt}" if doubt else reason)
            return
        sure = transport != "tcp" or self._signatures(view, via, address, asked) == "survive"
        nothing = "nothing arrived" if sure else "no signed probe arrived"
        if row.source is not None and row.source != address:
            late = row.rtt_ms is not None and row.rtt_ms >= _ARP_GIVES_UP_MS
            if row.state == "unreachable" and late and row.reason in ("icmp-3-1", "icmp6-1-3"):
                reason = f"{row.source} tried to deliver, and found nobody although the canary listened"
                yield Segment(ports, row, scan, "TARGET_DOWN_PATH_OPEN", reason)
            else:
                reason = f"{row.source} refused it ({row.reason}): {nothing} at the canary, which listened"
                yield Segment(ports, row, scan, "REJECTED", reason)
            return
        near = self._distances(view, via, address, asked)
        hops = hops_of(row.ttl)
        unsure = hops in near if row.state == "open" or not sure else False
        if hops is None or unsure or (hops and not near and (row.state == "open" or not sure)):
            reason = f"{row.reason}, which may be the canary's own answer, although it knows of no arrival"
            yield Segment(ports, row, scan, "UNPROVEN", reason)
            return
        who = f"the first hop{_named(view)}" if hops == 0 else f"a middlebox (TTL {row.ttl})"
        if row.state != "open" or transport != "tcp":
            reason = f"{row.reason} is {who}'s: {nothing} at the canary, which listened"
            yield Segment(ports, row, scan, "REJECTED", reason)
            return
        tried = 0 if via else self._talked(asked, address, signed=False)
        window = ", window 0" if row.window == 0 else ""
        proxy = f"{row.reason} with TTL {row.ttl}{window} is {who}'s (SYN proxy)"
        if part := ports & tried:
            reason = f"{proxy}: a whole connection was tried, and nothing arrived at the canary, which listened"
            yield Segment(part, row, scan, "REJECTED", reason)
        if part := ports & ~tried:
            reason = f"{proxy}: whether it lets a whole connection through was not tried"
            yield Segment(part, row, scan, "UNPROVEN", reason)

    def _unheard(
        self, view: View, via: Via, address: str, transport: Transport, asked: _Asked, row: PortState
    ) -> tuple[FlowVerdict, str]:
        """An answer where the canary could not have told of an arrival: its own distance has to do."""
        if row.source is not None and row.source != address:
            return "REJECTED", f"{row.reason} from {row.source}, not from the canary"
        hops = hops_of(row.ttl)
        if hops is not None and hops in self._distances(view, via, address, asked):
            if row.state == "closed":
                return "REACHED", f"closed port: {row.reason} from as far away as the canary (TTL {row.ttl})"
            if row.window != 0:
                return "REACHED", f"{row.reason} from as far away as the canary (TTL {row.ttl})"
        return "UNPROVEN", f"{row.reason}, and whether it is the canary's own is not known"

    def _distances(self, view: View, via: Via, address: str, asked: _Asked) -> set[int]:
        """Hops to the canary, by answers to probes that provably arrived there as they were sent."""
        place = view.zone, asked.session.scan.id, via, address
        if place in self._hops:
            return self._hops[place]
        found = self._hops[place] = set()
        for transport in TRANSPORTS:
            heard = 0
            for mask, arrival in self._arrivals(asked, address, transport, via):
                heard |= mask if arrival.how == "packet" else 0
            for other in self._places(view).get((via, address, transport), ()):
                if other.session is asked.session:
                    found |= {
                        hops
                        for row in other.answered
                        if row.state == "open" and mask_of(row.ports) & heard and row.window != 0
                        for hops in (hops_of(row.ttl),)
                        if hops is not None
                    }
        return found

    def _signatures(self, view: View, via: Via, address: str, asked: _Asked) -> str:
        """Whether the signatures of SYNs `survive` the way, or are `lost`, as firewalls do that rewrite sequence
        numbers; empty where nothing tells."""
        packets = connections = 0
        for mask, arrival in self._arrivals(asked, address, "tcp", via):
            if arrival.how == "connection":
                connections |= mask
            else:
                packets |= mask
        if not via:
            connections |= self._talked(asked, address, signed=True)
        return "lost" if connections & ~packets else "survive" if packets else ""

    def _arrivals(self, asked: _Asked, address: str, transport: Transport, via: Via) -> list[tuple[int, Arrival]]:
        return self._ears.arrivals(asked.session.scan, asked.window, address, transport, via)

    def _talked(self, asked: _Asked, address: str, signed: bool) -> int:
        """The TCP ports to which that very scan tried a whole connection; if `signed`, only those of which the canary
        signed what it said: an earlier scan's words prove nothing of this one's packets."""
        found = self._talks.get(asked.session.scan.id)
        if found is None:
            found = self._talks[asked.session.scan.id] = {}
            for talk in asked.session.observations:
                if isinstance(talk, Conversation) and talk.transport == "tcp" and talk.outcome != "withheld":
                    tried, proven = found.get(talk.address, (0, 0))
                    port = 1 << talk.port
                    sure = port if any(each.kind == SIGNED for each in talk.readings) else 0
                    found[talk.address] = tried | port, proven | sure
        return found.get(address, (0, 0))[signed]


def _rows(session: Session, canaries: set[str]) -> dict[Place, _Asked]:
    """What a session asked the canaries' addresses. Of one that verifies only what was answered counts."""
    latest = session.scan.started
    begins: dict[bool, float] = {}
    found: dict[Place, list[PortState]] = {}
    here = AddressSet.of(canaries)
    for each in session.observations:
        if isinstance(each, PortState) and each.address in canaries:
            begins.setdefault(each.transport == "icmp", latest)
            found.setdefault((each.via, each.address, each.transport), []).append(each)
        elif isinstance(each, Silence):
            for address in AddressSet.parse(each.addresses) & here:
                begins.setdefault(each.transport == "icmp", latest)
                quiet = PortState(
                    address, each.transport, each.ports, "silent", "no-response", each.at, tries=each.tries
                )
                found.setdefault((each.via, address, each.transport), []).append(quiet)
        latest = max(latest, each.at if hasattr(each, "at") else latest)
    begin = begins.get(False, begins.get(True, latest))
    window = session.scan.started, max(session.scan.ended or 0.0, latest)
    whole = session.scan.purpose == "scan"
    return {
        place: _Asked(
            session,
            begin,
            window,
            [row for row in rows if row.state != "silent"],
            [row for row in rows if row.state == "silent" and whole],
        )
        for place, rows in found.items()
    }


def _named(view: View) -> str:
    return f" ({', '.join(sorted(view.gateways))})" if view.gateways else ""
