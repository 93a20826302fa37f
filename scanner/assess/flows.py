"""One flow's verdict, from the answer to its probe and the controls around it. DESIGN §4 is the table this implements.

The rules lean one way: where the evidence could be a middlebox's doing, the verdict is UNPROVEN, which is never green.
"""

from __future__ import annotations

import msgspec

from scanner.assess.evidence import Evidence, FlowKey, View, utc
from scanner.assess.policy import Policy
from scanner.model.base import Transport
from scanner.model.observation import PortState
from scanner.model.report import FlowRow, FlowVerdict
from scanner.model.text import visible

_INITIAL_TTLS = (32, 64, 128, 255)
_HOST_UNREACHABLE = frozenset({"icmp-3-1", "icmp6-1-3"})
_ARP_GIVES_UP_MS = 500.0
"""A router that tried to deliver says host-unreachable when its ARP gave up: seconds later, not at once."""
_EVERYWHERE = 8
"""Answers on that many addresses, and on nine in ten of those asked, are a middlebox's."""


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
        self._confirmed: dict[tuple[str, str], set[int]] = {}
        self._resets: dict[tuple[str, str], dict[int, set[str]]] = {}

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
            allowed=self.policy.allows(view.zone, view.address, address, transport, port),
            evidence=found.evidence,
            state=found.state,
        )

    def own_leg(self, address: str) -> bool:
        """Whether it is a router's own address in its zone: what answers there did not cross into the zone."""
        zone = self.evidence.zone_of(address)
        return zone is not None and address in self.evidence.gateways[zone]

    # Each of these returns (verdict, reason).

    def _open(self, view: View, key: FlowKey, row: PortState) -> tuple[FlowVerdict, str]:
        address, transport, _ = key
        inside = self._inside(view, address)
        talk = view.talks.get(key)
        if self.own_leg(address):
            if transport == "icmp":
                return "REJECTED", f"{address} is the router's own leg: it answered itself, nothing crossed"
            return "REACHED", f"{address} is the router's own leg: an open port there is a management interface"
        if talk is not None and talk.received:
            return "REACHED", f"the service answered: {talk.received} bytes by {talk.probe}"
        if inside:
            return "REACHED", "answered on the same link"
        hops = _hops(row.ttl)
        if hops == 0 and view.zone not in self.two_legged.get(address, set()):
            return "UNPROVEN", (
                f"{row.reason} with TTL {row.ttl} came from the first hop, which may answer for a target that it hides "
                "(SYN proxy, proxy ARP)"
            )
        known = self._confirmed_ttls(view, address)
        if hops is not None and known and hops not in _all_hops(known) and transport == "tcp":
            return "UNPROVEN", f"SYN-ACK with TTL {row.ttl}, but the target's other answers have {_list(known)}"
        if self._answers_for_unused(view, key):
            return (
                "UNPROVEN",
                "addresses that nobody holds answer on this port as well: a middlebox answers for the zone",
            )
        if transport == "icmp":
            return "REACHED", "echo reply"
        return "REACHED", "handshake completed" if transport == "tcp" else "the service replied"

    def _closed(self, view: View, key: FlowKey, row: PortState) -> tuple[FlowVerdict, str]:
        address, transport, _ = key
        if self.own_leg(address):
            return "REJECTED", f"{address} is the router's own leg: it answered itself, nothing crossed"
        if row.source is not None and row.source != address:
            return "REJECTED", f"{row.reason} from {row.source}, not from the target"
        if self._inside(view, address):
            return "REACHED", "closed port: the host itself answered"
        what = "RST" if transport == "tcp" else "port unreachable"
        if row.ttl is None:
            return "UNPROVEN", f"{what}, but the connect engine cannot see whose it is (no TTL)"
        known = self._confirmed_ttls(view, address)
        hops = _hops(row.ttl) or 0
        if hops in _all_hops(known):
            return "REACHED", f"closed port: {what} from as far away as the target's other answers (TTL {row.ttl})"
        if known and hops < min(_all_hops(known)):
            who = f"the first hop{self._gateway(view)}" if hops == 0 else "a middlebox"
            return "REJECTED", f"{what} with TTL {row.ttl} is {who}'s: the target's answers have {_list(known)}"
        if hops == 0:
            if view.zone in self.two_legged.get(address, set()):
                return "UNPROVEN", f"{what} with TTL {row.ttl} from a machine with a leg in this zone as well"
            if len(self._reset_addresses(view, address, row.ttl)) > 1:
                who = f"the first hop{self._gateway(view)}"
                return "REJECTED", f"{what} with TTL {row.ttl} for several addresses: {who} answers for them"
            return "UNPROVEN", f"{what} with TTL {row.ttl} came from the first hop; nothing else of the target was seen"
        if hops in self._distances(view, address) and self._seen_at_home(address) is True:
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
        known_good = self.known_good(view)
        if known_good is None:
            return "UNPROVEN", f"silence, and nothing shows that the laptop in {view.zone} could reach anything at all"
        return "DROPPED", (
            f"no answer to {row.tries} tries, while the service was up for {zone} and {view.zone} could reach "
            f"{known_good}"
        )

    def known_good(self, view: View) -> str | None:
        """Something beyond its own interface that this vantage provably reached: the control for silence."""
        for key, talk in view.talks.items():
            if talk.received and not self._inside(view, key[0]):
                return f"{key[0]} {key[1]}/{key[2]}"
        for gateway, mac in view.gateways.items():
            if mac:
                return f"its router {gateway}"
        return None

    # What the evidence says around a flow.

    def _inside(self, view: View, address: str) -> bool:
        return self.evidence.zone_of(address) == view.zone

    def _confirmed_ttls(self, view: View, address: str) -> set[int]:
        """TTLs of answers that are the target's beyond doubt: it spoke, or echoed from behind the first hop."""
        found = self._confirmed.get((view.zone, address))
        if found is None:
            found = set()
            for (addr, transport, port), talk in view.talks.items():
                if addr == address and talk.received:
                    row = view.answer(addr, transport, port)
                    if row is not None and row.ttl is not None:
                        found.add(row.ttl)
            echo = view.answer(address, "icmp", 128 if ":" in address else 8)
            if echo and echo.state == "open" and echo.source in (None, address) and (_hops(echo.ttl) or 0) > 0:
                found.add(echo.ttl or 0)
            self._confirmed[view.zone, address] = found
        return found

    def _distances(self, view: View, address: str) -> set[int]:
        """Hops from the vantage to the target's zone, by its hosts' confirmed answers."""
        zone = self.evidence.zone_of(address)
        if zone is None:
            return set()
        return {
            hops
            for host in self.evidence.in_use(zone) or ()
            if (":" in host) == (":" in address) and not self.own_leg(host)
            for ttl in self._confirmed_ttls(view, host)
            if (hops := _hops(ttl)) is not None
        }

    def _seen_at_home(self, address: str) -> bool | None:
        """Whether a vantage in the address's own zone saw a host there; None: nobody stood there."""
        zone = self.evidence.zone_of(address)
        used = self.evidence.in_use(zone) if zone else None
        return None if used is None else address in used

    def _reset_addresses(self, view: View, address: str, ttl: int) -> set[str]:
        name = self.evidence.zone_of(address) or ""
        found = self._resets.get((view.zone, name))
        if found is None:
            found = {}
            for (addr, transport, _), row in view.flows():
                if transport == "tcp" and row.state == "closed" and row.ttl and self.evidence.zone_of(addr) == name:
                    found.setdefault(row.ttl, set()).add(addr)
            self._resets[view.zone, name] = found
        return found.get(ttl, set())

    def _answers_for_unused(self, view: View, key: FlowKey) -> bool:
        """The control: do addresses of the same zone that nobody holds answer as the target does?"""
        zone = self.evidence.zone_of(key[0])
        if zone is None:
            return False
        used = self.evidence.in_use(zone)
        same = asked = 0
        for address in view.asked():
            if address == key[0] or self.evidence.zone_of(address) != zone or (":" in address) != (":" in key[0]):
                continue
            if self.own_leg(address):
                continue
            row = view.answer(address, key[1], key[2])
            if row is None:
                continue
            asked += 1
            talk = view.talks.get((address, key[1], key[2]))
            if row.state == "open" and not (talk and talk.received):
                if used is not None and address not in used and address not in self.evidence.laptops:
                    return True
                same += 1
        return same >= _EVERYWHERE and same >= 0.9 * asked

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


def _hops(ttl: int | None) -> int | None:
    """Routers between, assuming that the sender started with the next usual initial TTL. None without a TTL."""
    if ttl is None:
        return None
    return next((initial - ttl for initial in _INITIAL_TTLS if ttl <= initial), 0)


def _all_hops(ttls: set[int]) -> set[int]:
    """Distances, not TTLs, are compared: one stack may start its echo replies and its resets with different TTLs."""
    return {hops for ttl in ttls if (hops := _hops(ttl)) is not None}


def _list(ttls: set[int]) -> str:
    return " and ".join(map(str, sorted(ttls)))


def echo_key(address: str) -> FlowKey:
    """The flow that a ping of `address` is."""
    transport: Transport = "icmp"
    return address, transport, 128 if ":" in address else 8
