"""A topology as a Network in memory: the rows that the raw engine would give in the lab, without a packet."""

from __future__ import annotations

import datetime
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import Literal

from scanner.dressing import neighbours_of, source_port_of, told
from scanner.errors import BadInput
from scanner.lab.detour import detoured
from scanner.lab.dialogue import answers, talk_to
from scanner.lab.filtering import port_boundaries
from scanner.lab.nodes import Node
from scanner.lab.paths import HOP_LIMIT, OUR_PORT, Answer, Fabric
from scanner.lab.topology import Service, Topology
from scanner.likely import guesses
from scanner.model.addresses import AddressSet, addresses_text, is_link_local
from scanner.model.base import Transport
from scanner.model.network import Converse, Knock, Pace, Sweep
from scanner.model.observation import SOLICITATION, Alive, Event, HostSeen, Progress, Silence
from scanner.net.volley.tally import NO_ROUTE, Question, Tally
from scanner.net.volley.tally import Answer as Seen
from scanner.plan import DISCOVERY_PORTS
from scanner.probes import udp_payloads

_TRANSPORTS: tuple[Transport, ...] = ("tcp", "udp", "icmp")
_ECHO: Question = ("icmp", 8)
"""Of both IP versions, as the tally has it; over IPv6 the type is another one."""
_ECHO6 = 128
_TIMESTAMP: Question = ("icmp", 13)
_CONNECT = {"syn-ack": "connected", "rst": "refused"}
"""What the connect engine, which gentle requests go through, calls the packets that it cannot see."""
_EVERY = 64
"""Addresses, or talks, between two Progress events."""


def clock(topology: Topology) -> Callable[[], float]:
    """Seconds since the epoch that go on by a millisecond a call, from nine in the morning of the topology's day.

    So that a simulated scan gives the same bytes each time.
    """
    start = datetime.datetime.combine(topology.today, datetime.time(9), datetime.UTC).timestamp()
    ticks = count()
    return lambda: start + next(ticks) / 1000


class SimulatedNetwork:
    """What a laptop in `zone` of `topology` would see. Implements `scanner.model.network.Network`."""

    def __init__(self, topology: Topology, zone: str, now: Callable[[], float] | None = None) -> None:
        names = [each.name for each in topology.site.zones if each.name in {net.name for net in topology.networks}]
        if zone not in names:
            raise BadInput(f"{topology.name}: no laptop can stand in {zone!r}; the zones are {', '.join(names)}")
        self._topology = topology
        self._fabric = Fabric(topology, zone)
        self._now = now or clock(topology)
        self._edges = {kind: port_boundaries(topology, kind) for kind in _TRANSPORTS}
        self._sport = OUR_PORT
        self._muted: dict[tuple[str, bool], frozenset[int]] = {}

    def close(self) -> None:
        """Nothing is held open."""

    def sweep(self, request: Sweep, pace: Pace) -> Iterator[Event]:
        self._sport = OUR_PORT
        on_link, routed = AddressSet.parse(request.on_link), AddressSet.parse(request.routed)
        discover = AddressSet.parse(request.discover) - routed
        yield from self._gateways(routed | discover)
        seen: dict[str, str] = {}
        for done, addr in enumerate(on_link):
            if done % _EVERY == 0:
                yield Progress("sweep", done, len(on_link), self._now())
            for each in self._on_link(addr):
                if isinstance(each, HostSeen) and each.how != "self":
                    seen[addr] = each.mac or seen.get(addr, "")
                yield each
        if self._fabric.laptop_address("::") is not None:
            for addr, node in self._fabric.all_nodes6(self._mac):
                seen[addr] = self._mac(node)
                yield HostSeen(addr, "echo-reply", self._now(), self._mac(node), HOP_LIMIT, rtt_ms=0.1)
            yield from self._guessed(guesses(request, seen))
        for version in (4, 6):
            if part := routed.of_version(version):
                yield from self._volley("sweep", part, _pings(version), request.tries)
            if part := discover.of_version(version):
                yield from self._discovered(part, request)

    def knock(self, request: Knock, pace: Pace) -> Iterator[Event]:
        asked: list[Question] = [("tcp", each) for each in dict.fromkeys(request.tcp)]
        asked += [("udp", each) for each in dict.fromkeys(request.udp)]
        for version in (4, 6):
            part = AddressSet.parse(request.addresses).of_version(version)
            questions = [*_pings(version), *asked] if request.echo else asked
            if neighbours_of(request):
                yield from detoured(self._fabric, request, version, self._now)
            elif questions and part:
                self._sport = source_port_of(request.via) or OUR_PORT
                asked_so = self._volley("knock", part, questions, request.tries, request.gentle, request.known)
                yield from told(asked_so, request.via) if request.via else asked_so

    def converse(self, request: Converse, pace: Pace) -> Iterator[Event]:
        if request.deep:
            return  # there is nothing for Nmap to talk to
        total = len(request.talks)
        for done, talk in enumerate(request.talks):
            if done % _EVERY == 0:
                yield Progress("converse", done, total, self._now())
            answer = self._ask(talk.address, talk.transport, talk.port)
            owner = self._fabric.owner(talk.address)
            yield from talk_to(talk, answer, owner.name if owner else "", request.gentle, self._now)
        yield Progress("converse", total, total, self._now())

    def _discovered(self, part: AddressSet, request: Sweep) -> Iterator[Event]:
        """Who is alive: by echo, whose other answers are told as well, and of the silent by the other methods."""
        others: list[Question] = []
        for method in request.methods:
            if method == "timestamp" and part.of_version(4):
                others.append(_TIMESTAMP)
            transport: Transport = "udp" if method == "udp" else "tcp"
            others.extend((transport, port) for port in DISCOVERY_PORTS.get(method, ()))
        for questions in ([_ECHO] if "echo" in request.methods else [], others):
            if not questions or not part:
                continue
            tally = Tally(list(part), questions, request.tries, [False] * len(part))
            tally.quiet = True
            yield from self._asked("sweep", tally)
            if questions == [_ECHO]:
                yield from tally.rows(self._now())
            alive = AddressSet()
            for (kind, _, reason, ttl, _, _), hosts, at, rtt, tries in tally.alike():
                found = part.pick(hosts)
                alive |= found
                port = 13 if reason == "timestamp-reply" else _ECHO6 if part.of_version(6) else 8
                yield Alive(str(found), kind, port if kind == "icmp" else 0, reason, at, ttl, rtt, tries)
            part -= alive

    def _gateways(self, beyond: AddressSet) -> Iterator[Event]:
        """The next hops, which have to answer ARP or NDP before anything leaves the link."""
        for gateway in self._fabric.laptop.gateways:
            node = self._fabric.neighbour(gateway)
            if node is not None and beyond.of_version(6 if ":" in gateway else 4):
                yield HostSeen(gateway, "gateway", self._now(), self._mac(node), rtt_ms=0.1)

    def _guessed(self, some: AddressSet) -> Iterator[Event]:
        """Who answers solicitations there."""
        silent: list[str] = []
        for addr in some:
            if is_link_local(addr):
                node = self._fabric.link_local(addr, self._mac)
                if node is not None:
                    yield HostSeen(addr, "ndp", self._now(), self._mac(node), rtt_ms=0.1)
                    continue
            elif found := list(self._on_link(addr)):
                yield from found
                continue
            silent.append(addr)
        if silent:
            yield Silence(addresses_text(silent), "icmp", SOLICITATION, 2, self._now())

    def _on_link(self, addr: str) -> Iterator[Event]:
        if addr in self._fabric.laptop.addresses:
            yield HostSeen(addr, "self", self._now(), self._mac(self._fabric.laptop))
            return
        node = self._fabric.neighbour(addr)
        if node is None or not self._fabric.on_link(addr):
            return
        v6 = ":" in addr
        yield HostSeen(addr, "ndp" if v6 else "arp", self._now(), self._mac(node), rtt_ms=0.1)
        echo = self._fabric.ask(addr, "icmp", 128 if v6 else 8)
        if echo is not None and echo.state == "open":
            yield HostSeen(addr, "echo-reply", self._now(), ttl=echo.ttl, rtt_ms=echo.rtt_ms)

    def _volley(
        self,
        stage: Literal["sweep", "knock"],
        part: AddressSet,
        questions: Sequence[Question],
        tries: int,
        gentle: bool = False,
        known: Iterable[tuple[str, Transport, str]] = (),
    ) -> Iterator[Event]:
        """Every question to every address of one IP version: open ports as they answer, the bulk at the end, merged as
        live rows are."""
        tally = Tally(list(part), questions, tries, [False] * len(part))
        tally.know(known)
        yield from self._asked(stage, tally, gentle)
        yield from tally.rows(self._now())

    def _asked(self, stage: Literal["sweep", "knock"], tally: Tally, gentle: bool = False) -> Iterator[Event]:
        """Answer the tally's questions, all but the rows at the end."""
        questions = tally.questions
        index_of = {question: index for index, question in enumerate(questions)}
        for host, addr in enumerate(tally.addresses):
            if host % _EVERY == 0:
                yield Progress(stage, host * len(questions), tally.size, self._now())
            if not self._fabric.has_route(addr):
                tally.refuse(host, NO_ROUTE)
                continue
            for same in self._alike(addr, questions):
                answer = self._ask(addr, *same[0], gentle)
                if answer is None:
                    continue
                at = self._now()
                seen = Seen(answer.state, answer.reason, at, answer.ttl, answer.source, answer.window)
                if gentle and answer.reason in _CONNECT:
                    seen = Seen(answer.state, _CONNECT[answer.reason], at)
                for question in same:
                    row = tally.add(host * len(questions) + index_of[question], seen, answer.rtt_ms, 1)
                    if row is not None:
                        yield row
        yield Progress(stage, tally.size, tally.size, self._now())

    def _alike(self, addr: str, questions: Sequence[Question]) -> Iterable[list[Question]]:
        """The questions in groups that no rule and no service tells apart, so that each group is asked once."""
        served = {(each.transport, each.number) for each in self._services(addr)}
        groups: dict[tuple[Transport, int, int], list[Question]] = defaultdict(list)
        for transport, port in questions:
            edges, single = self._edges[transport]
            alone = port in single or (transport, port) in served or transport == "icmp"
            groups[(transport, bisect_right(edges, port), port if alone else -1)].append((transport, port))
        return groups.values()

    def _ask(self, addr: str, transport: Transport, port: int, gentle: bool = False) -> Answer | None:
        if transport == "icmp" and ":" in addr:
            port = _ECHO6
        silent = self._mute(addr, gentle) if transport == "udp" else ()
        return self._fabric.ask(addr, transport, port, silent, self._sport)

    def _mute(self, addr: str, gentle: bool) -> frozenset[int]:
        """The UDP ports of whoever holds `addr` where our payload (none, if gentle) gets no answer."""
        found = self._muted.get((addr, gentle))
        if found is None:
            payloads = {} if gentle else udp_payloads()
            found = self._muted[addr, gentle] = frozenset(
                each.number
                for each in self._services(addr)
                if each.transport == "udp" and not answers(each, payloads.get(each.number, b""))
            )
        return found

    def _mac(self, node: Node) -> str:
        return self._topology.mac(node.name, self._fabric.zone)

    def _services(self, addr: str) -> tuple[Service, ...]:
        owner = self._fabric.owner(addr)
        return owner.services if owner else ()


def _pings(version: int) -> list[Question]:
    """The ICMP questions that hosts of that IP version may answer."""
    return [_ECHO, _TIMESTAMP] if version == 4 else [_ECHO]
