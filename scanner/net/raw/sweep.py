"""The raw engine's sweep: who is on the own link and what it is called, and who answers in other zones.

own link:     ARP, neighbour solicitation, all IPv6 nodes at once ─> echo ─> names
other zones:  echo and timestamp ─> (discovery only) SYN, ACK and UDP to who is silent
"""

from __future__ import annotations

import time
from collections.abc import Container, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from scanner.model.addresses import AddressSet, addresses_text
from scanner.model.base import Transport
from scanner.model.network import Method, Pace, Sweep
from scanner.model.observation import Alive, Event, HostSeen, PortState, Progress, Silence, Vantage
from scanner.net.packets.link import Link
from scanner.net.raw.aim import ACK, Aim, echoes, families, losses
from scanner.net.raw.neighbours6 import Neighbours6
from scanner.net.raw.resolve import Macs, resolve
from scanner.net.route import Hop, ways
from scanner.net.volley.passes import volley
from scanner.net.volley.tally import Question, Tally
from scanner.plan import DISCOVERY_PORTS

if TYPE_CHECKING:
    from scanner.net.raw.names import Names

ECHO: list[Question] = [("icmp", 8)]
_TICK = 0.25


def sweep(
    request: Sweep, pace: Pace, vantage: Vantage, link: Link, payloads: Mapping[int, bytes], macs: Macs
) -> Iterator[Event]:
    """Who is alive: neighbours and gateways as they answer, echoes of other zones as icmp rows, the silent last."""
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
        self._names: Names | None = None
        if request.names and self._on_link:
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
        for part in families(routed):
            questions = echoes(part) if "timestamp" in request.methods else ECHO
            yield from self._asked(part, questions, routed, request.patience)
        for part in families(discover - routed):
            yield from self._discovered(part)
        yield from self._heard_names(until_done=True)
        yield from losses(self._link)

    def _neighbours(self, beyond: AddressSet) -> Iterator[Event]:
        """The own link, and the next hops towards `beyond`."""
        link, interface = self._link, self._link.interface
        for part, hop in ways(self._on_link | beyond, interface, self._vantage):
            if hop is not None and hop.kind == "self":
                yield from (HostSeen(each, "self", time.time(), interface.mac) for each in part)
        everyone = Neighbours6(interface, self._vantage, self._request.option) if ":" in self._asks_from() else None
        seen: set[str] = set()
        for event in self._resolved(beyond, everyone):
            if isinstance(event, HostSeen) and event.address in self._on_link and event.how != "gateway":
                seen.add(event.address)
            yield event
        alive = AddressSet.of(seen) & self._on_link
        # Without ARP (a tunnel) the link's addresses can only be asked by echo.
        for part in families(self._on_link if not interface.resolves else alive):
            aim = Aim(part, link, self._vantage, self._macs)
            others = part - aim.own()
            if others:
                yield from self._asked(others, ECHO, (), 0.0)

    def _asks_from(self) -> str:
        return f"{self._vantage.address6 or ''} {self._request.on_link}"

    def _resolved(self, beyond: AddressSet, everyone: Neighbours6 | None) -> Iterator[Event]:
        """Neighbours and gateways as they answer; every one is asked again, however lately it answered."""
        link = self._link
        gateways: set[str] = set()
        hops: list[Hop] = []
        for part, hop in ways(self._on_link | beyond, link.interface, self._vantage):
            if hop is not None and hop.kind == "on-link":
                hops.extend(hop.to(each) for each in part)
            elif hop is not None and hop.kind == "routed":
                gateways.add(hop.via)
                hops.append(hop)
        if not link.interface.resolves:
            return
        neighbours = {hop.via for hop in hops if hop.kind == "on-link"}
        tick = time.monotonic()
        for found in resolve(link, hops, self._request.tries, self._pace, everyone):
            if isinstance(found, HostSeen):
                if found.mac:
                    self._macs.put(found.address, bytes.fromhex(found.mac.replace(":", "")))
                yield found
                self._name(found.address)
            elif found is not None:
                self._macs.put(found.address, found.mac)
                mac = found.mac.hex(":")
                if found.address in neighbours:
                    how = "ndp" if ":" in found.address else "arp"
                    yield HostSeen(found.address, how, found.at, mac, rtt_ms=found.rtt_ms)  # type: ignore[arg-type]
                    self._name(found.address)
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
            yield from told(event, routed)
        for row in tally.rows(time.time()):
            yield from told(row, routed)

    def _discovered(self, part: AddressSet) -> Iterator[Event]:
        """Who is alive among many: by echo, and who does not echo by the other methods."""
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
            yield from self._volley(aim, tally, 0.0)
            if questions is ECHO:
                # What a host or a router said instead is told; who is silent, too, though it proves nothing.
                yield from tally.rows(time.time())
            alive = AddressSet()
            for (transport, _, reason, ttl, _, _), hosts, at, rtt, tries in tally.alike():
                found = part.pick(hosts)
                alive |= found
                port = 13 if reason == "timestamp-reply" else 128 if part.of_version(6) else 8
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

    def _name(self, address: str) -> None:
        if self._names is not None and address in self._on_link:
            self._names.ask(address)

    def _heard_names(self, until_done: bool = False) -> Iterator[Event]:
        names = self._names
        if names is None:
            return
        yield from names.hear(0.0)
        tick = time.monotonic()
        while until_done and not names.done:
            yield from names.hear(_TICK / 5)
            if time.monotonic() - tick > _TICK:
                tick = time.monotonic()
                yield Progress("sweep", 0, 0, time.time())


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
