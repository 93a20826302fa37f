"""One flow's verdict, from the answer to its probe and the controls around it.

The rules lean one way: where the evidence could be a middlebox's doing, the verdict is UNPROVEN, which is never green.
"""

from __future__ import annotations

import msgspec

from scanner.assess.controls import Controls, all_hops, hops_of
from scanner.assess.evidence import TIMESTAMP, Evidence, FlowKey, View, utc
from scanner.assess.policy import Policy
from scanner.model.observation import PortState
from scanner.model.report import FlowRow, FlowVerdict
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
    """Draws verdicts on flows of a site's evidence. Every question is a (view, address, transport, port)."""

    def __init__(self, evidence: Evidence, policy: Policy, two_legged: dict[str, set[str]]) -> None:
        """`two_legged`: address -> the other zones in which the same machine has a leg."""
        self.evidence = evidence
        self.policy = policy
        self.two_legged = two_legged
        self.controls = Controls(evidence)

    def verdict(self, view: View, key: FlowKey) -> Verdict:
        """The verdict on one flow that crosses into another zone, or stays inside an isolated one."""
        row = view.answer(*key)
        if row is None:
            return Verdict("UNTESTED", f"nobody probed it from {view.zone}", "")
        evidence = self._evidence(view, key, row)
        draw = {
            "open": self._open,
            "closed": self._closed,
            "rejected": self._rejected,
            "unreachable": self._unreachable,
            "silent": self._silent,
        }[row.state]
        verdict, reason = draw(view, key, row)
        return Verdict(verdict, reason, evidence, row.state)

    def row(self, view: View, key: FlowKey) -> FlowRow:
        address, transport, port = key
        found = self.verdict(view, key)
        return FlowRow(
            from_=view.zone,
            to=self.evidence.zone_of(address) or "",
            address=address,
            transport=transport,
            port=port,
            verdict=found.verdict,
            reason=found.reason,
            allowed=self.policy.allows(view.zone, self._stood_at(view, key), address, transport, port),
            evidence=found.evidence,
            state=found.state,
        )

    @staticmethod
    def _stood_at(view: View, key: FlowKey) -> str:
        """The laptop's address, of the target's family, when it asked; a rule may name one address only."""
        scan = view.asker(key)
        if scan is None:
            return view.address
        return (scan.vantage.address6 if ":" in key[0] else None) or scan.vantage.address

    def own_leg(self, address: str) -> bool:
        """Whether it is a router's own address in its zone: what answers there did not cross into the zone."""
        return self.controls.own_leg(address)

    # Each of these returns (verdict, reason).

    def _open(self, view: View, key: FlowKey, row: PortState) -> tuple[FlowVerdict, str]:
        address, transport, _ = key
        inside = self.controls.inside(view, address)
        talk = view.talks.get(key)
        if self.own_leg(address):
            if transport == "icmp":
                return "REJECTED", f"{address} is the router's own leg: it answered itself, nothing crossed"
            return "REACHED", f"{address} is the router's own leg: an open port there is a management interface"
        if talk is not None and talk.received:
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
        if self.own_leg(address):
            return "REJECTED", f"{address} is the router's own leg: it answered itself, nothing crossed"
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
        known = self.controls.confirmed_ttls(view, address)
        hops = hops_of(row.ttl) or 0
        if hops in all_hops(known):
            return "REACHED", f"closed port: {what} from as far away as the target's other answers (TTL {row.ttl})"
        own = all_hops(self.controls.own_ttls(view, address))
        if own and hops < min(own):
            who = f"the first hop{self._gateway(view)}" if hops == 0 else "a middlebox"
            return "REJECTED", f"{what} with TTL {row.ttl} is {who}'s: the target's answers have {_list(known)}"
        if hops == 0:
            if view.zone in self.two_legged.get(address, set()):
                return "UNPROVEN", f"{what} with TTL {row.ttl} from a machine with a leg in this zone as well"
            if self.controls.resets_for_nobody(view, key, row.ttl):
                who = f"the first hop{self._gateway(view)}"
                return (
                    "REJECTED",
                    f"{what} with TTL {row.ttl} for addresses that nobody holds as well: {who} answers for them",
                )
            return "UNPROVEN", (
                f"{what} with TTL {row.ttl} came from the first hop, or through one that does not count itself; "
                "nothing else of the target tells them apart"
            )
        if hops in self.controls.distances(view, address) and self.controls.seen_at_home(address) is True:
            return "REACHED", f"closed port: {what} from as far away as the zone's other hosts (TTL {row.ttl})"
        return (
            "UNPROVEN",
            f"{what} with TTL {row.ttl}: no other answer of the target tells whether it is the target's own",
        )

    def _rejected(self, view: View, key: FlowKey, row: PortState) -> tuple[FlowVerdict, str]:
        if row.source == key[0]:
            return "REACHED", f"the host itself refused ({row.reason}): the packet reached it"
        if row.source is None:
            return "UNPROVEN", f"refused ({row.reason}), but the engine cannot see by whom"
        if self.controls.behind_the_fence(view, key[0], row.source):
            return "UNPROVEN", f"refused ({row.reason}) by {row.source}, which stands in the target's own zone"
        return "REJECTED", f"{row.source} refused it: {row.reason}, administratively prohibited"

    def _unreachable(self, view: View, key: FlowKey, row: PortState) -> tuple[FlowVerdict, str]:
        source = row.source or "a router"
        if row.reason in _HOST_UNREACHABLE:
            if row.rtt_ms is not None and row.rtt_ms >= _ARP_GIVES_UP_MS:
                seconds = row.rtt_ms / 1000
                return "TARGET_DOWN_PATH_OPEN", (
                    f"{source} tried to deliver and said host unreachable after {seconds:.0f} s: "
                    "the packet was let through, nobody is at that address"
                )
            return "UNPROVEN", f"host unreachable from {source} at once: a firewall's refusal, or a router's cache"
        return "UNPROVEN", f"{row.reason} from {source}: there is no path to judge by"

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
