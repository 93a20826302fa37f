"""The connect engine for TCP: whole connections through the laptop's own IP stack, no privilege needed.

It cannot see the TTL of a SYN-ACK or RST. The kernel repeats the SYN itself after one and three seconds, so one
connection is two tries. Who is known to be there and has silent ports is asked again until few misses are expected.
"""

from __future__ import annotations

import contextlib
import errno
import heapq
import os
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence

from scanner.errors import NetworkFailed
from scanner.model.addresses import AddressSet
from scanner.model.network import Knock, Pace
from scanner.model.observation import Event, PortState, Progress, Vantage
from scanner.net.packets.link import check_interface
from scanner.net.route import Hop, Interface, neighbours
from scanner.net.sockets.dial import BUSY, GAVE_UP, NO_SOURCE, Dialler, Done, Local, Route
from scanner.net.sockets.opening import NO_NEXT_HOP, aimed, descriptors, refusal, refuse_unreached
from scanner.net.trouble import failure, gone
from scanner.net.volley.enough import HostCount, unsettled
from scanner.net.volley.passes import MOST_PROBES, scattered
from scanner.net.volley.tally import KNOWN, Answer, Question, Tally

PACKETS = 4
"""Of one connection: SYN, ACK and the two of closing; or a SYN with three repetitions."""
PAUSE = 0.1
"""Seconds between two connections of a gentle request to the same host."""
MOST_PASSES = 6
_NEAR, _ROUTED = 1.6, 2.0
"""Seconds that a host has when no router has to report it dead: two SYNs, a second apart, and some."""
_REPEATED_MS = 950.0
"""What took longer was an answer to the second SYN."""
_UNRESOLVED = 3.5
"""Seconds after which the kernel's own ARP or NDP has failed for good (three requests, a second apart)."""
_CREW_FROM, _CREW_RATE = 20_000, 60_000
"""Connections, and granted packets a second, from which one core is not enough."""
_MOST_MEMBERS = 2
_PORTION = 64
_TICK = 0.5
_LISTEN = 0.1
_NO_ROOM = 5.0
"""Seconds for which the laptop may be out of descriptors or ports before that is an error."""
_GONE = frozenset({errno.ENETDOWN, errno.ENODEV, errno.ENXIO, NO_SOURCE})
_OPEN = frozenset({0, errno.ECONNRESET, errno.EPIPE})
"""A reset after the handshake is still an open port: a RST instead of the SYN-ACK says ECONNREFUSED."""


def knock(request: Knock, pace: Pace, vantage: Vantage, interface: Interface) -> Iterator[Event]:
    """Connect to every TCP port of every address; gentle: one at a time to a host, with a pause in between."""
    if not request.tcp:
        return
    questions: list[Question] = [("tcp", port) for port in request.tcp]
    with descriptors() as limit:
        for part in AddressSet.parse(request.addresses).chunks(max(1, MOST_PROBES // len(questions))):
            tally, ways = aimed(part, questions, request.tries, vantage, interface)
            tally.know(request.known)
            dialler = _dialler(tally, ways, interface, pace, limit, gentle=request.gentle)
            with contextlib.closing(dialler):
                engine = _Connections(request, tally, ways, interface, pace, dialler)
                with contextlib.closing(engine):
                    yield from engine.run()
            refuse_unreached(tally, ways, interface)
            yield from tally.rows(time.time())


def _dialler(
    tally: Tally, ways: Sequence[Hop | None], interface: Interface, pace: Pace, limit: int, *, gentle: bool
) -> Dialler:
    """Whoever is quick enough: this process, or several."""
    routes = []
    for address, way in zip(tally.addresses, ways, strict=True):
        hop = (way or Hop("self", "", "")).to(address)
        scope = interface.index if address.startswith("fe80:") else 0
        routes.append(Route(address, hop.source, "" if hop.kind == "self" else interface.name, scope))
    ports = [port for _, port in tally.questions]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if gentle or tally.size < _CREW_FROM or pace.rate < _CREW_RATE or cores < 2 or not sys.executable:
        return Local(routes, ports, limit, gentle=gentle)
    from scanner.net.sockets.dial_crew import Crew

    return Crew(min(cores, _MOST_MEMBERS), routes, ports, limit)


class _Connections:
    def __init__(
        self,
        request: Knock,
        tally: Tally,
        ways: Sequence[Hop | None],
        interface: Interface,
        pace: Pace,
        dialler: Dialler,
    ) -> None:
        self._gentle = request.gentle
        self._tally = tally
        self._ways = ways
        self._interface = interface
        self._pace = pace
        self._dialler = dialler
        self._width = len(tally.questions)
        self._late = max(_ROUTED, request.patience)
        self._attempt = 0
        self._back: deque[int] = deque()
        """What the laptop had no room for."""
        self._free_again = 0.0
        self._stuck_since = 0.0
        self._ended: list[int] = []
        self._heard = bytearray(len(ways))
        """Hosts that answered."""
        self._quiet: dict[int, float] = {}
        """Hosts that were asked and did not, and since when."""
        self._first, self._second = 0, 0
        """Answers to the first SYN of a connection, and to a later one."""
        self._done = 0
        self._started = 0
        self._ticked = time.monotonic()
        self._watch = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def close(self) -> None:
        self._watch.close()

    def run(self) -> Iterator[Event]:
        """Every pass. Open ports as they answer; the rest is in the tally."""
        tally = self._tally
        hosts: set[int] | None = None
        for attempt in range(MOST_PASSES):
            self._attempt = attempt
            self._done = 0
            chosen = (
                index
                for index in scattered(tally.size)
                if tally.wanted(index) and (hosts is None or index // self._width in hosts)
            )
            yield from self._gently(chosen) if self._gentle else self._pass(chosen)
            if not tally.missing:
                break
            if 2 * (attempt + 1) >= tally.tries:
                hosts = self._unsettled(attempt + 1)
                if not hosts:
                    break
        if hasty := tally.hasty:
            # Refused while the router was still giving up on an earlier probe? Asked in peace, it takes its time again.
            yield from self._rest(self._late)
            yield from self._gently(iter(hasty)) if self._gentle else self._pass(iter(hasty))
        if tally.missing:
            self._check()

    def _pass(self, order: Iterator[int]) -> Iterator[Event]:
        """Start all of these, and see every one through."""
        dialler = self._dialler
        portion = max(1, min(_PORTION, int(self._pace.rate / 100 / PACKETS)))
        more = True
        while more or self._back or dialler.busy:
            asking = (more or self._back) and time.monotonic() >= self._free_again
            room = min(portion, dialler.room) if asking else 0
            if room > 0:
                some = self._some(order, room)
                if len(some) < room:
                    more = False
                if some:
                    self._pace.take(PACKETS * len(some))
                    self._start(some)
            yield from self._listen(0.0 if room > 0 else _LISTEN)

    def _gently(self, order: Iterator[int]) -> Iterator[Event]:
        """The same with one connection at a time to a host, and a pause after each."""
        dialler = self._dialler
        todo: dict[int, deque[int]] = {}
        for index in order:
            todo.setdefault(index // self._width, deque()).append(index)
        ready = [(0.0, host) for host in todo]
        heapq.heapify(ready)
        while ready or self._back or dialler.busy:
            now = time.monotonic()
            while self._back and now >= self._free_again:
                index = self._back.popleft()
                todo[index // self._width].appendleft(index)
            while ready and ready[0][0] <= now and dialler.room > 0:
                _, host = heapq.heappop(ready)
                if todo[host]:
                    self._pace.take(PACKETS)
                    self._start([todo[host].popleft()])
                elif any(index // self._width == host for index in self._back):
                    heapq.heappush(ready, (self._free_again, host))
            wait = min(_LISTEN, ready[0][0] - now) if ready else _LISTEN
            yield from self._listen(max(0.0, wait))
            resting = time.monotonic() + PAUSE
            for index in self._ended:
                heapq.heappush(ready, (resting, index // self._width))

    def _some(self, order: Iterator[int], count: int) -> list[int]:
        some: list[int] = []
        while self._back and len(some) < count:
            some.append(self._back.popleft())
        # Of the iterator not one more than is asked: what it gives is gone.
        while len(some) < count and (index := next(order, None)) is not None:
            some.append(index)
        return some

    def _start(self, some: Sequence[int]) -> None:
        now = time.monotonic()
        by_time: dict[float, list[int]] = {}
        for index in some:
            host = index // self._width
            hop = self._ways[host]
            if hop is None:
                continue
            seconds = _NEAR
            if hop.kind == "routed":
                # Who accepted something is there, and no router will report it dead.
                seconds = _ROUTED if self._tally.opened[host] else self._late
            by_time.setdefault(seconds, []).append(index)
            if not self._heard[host] and host not in self._quiet:
                self._quiet[host] = now
        self._started += len(some)
        self._done += len(some)
        for seconds, same in by_time.items():
            try:
                self._dialler.start(same, seconds)
            except OSError as error:
                raise failure(self._interface.name, error) from None

    def _listen(self, timeout: float) -> Iterator[Event]:
        try:
            happened = self._dialler.settle(timeout)
        except OSError as error:
            raise failure(self._interface.name, error) from None
        self._ended = []
        for done in happened:
            yield from self._take(done)
        now = time.monotonic()
        if now - self._ticked >= _TICK:
            self._check()
            self._give_up_unresolved(now)
            rate = round(self._started * PACKETS / (now - self._ticked), 1)
            self._ticked, self._started = now, 0
            yield Progress("knock", min(self._done, self._tally.size), self._tally.size, time.time(), rate)

    def _take(self, done: Done) -> Iterator[PortState]:
        refused = Answer("closed", "refused", done.at)
        for index, code, spent in done.plain:
            if code == errno.ECONNREFUSED:
                self._answered(index, refused, spent)
            elif code in _OPEN:
                row = self._answered(index, Answer("open", "connected", done.at), spent)
                if row is not None:
                    yield row
            elif code in BUSY:
                self._no_room(index)
            elif code not in (GAVE_UP, errno.ETIMEDOUT, errno.ECONNABORTED):
                self._ours(index, code)
        for index, code, spent, said in done.told:
            hop = self._ways[index // self._width]
            if any(hop and hop.kind != "self" and self._interface.has(source or "") for _, _, _, source in said):
                self._ours(index, code)
                continue
            state, reason, ttl, source = said[-1]
            self._answered(index, Answer(state, reason, done.at, ttl, source), spent)  # type: ignore[arg-type]
        self._ended.extend(done.ended)

    def _answered(self, index: int, answer: Answer, spent: float) -> PortState | None:
        tries = 2 * self._attempt + 1
        if spent >= _REPEATED_MS:
            tries += 1
            self._second += 1
        else:
            self._first += 1
        self._stuck_since = 0.0
        host = index // self._width
        if not self._heard[host]:
            self._heard[host] = 1
            self._quiet.pop(host, None)
        return self._tally.add(index, answer, None if spent < 0 else round(spent, 3), tries)

    def _no_room(self, index: int) -> None:
        """Ask that one later."""
        now = time.monotonic()
        self._stuck_since = self._stuck_since or now
        if now - self._stuck_since > _NO_ROOM:
            raise NetworkFailed("this laptop is out of sockets or local ports; end other programs, go on with --resume")
        self._back.append(index)
        self._quiet.pop(index // self._width, None)
        self._free_again = now + _LISTEN

    def _ours(self, index: int, code: int) -> None:
        """The laptop's own side failed: nobody on the link answered ARP, or it may not send."""
        if code in _GONE:
            raise gone(self._interface.name)
        host = index // self._width
        hop = self._ways[host]
        reason = refusal(code)
        if reason is not None:
            self._tally.refuse(host, reason)
        elif hop is not None and hop.kind == "routed":
            self._tally.refuse(host, NO_NEXT_HOP)

    def _give_up_unresolved(self, now: float) -> None:
        """Hosts that the kernel's ARP or NDP does not find are not on the link: nothing more is asked of them."""
        since = now - _UNRESOLVED
        quiet = [host for host, asked in self._quiet.items() if asked < since]
        if not quiet or not self._interface.resolves:
            return
        known = neighbours(self._interface)
        answering = {hop.via for hop, heard in zip(self._ways, self._heard, strict=True) if hop and heard}
        for host in quiet:
            hop = self._ways[host]
            if hop is None or hop.kind == "self":
                continue
            if hop.kind == "on-link" and self._tally.addresses[host] not in known:
                self._tally.absent(host)
                del self._quiet[host]
            elif hop.kind == "routed" and hop.via not in known and hop.via not in answering:
                self._tally.refuse(host, NO_NEXT_HOP)
                del self._quiet[host]

    def _unsettled(self, passes: int) -> set[int]:
        """The hosts that probably hide answers yet, judged by how often a first SYN was lost.

        Those without a silent port count, too: they show what the others are likely to hide.
        """
        tally, width = self._tally, self._width
        places: list[int] = []
        counts: list[HostCount] = []
        for host in range(len(tally.addresses)):
            tried = tally.tried[host * width : (host + 1) * width]
            if not tally.skipped[host]:
                places.append(host)
                counts.append(
                    HostCount(width - tried.count(KNOWN), tuple(tried.count(each) for each in range(1, 2 * passes + 1)))
                )
        answers = self._first + self._second
        loss = min(0.13, (self._second + 2 * (self._second + 1) ** 0.5 + 1) / max(1, answers))
        verdict = unsettled(counts, loss if answers else 0.13, 2 * passes)
        return {places[each] for each in verdict.again}

    def _rest(self, seconds: float) -> Iterator[Event]:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(_LISTEN)
            yield from self._listen(0.0)

    def _check(self) -> None:
        """NetworkFailed when the interface is gone, so that no silence is believed."""
        check_interface(self._watch, self._interface.name)
