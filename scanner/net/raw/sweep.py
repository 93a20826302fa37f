"""The raw engine's sweep: who is on the own link and what it is called, and who answers in other zones.

own link:     ARP, neighbour solicitation, all IPv6 nodes at once ─> the addresses that are likely by these ─> echo
              ─> names ─> the same for what they reveal
other zones:  echo and timestamp ─> (discovery only) SYN, ACK and UDP to who is silent
"""

from __future__ import annotations

import time
from collections.abc import Container, Generator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from scanner.likely import guesses
from scanner.model.addresses import AddressSet, addresses_text
from scanner.model.base import Transport
from scanner.model.network import Method, Pace, Sweep
from scanner.model.observation import Alive, Event, HostSeen, PortState, Progress, Silence, Vantage
from scanner.net.packets.link import Link
from scanner.net.raw.aim import ACK, Aim, echoes, families, losses
from scanner.net.raw.guesses import guess
from scanner.net.raw.neighbours6 import Neighbours6
from scanner.net.raw.resolve import Macs, Neighbour, resolve, round_trip
from scanner.net.route import Hop, ways
from scanner.net.volley.passes import volley
from scanner.net.volley.tally import OPEN, Question, Tally
from scanner.plan import DISCOVERY_PORTS

if TYPE_CHECKING:
    from scanner.net.raw.names import Names

ECHO: list[Question] = [("icmp", 8)]
_TICK = 0.25
_MOST_REVEALS = 3
"""Times in a row that what a name service reveals may reveal something further."""
_UNPROVEN = frozenset({"mdns", "llmnr"})
"""An answer to a group has whatever source its sender writes into it: a host is at that address if it answers there."""


def sweep(
    request: Sweep, pace: Pace, vantage: Vantage, link: Link, payloads: Mapping[int, bytes], macs: Macs
) -> Iterator[Event]:
    """Who is alive: neighbours and gateways as they answer, echoes of other zones as icmp rows, the silent last."""
    if request.named:
        from scanner.net.raw.reverse import look_up

        yield from look_up(AddressSet.parse(request.named), request.resolver, vantage, link.interface, pace)
        return
    one = _Sweep(request, pace, vantage, link, payloads, macs)
    try:
        yield from one.run()
    finally:
        one.close()


class _Sweep:
    def __init__(
        self, request: Sweep, pace: Pace, vantage: Vantage, link: Link, payloads: Mapping[int, bytes], macs: Macs
    ) -> None:
        self._request = request
        self._pace = pace
        self._vantage = vantage
        self._link = link
        self._payloads = payloads
        self._macs = macs
        self._on_link = AddressSet.parse(request.on_link)
        self._may = AddressSet.parse(request.revealed)
        self._rtt = round_trip()
        self._tried = AddressSet()
        """Of those that may be asked once they are revealed, the ones that were."""
        self._seen: dict[str, str] = {}
        """Addresses from which somebody answered a question of ours to that address, or to all nodes, and the MACs."""
        self._held: dict[str, dict[str, HostSeen]] = {}
        """What name services said from other addresses, by address and service."""
        self._everyone: Neighbours6 | None = None
        self._names: Names | None = None
        if request.names and (self._on_link or self._may):
            from scanner.net.raw.names import Names

            self._names = Names(link.interface, vantage, pace)

    def close(self) -> None:
        if self._names is not None:
            self._names.close()

    def run(self) -> Iterator[Event]:
        request = self._request
        routed, discover = AddressSet.parse(request.routed), AddressSet.parse(request.discover)
        if self._names is not None:
            self._names.ask_link()
        yield from self._neighbours(routed | discover)
        if request.methods == ("echo",):
            # All are asked the same, so that one volley does, and its waits.
            for part in families(routed | discover):
                yield from self._discovered(part, routed)
        else:
            for part in families(routed):
                questions = echoes(part) if "timestamp" in request.methods else ECHO
                yield from self._asked(part, questions, routed, request.patience)
            for part in families(discover - routed):
                yield from self._discovered(part, AddressSet())
        yield from self._heard_names(until_done=True)
        yield from self._revealed()
        yield from losses(self._link)

    def _neighbours(self, beyond: AddressSet) -> Iterator[Event]:
        """The own link, and the next hops towards `beyond`."""
        interface = self._link.interface
        for part, hop in ways(self._on_link | beyond, interface, self._vantage):
            if hop is not None and hop.kind == "self":
                yield from (HostSeen(each, "self", time.time(), interface.mac) for each in part)
        if self._request.link_local or ":" in self._asks_from():
            self._everyone = Neighbours6(interface, self._vantage, self._request.option)
            # What the kernel knows is as old as its entry, so it is asked like any other.
            self._tried = AddressSet.of(self._everyone.candidates()) & self._may
        asked = self._on_link | self._tried
        yield from self._resolved(asked | beyond, self._everyone)
        if interface.resolves:
            asked |= yield from self._guessed()
        # Without ARP (a tunnel) the link's addresses can only be asked by echo.
        yield from self._echoed(AddressSet.of(self._seen) & asked if interface.resolves else asked)

    def _guessed(self) -> Generator[Event, None, AddressSet]:
        """The neighbours' further addresses, as far as they can be guessed, and who is at them."""
        within = AddressSet.parse(self._request.guessed)
        some = guesses(self._request, self._seen) - self._tried
        found: list[str] = []
        if some:
            tries = self._request.tries
            for each in guess(some, within, self._link, self._vantage, tries, self._pace, self._rtt):
                if isinstance(each, Neighbour):
                    self._macs.put(each.address, each.mac)
                    found.append(each.address)
                    yield from self._sign(HostSeen(each.address, "ndp", each.at, each.mac.hex(":"), None, each.rtt_ms))
                elif each is not None:
                    yield each
                else:
                    yield from self._heard_names()
        return AddressSet.of(found) & within

    def _echoed(self, addresses: AddressSet) -> Iterator[Event]:
        for part in families(addresses):
            others = part - Aim(part, self._link, self._vantage, self._macs).own()
            if others:
                yield from self._asked(others, ECHO, (), 0.0)

    def _asks_from(self) -> str:
        return f"{self._vantage.address6 or ''} {self._request.on_link}"

    def _resolved(self, addresses: AddressSet, everyone: Neighbours6 | None = None) -> Iterator[Event]:
        """Neighbours and gateways as they answer; every one is asked again, however lately it answered."""
        link = self._link
        gateways: set[str] = set()
        hops: list[Hop] = []
        for part, hop in ways(addresses, link.interface, self._vantage):
            if hop is not None and hop.kind == "on-link":
                hops.extend(hop.to(each) for each in part)
            elif hop is not None and hop.kind == "routed":
                gateways.add(hop.via)
                hops.append(hop)
        if not link.interface.resolves:
            return
        neighbours = {hop.via for hop in hops if hop.kind == "on-link"}
        tick = time.monotonic()
        for found in resolve(link, hops, self._request.tries, self._pace, everyone, self._rtt):
            if isinstance(found, HostSeen):
                if found.mac:
                    self._macs.put(found.address, bytes.fromhex(found.mac.replace(":", "")))
                yield from self._sign(found)
            elif found is not None:
                self._macs.put(found.address, found.mac)
                mac = found.mac.hex(":")
                if found.address in neighbours:
                    how = "ndp" if ":" in found.address else "arp"
                    seen = HostSeen(found.address, how, found.at, mac, rtt_ms=found.rtt_ms)  # type: ignore[arg-type]
                    yield from self._sign(seen)
                if found.address in gateways:
                    yield HostSeen(found.address, "gateway", found.at, mac, rtt_ms=found.rtt_ms)
            elif time.monotonic() - tick > _TICK:
                tick = time.monotonic()
                yield Progress("sweep", 0, len(hops), time.time())
                yield from self._heard_names()

    def _asked(
        self, part: AddressSet, questions: list[Question], routed: Container[str], patience: float
    ) -> Iterator[Event]:
        """Put the questions; rows of addresses in `routed` are flows, others tell no more than who is alive."""
        aim = Aim(part, self._link, self._vantage, self._macs)
        yield from self._ready(aim)
        tally = aim.tally(questions, self._request.tries)
        for event in self._volley(aim, tally, patience):
            for each in told(event, routed):
                if isinstance(each, HostSeen) and each.address not in self._seen:
                    yield from self._sign(each)
                else:
                    yield each
        for row in tally.rows(time.time()):
            yield from told(row, routed)

    def _discovered(self, part: AddressSet, routed: AddressSet) -> Iterator[Event]:
        """Who is alive among many: by echo, and who does not echo by the other methods. To `routed` an echo is a flow,
        and has a row of its own."""
        flows = part & routed
        methods = self._request.methods
        rounds = [ECHO] if "echo" in methods else []
        others = [each for method in methods for each in questions_of(method)]
        if part.of_version(6):
            others = [each for each in others if each[0] != "icmp"]
        if others:
            rounds.append(others)
        for questions in rounds:
            if not part:
                return
            aim = Aim(part, self._link, self._vantage, self._macs)
            yield from self._ready(aim)
            tally = aim.tally(questions, self._request.tries)
            tally.quiet = True
            yield from self._volley(aim, tally, self._request.patience if flows else 0.0)
            yield from (tally.open_row(each) for each in part.places(flows) if tally.rank[each] == OPEN)
            if questions is ECHO:
                # What a host or a router said instead is told; who is silent, too, though it proves nothing.
                yield from tally.rows(time.time())
            alive = AddressSet()
            for (transport, _, reason, ttl, _, _), hosts, at, rtt, tries in tally.alike():
                found = part.pick(hosts)
                alive |= found
                port = 13 if reason == "timestamp-reply" else 128 if part.of_version(6) else 8
                if found := found - flows:
                    yield Alive(str(found), transport, port if transport == "icmp" else 0, reason, at, ttl, rtt, tries)
            part -= alive

    def _ready(self, aim: Aim) -> Iterator[Event]:
        """Next hops resolved."""
        for _ in aim.resolve(self._request.tries, self._pace):
            yield from self._heard_names()

    def _volley(self, aim: Aim, tally: Tally, patience: float) -> Iterator[Event]:
        wire = aim.wire(tally, self._payloads, self._request.tries)
        for event in volley(wire, tally, self._pace, stage="sweep", patience=patience):
            yield event
            if isinstance(event, Progress):
                yield from self._heard_names()

    def _sign(self, seen: HostSeen) -> Iterator[HostSeen]:
        """A host answered: it is asked for its names, and what name services said from its address holds."""
        yield seen
        self._seen[seen.address] = seen.mac or self._seen.get(seen.address, "")
        if self._names is not None and (seen.address in self._on_link or seen.address in self._may):
            self._names.ask(seen.address)
        yield from self._held.pop(seen.address, {}).values()

    def _revealed(self) -> Iterator[Event]:
        """Ask the addresses that name services mention or answer from, and that nobody has answered from yet."""
        for _ in range(_MOST_REVEALS):
            told = set(self._held)
            if self._names is not None:
                told.update(self._names.revealed())
            if self._everyone is not None:
                told.update(self._everyone.candidates())
            some = ((AddressSet.of(told) & (self._may | self._on_link)) - self._tried) - AddressSet.of(self._seen)
            near = AddressSet(
                span
                for part, hop in ways(some, self._link.interface, self._vantage)
                if hop is not None and hop.kind == "on-link"
                for span in part.spans
            )
            if not near:
                break
            self._tried |= near
            if self._link.interface.resolves:
                yield from self._resolved(near)
                near &= AddressSet.of(self._seen)
            yield from self._echoed(near)
            yield from self._heard_names(until_done=True)
        for each in self._held.values():
            for said in each.values():
                if said.names:
                    yield msgspec.structs.replace(said, how="named")
        self._held.clear()

    def _heard_names(self, until_done: bool = False) -> Iterator[Event]:
        names = self._names
        if names is None:
            return
        yield from self._believed(names.hear(0.0))
        tick = time.monotonic()
        while until_done and not names.done:
            yield from self._believed(names.hear(_TICK / 5))
            if time.monotonic() - tick > _TICK:
                tick = time.monotonic()
                yield Progress("sweep", 0, 0, time.time())

    def _believed(self, said: Iterable[HostSeen]) -> Iterator[HostSeen]:
        """What hosts say of themselves whose address is known to be theirs; the rest is held back until it is."""
        for each in said:
            if each.how in _UNPROVEN and each.address not in self._seen:
                self._held.setdefault(each.address, {})[each.how] = each
            else:
                yield each


def questions_of(method: Method) -> list[Question]:
    """What `discover` asks the silent by that method, beside the echo that everybody is asked."""
    if method == "timestamp":
        return [("icmp", 13)]
    transport: Transport = "udp" if method == "udp" else "tcp"
    return [(transport, port + ACK if method == "ack" else port) for port in DISCOVERY_PORTS.get(method, ())]


def told(event: Event, routed: Container[str]) -> Iterator[Event]:
    """What an echo says: of a routed address a flow, of a neighbour no more than that it is alive."""
    if isinstance(event, PortState) and event.address not in routed:
        if event.state == "open":
            yield HostSeen(event.address, "echo-reply", event.at, ttl=event.ttl, rtt_ms=event.rtt_ms)
    elif isinstance(event, Silence):
        silent = [each for each in AddressSet.parse(event.addresses) if each in routed]
        if silent:
            yield msgspec.structs.replace(event, addresses=addresses_text(silent))
    else:
        yield event
