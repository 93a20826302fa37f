"""One flow's verdict, from the answer to its probe and the controls around it.

The rules lean one way: where the evidence could be a middlebox's doing, the verdict is UNPROVEN, which is never green.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from scanner.assess.facts.evidence import TIMESTAMP, Evidence, FlowKey, View, utc
from scanner.assess.policies.policy import Policy
from scanner.assess.verdicts.around import around
from scanner.assess.verdicts.controls import Controls, all_hops, hops_of, initial_of
from scanner.assess.verdicts.measured import Measured
from scanner.assess.verdicts.measured_rows import flow_rows, measured_rows, stood_at
from scanner.assess.verdicts.near import same_host
from scanner.model.observation import PortState, Via
from scanner.model.report import FlowRow, FlowVerdict, MeasuredRow
from scanner.model.text import visible

_HOST_UNREACHABLE = frozenset({"icmp-3-1", "icmp6-1-3"})
_ARP_GIVES_UP_MS = 500.0
"""A router that tried to deliver says host-unreachable when its ARP gave up: seconds later, not at once."""
_CONTROL_DAYS = 31
"""A service seen up longer ago, or later, than this is no control for a silence: visits are a month apart at most."""


class Verdict(msgspec.Struct, frozen=True):
    verdict: FlowVerdict
    reason: str
    evidence: str
    state: str = ""


class Judge:
    """Draws verdicts on flows of a site's evidence. Every question is a (view, address, transport, port), and the view
    one of plain probes or of differently dressed ones: the two never mix."""

    def __init__(self, evidence: Evidence, policy: Policy, two_legged: dict[str, set[str]]) -> None:
        """`two_legged`: address -> the other zones in which the same machine has a leg."""
        self.evidence = evidence
        self.policy = policy
        self.two_legged = two_legged
        self.controls = Controls(evidence)
        self._measured = Measured(evidence, self.controls)

    def verdict(self, view: View, key: FlowKey, via: Via = "") -> Verdict:
        """The verdict on one flow that crosses into another zone, or stays inside an isolated one."""
        asked = view.dressed_as(via) if via else view
        if asked is None:
            return Verdict("UNTESTED", f"nobody probed it from {view.zone}", "")
        part = self._measured.find(asked, key)
        if part is not None:
            return Verdict(part.verdict, part.reason, self._evidence(asked, key, part.row), part.row.state)
        row = asked.answer(*key)
        if row is None:
            return Verdict("UNTESTED", f"nobody probed it from {view.zone}", "")
        verdict, reason = self._draw(asked, key, row)
        return Verdict(verdict, reason, self._evidence(asked, key, row), row.state)

    def row(self, view: View, key: FlowKey, via: Via = "") -> FlowRow:
        address, transport, port = key
        found = self.verdict(view, key, via)
        asked = view.dressed_as(via) if via else view
        return FlowRow(
            from_=view.zone,
            to=self.evidence.zone_of(address) or "",
            address=address,
            transport=transport,
            port=port,
            verdict=found.verdict,
            reason=found.reason,
            # A neighbour's link-local address is meant by no rule; what is allowed to the neighbour is allowed to it.
            allowed=all(
                self.policy.allows(view.zone, self._stood_at(asked or view, key), each, transport, port)
                for each in (tuple(same_host(view, address)) or (address,))
            ),
            evidence=found.evidence,
            state=found.state,
            via=via or view.via,
        )

    def measured(self, view: View, address: str) -> Iterator[MeasuredRow]:
        """What a canary at `address` measured from that view: all that was asked, however it was dressed."""
        return measured_rows(self._measured, self.policy, view, address, self.evidence.zone_of(address) or "")

    def measured_flows(self, view: View, address: str) -> Iterator[FlowRow]:
        """Of the same the flows that were answered, or arrived, one by one; of too many equal ones none."""
        return flow_rows(self._measured, view, address, self.row)

    def _stood_at(self, view: View, key: FlowKey) -> str:
        """The laptop's address, of the target's family, when it asked; a rule may name one address only."""
        part = self._measured.find(view, key)
        scan = part.scan if part else view.asker(key)
        return stood_at(scan, key[0]) if scan else view.address

    def own_leg(self, address: str) -> bool:
        """Whether it is a router's own address in its zone: what answers there did not cross into the zone."""
        return self.controls.own_leg(address)

    # Each of these returns (verdict, reason).

    def _draw(self, view: View, key: FlowKey, row: PortState) -> tuple[FlowVerdict, str]:
        address = key[0]
        refusal = row.state in ("closed", "rejected", "unreachable")
        if refusal and self.own_leg(address) and row.source in (None, address):
            return "REJECTED", f"{address} is the router's own leg: it answered itself, nothing crossed"
        if view.via.startswith("by-") and not self.controls.inside(view, address):
            found = around(self.controls, self.two_legged, view, key, row)
            if found is not None:
                return found
        draw = {
            "open": self._open,
            "closed": self._closed,
            "rejected": self._rejected,
            "unreachable": self._unreachable,
            "silent": self._silent,
        }[row.state]
        return draw(view, key, row)

    def _open(self, view: View, key: FlowKey, row: PortState) -> tuple[FlowVerdict, str]:
        address, transport, _ = key
        inside = self.controls.inside(view, address)
        talk = view.words(key)
        if self.own_leg(address):
            if transport == "icmp":
                return "REJECTED", f"{address} is the router's own leg: it answered itself, nothing crossed"
            if transport == "udp":
                return "REACHED", f"{address} is the router's own leg: a service of its own answered, nothing crossed"
            if talk is None and not inside and (row.window == 0 or self.controls.answers_for_unused(view, key)):
                return "UNPROVEN", (
                    f"{address} is the router's own leg, and nothing was said: the router shakes hands for every "
                    "address (SYN proxy)"
                )
            return (
                "REACHED",
                f"{address} is the router's own leg: an open port there is its management, or a port forward",
            )
        if talk is not None:
            if not inside and self.controls.portal(view, key, row):
                return "UNPROVEN", (
                    "addresses that nobody holds speak on this port as well, from as far away: a middlebox (a captive "
                    "portal, a transparent proxy) answers for the zone"
                )
            return "REACHED", f"the service answered: {talk.received} bytes by {talk.probe}"
        if inside and self.controls.proxied(view, address):
            return "UNPROVEN", f"{address} has the router's MAC: it may answer for its neighbours (proxy ARP)"
        if inside:
            return "REACHED", "answered on the same link"
        hops = hops_of(row.ttl)
        if hops == 0 and view.zone not in self.two_legged.get(address, set()):
            return "UNPROVEN", (
                f"{row.reason} with TTL {row.ttl} came from the first hop, which may answer for a target that it hides "
                "(SYN proxy, proxy ARP)"
            )
        if row.window == 0 and transport == "tcp":
            return "UNPROVEN", f"{row.reason} with window 0 and nothing said: a SYN proxy shakes hands like that"
        if self.controls.opened_for_show(view, key):
            return "UNPROVEN", (
                "ports that the zone's own vantage found closed seem open from here: something shakes hands for the "
                "target (SYN proxy)"
            )
        known = self.controls.confirmed_ttls(view, address)
        if hops is not None and known and hops not in all_hops(known) and transport == "tcp":
            return "UNPROVEN", f"SYN-ACK with TTL {row.ttl}, but the target's other answers have {_list(known)}"
        if self.controls.answers_for_unused(view, key):
            return (
                "UNPROVEN",
                "addresses that nobody holds answer on this port as well: a middlebox answers for the zone",
            )
        if transport == "icmp":
            return "REACHED", "timestamp reply" if key[2] == TIMESTAMP else "echo reply"
        return "REACHED", "handshake completed" if transport == "tcp" else "the service replied"

    def _closed(self, view: View, key: FlowKey, row: PortState) -> tuple[FlowVerdict, str]:
        address, transport, _ = key
        if row.source is not None and row.source != address:
            if self.controls.behind_the_fence(view, address, row.source):
                return (
                    "UNPROVEN",
                    f"{row.reason} from {row.source}, which is no router's leg: it stands in the zone too",
                )
            return "REJECTED", f"{row.reason} from {row.source}, not from the target"
        if self.controls.inside(view, address):
            if self.controls.proxied(view, address):
                return "UNPROVEN", f"{address} has the router's MAC: it may refuse for its neighbours (proxy ARP)"
            return "REACHED", "closed port: the host itself answered"
        what = "RST" if transport == "tcp" else "port unreachable"
        if row.ttl is None:
            return "UNPROVEN", f"{what}, but the connect engine cannot see whose it is (no TTL)"
        return self._whose(view, key, row, row.ttl, what)

    def _whose(self, view: View, key: FlowKey, row: PortState, ttl: int, what: str) -> tuple[FlowVerdict, str]:
        """A refusal in the target's name, from another zone: the target's own, or a middlebox's?"""
        address = key[0]
        known = self.controls.confirmed_ttls(view, address)
        hops = hops_of(ttl) or 0
        nobody = self.controls.refused_for_nobody(view, key, row)
        shared = f"{what} with TTL {ttl}, but addresses that nobody holds answer alike"
        if hops in all_hops(known):
            if nobody:
                return "UNPROVEN", f"{shared}: it may be a middlebox's that stands as far away as the target"
            spoken = {initial_of(each) for each in self.controls.spoken_ttls(view, address)}
            if key[1] == "tcp" and spoken and initial_of(ttl) not in spoken:
                return "UNPROVEN", (
                    f"{what} with TTL {ttl} is of another stack than what spoke there ({_list(known)}): it may be a "
                    "middlebox's as far away"
                )
            if self.controls.quicker(view, address, row):
                return "REJECTED", (
                    f"{what} after {row.rtt_ms:.1f} ms was given on the way: every other answer of the target takes "
                    "several times as long"
                )
            return "REACHED", f"closed port: {what} from as far away as the target's other answers (TTL {ttl})"
        own = self.controls.own_ttls(view, address)
        nearer = all(hops < (hops_of(each) or 0) for each in own)
        # Few stacks start with another TTL than the usual ones; of two that differ the distance may be misread.
        if own and nearer and (hops == 0 or initial_of(ttl) in {initial_of(each) for each in own}):
            who = f"the first hop{self._gateway(view)}" if hops == 0 else "a middlebox"
            return "REJECTED", f"{what} with TTL {ttl} is {who}'s: the target's answers have {_list(known)}"
        if hops == 0:
            if view.zone in self.two_legged.get(address, set()):
                return "UNPROVEN", f"{what} with TTL {ttl} from a machine with a leg in this zone as well"
            if nobody and self.controls.level(view, self.two_legged):
                return "UNPROVEN", f"{shared}, and hosts beyond this fence seem to be on the own link, too"
            if nobody:
                who = f"the first hop{self._gateway(view)}"
                return (
                    "REJECTED",
                    f"{what} with TTL {ttl} for addresses that nobody holds as well: {who} answers for them",
                )
            return "UNPROVEN", (
                f"{what} with TTL {ttl} came from the first hop, or through one that does not count itself; "
                "nothing else of the target tells them apart"
            )
        if nobody:
            return "UNPROVEN", f"{shared}: a middlebox answers for the zone"
        if hops in self.controls.distances(view, address) and self.controls.seen_at_home(address) is True:
            return "REACHED", f"closed port: {what} from as far away as the zone's other hosts (TTL {ttl})"
        return (
            "UNPROVEN",
            f"{what} with TTL {ttl}: no other answer of the target tells whether it is the target's own",
        )

    def _rejected(self, view: View, key: FlowKey, row: PortState) -> tuple[FlowVerdict, str]:
        address = key[0]
        if row.source == address:
            return self._rejected_itself(view, key, row)
        if row.source is None:
            return "UNPROVEN", f"refused ({row.reason}), but the engine cannot see by whom"
        if self.controls.behind_the_fence(view, address, row.source):
            return "UNPROVEN", f"refused ({row.reason}) by {row.source}, which stands in the target's own zone"
        return "REJECTED", f"{row.source} refused it: {row.reason}, administratively prohibited"

    def _rejected_itself(self, view: View, key: FlowKey, row: PortState) -> tuple[FlowVerdict, str]:
        address = key[0]
        if self.controls.inside(view, address):
            if self.controls.proxied(view, address):
                return "UNPROVEN", f"{address} has the router's MAC: it may refuse for its neighbours (proxy ARP)"
        elif (hops := hops_of(row.ttl)) is not None:
            known = self.controls.confirmed_ttls(view, address)
            unlike = bool(known) and hops not in all_hops(known)
            if hops == 0 or unlike or self.controls.refused_for_nobody(view, key, row):
                return "UNPROVEN", (
                    f"refused ({row.reason}, TTL {row.ttl}) in the target's name, but perhaps not by it: a firewall "
                    "that bridges refuses like that"
                )
        return "REACHED", f"the host itself refused ({row.reason}): the packet reached it"

    def _unreachable(self, view: View, key: FlowKey, row: PortState) -> tuple[FlowVerdict, str]:
        source = row.source or "a router"
        if row.reason not in _HOST_UNREACHABLE:
            return "UNPROVEN", f"{row.reason} from {source}: there is no path to judge by"
        if row.rtt_ms is None or row.rtt_ms - self.controls.way_to(view, row) < _ARP_GIVES_UP_MS:
            if self.controls.alive_in(view, key):
                return "REJECTED", f"{source} refused it with host unreachable at once: the target answered others"
            return "UNPROVEN", f"host unreachable from {source} at once: a firewall's refusal, or a router's cache"
        seconds = f"{row.rtt_ms / 1000:.0f} s"
        distances = self.controls.distances(view, key[0])
        hops = hops_of(row.ttl)
        if hops is not None and distances and hops + 1 < min(distances):
            return "UNPROVEN", (
                f"host unreachable from {source} after {seconds}, which is not the last router on the way: it did not "
                "find the next one"
            )
        return "TARGET_DOWN_PATH_OPEN", (
            f"{source} tried to deliver and said host unreachable after {seconds}: the packet was let through, nobody "
            "is at that address"
        )

    def _silent(self, view: View, key: FlowKey, row: PortState) -> tuple[FlowVerdict, str]:
        zone = self.evidence.zone_of(key[0])
        if zone is None or zone == view.zone:
            return "UNPROVEN", "silence inside the zone: no second vantage shows the service up"
        if zone not in self.evidence.views:
            return "UNPROVEN", f"silence, and nobody stood in {zone} to see the service up"
        if key not in self.evidence.up[zone]:
            return "UNPROVEN", f"silence, and the service was not seen up from {zone}"
        if row.tries < 2:
            return "UNPROVEN", "silence after one try only"
        asker = view.asker(key)
        if asker is not None and asker.id in view.lossy:
            return "UNPROVEN", f"silence, and the scan from {view.zone} lost more packets than it could make up for"
        if asker is not None and (doubt := self.evidence.standing.doubt(asker, ":" in key[0])):
            return "UNPROVEN", f"silence, and {doubt}"
        apart = abs(row.at - self.evidence.up_at(zone, key)) / 86400
        if apart > _CONTROL_DAYS:
            return "UNPROVEN", f"silence, and the service was seen up from {zone} {apart:.0f} days apart from it"
        known_good = self.controls.known_good(view, key, row.at)
        if known_good is None:
            return "UNPROVEN", f"silence, and nothing shows that the laptop in {view.zone} still reached anything"
        return "DROPPED", (
            f"no answer to {row.tries} tries, while the service was up for {zone} and {view.zone} afterwards reached "
            f"{known_good}"
        )

    @staticmethod
    def _gateway(view: View) -> str:
        return f" ({', '.join(sorted(view.gateways))})" if view.gateways else ""

    def _evidence(self, view: View, key: FlowKey, row: PortState) -> str:
        if row.state == "silent":
            return f"no answer to {row.tries} tries, {utc(row.at)}"
        parts = [row.reason]
        if row.source:
            parts.append(f"from {row.source}")
        if row.ttl is not None:
            parts.append(f"TTL {row.ttl}")
        if row.window is not None:
            parts.append(f"window {row.window}")
        if row.rtt_ms is not None:
            parts.append(f"{row.rtt_ms:.1f} ms")
        parts.append(utc(row.at))
        talk = view.talks.get(key)
        if talk is not None and talk.readings:
            reading = talk.readings[0]
            parts.append(f"{reading.kind}: {visible(reading.raw, 120)}")
        return ", ".join(parts)


def _list(ttls: set[int]) -> str:
    return " and ".join(map(str, sorted(ttls)))
