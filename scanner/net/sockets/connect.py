"""The connect engine for TCP: whole connections through the laptop's own IP stack, no privilege needed.

It cannot see the TTL of a SYN-ACK or RST. The kernel repeats the SYN itself after one and three seconds, so one
connection is two tries. Who is known to be there and has silent ports is asked again until few misses are expected.

How many connections are under way is what the network takes: the first pass asks a random sample of all ports, so when
the share that answers the first SYN falls as the rate rises, it is slowed down (`volley.congestion`).
"""

from __future__ import annotations

import contextlib
import errno
import heapq
import os
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence

from scanner.errors import NetworkFailed
from scanner.model.addresses import AddressSet
from scanner.model.network import Knock, Pace
from scanner.model.observation import Event, PortState, Progress, Vantage
from scanner.net.carrier import Carrier
from scanner.net.raw.signed import Signature
from scanner.net.route import Hop, Interface, neighbours, tables
from scanner.net.rules import NEVER_WRITTEN
from scanner.net.sockets.dial import BUSY, GAVE_UP, NO_SOURCE, Dialler, Done, Local, Route
from scanner.net.sockets.errqueue import QUEUE
from scanner.net.sockets.opening import ICMP_ERRORS, NO_NEXT_HOP, aimed, descriptors, refusal, refuse_unreached
from scanner.net.trouble import failure, gone
from scanner.net.volley.congestion import Control
from scanner.net.volley.enough import HostCount, Rtt, unsettled
from scanner.net.volley.passes import MOST_PROBES, scattered
from scanner.net.volley.tally import KNOWN, Answer, Question, Tally
from scanner.net.volley.throttle import Meter, Throttle

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
_START = 20_000.0
"""Granted packets a second to begin with: a hundred connections in the first span."""
_AGAIN = 0.85
"""Later passes ask what is left, mostly silent, by which nothing is measured: they stay so far below what the network
was found to take."""
_NO_ROOM = 5.0
"""Seconds for which the laptop may be out of descriptors or ports before that is an error."""
_GONE = frozenset({errno.ENETDOWN, errno.ENODEV, errno.ENXIO, NO_SOURCE})
_OPEN = frozenset({0, errno.ECONNRESET, errno.EPIPE})
"""A reset after the handshake is still an open port: a RST instead of the SYN-ACK says ECONNREFUSED."""
_REFUSED_LATE = 2.0 if hasattr(errno, "WSAECONNREFUSED") else 0.0
"""Seconds by which a refusal is told late: Windows sends two more SYNs, half a second apart, before it believes one."""


def knock(
    request: Knock, pace: Pace, vantage: Vantage, interface: Interface, sign: Signature | None = None
) -> Iterator[Event]:
    """Connect to every TCP port of every address; gentle: one at a time to a host, with a pause in between.

    `sign`: they are canaries, to whom each connection says its signature.
    """
    if not request.tcp:
        return
    questions: list[Question] = [("tcp", port) for port in request.tcp]
    with descriptors() as limit:
        for part in AddressSet.parse(request.addresses).chunks(max(1, MOST_PROBES // len(questions))):
            tally, ways = aimed(part, questions, request.tries, vantage, interface)
            tally.know(request.known)
            said = () if sign is None else [b"" if p in NEVER_WRITTEN else sign.payload(p) for p in request.tcp]
            dialler = _dialler(tally, ways, interface, pace, limit, said, gentle=request.gentle)
            with contextlib.closing(dialler):
                engine = _Connections(request, tally, ways, interface, pace, dialler)
                yield from engine.run()
            refuse_unreached(tally, ways, interface)
            yield from tally.rows(time.time())


def _dialler(
    tally: Tally,
    ways: Sequence[Hop | None],
    interface: Interface,
    pace: Pace,
    limit: int,
    said: Sequence[bytes],
    *,
    gentle: bool,
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
        return Local(routes, ports, limit, said, gentle=gentle)
    from scanner.net.sockets.dial_crew import Crew

    return Crew(min(cores, _MOST_MEMBERS), routes, ports, limit, said)


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
        self._carrier = Carrier(interface)
        self._control = Control(pace.rate, _START)
        self._rtt = Rtt(0.003, _REPEATED_MS / 1000)
        self._meter = Meter(self._control, self._rtt)
        self._throttle = Throttle(pace, self._control)

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
        dialler, throttle = self._dialler, self._throttle
        if self._attempt:
            throttle.limit = _AGAIN * self._control.capacity
        more = True
        while more or self._back or dialler.busy:
            portion = max(1, min(_PORTION, int(throttle.rate / 100 / PACKETS)))
            asking = (more or self._back) and time.monotonic() >= self._free_again
            room = min(portion, dialler.room) if asking else 0
            if room > 0:
                some = self._some(order, room)
                if len(some) < room:
                    more = False
                if some:
                    throttle.take(PACKETS * len(some))
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
        now, at = time.monotonic(), time.time()
        by_time: dict[float, list[int]] = {}
        for index in some:
            self._tally.sent[index] = at
            host = index // self._width
            hop = self._ways[host]
            if hop is None:
                continue
            seconds = _NEAR
            if hop.kind == "routed":
                # Who accepted something is there, and no router will report it dead.
                seconds = _ROUTED if self._tally.opened[host] else self._late
            by_time.setdefault(seconds + _REFUSED_LATE, []).append(index)
            if not self._heard[host] and host not in self._quiet:
                self._quiet[host] = now
        if not self._attempt:
            self._meter.sent(at, len(some), again=False, offered=PACKETS * len(some))
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
        self._meter.report(self._dialler.read)
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
                self._ours(index, code, done.at, spent)
        for index, code, spent, said in done.told:
            hop = self._ways[index // self._width]
            if any(hop and hop.kind != "self" and self._interface.has(source or "") for _, _, _, source in said):
                self._ours(index, code, done.at, spent)
                continue
            state, reason, ttl, source = said[-1]
            self._answered(index, Answer(state, reason, done.at, ttl, source), spent)  # type: ignore[arg-type]
        self._ended.extend(done.ended)

    def _answered(self, index: int, answer: Answer, spent: float) -> PortState | None:
        tries = 2 * self._attempt + 1
        if spent >= _REPEATED_MS + 1000 * _REFUSED_LATE:
            tries += 1
            self._second += 1
        else:
            self._first += 1
        self._stuck_since = 0.0
        if not self._attempt:
            took = max(0.0, answer.at - self._tally.sent[index])
            if 1000 * took < _REPEATED_MS:
                self._rtt.feed(1, took, took)
                self._meter.answered(self._tally.sent[index], 1, again=False)
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
        if not self._attempt:
            self._meter.sent(self._tally.sent[index], -1, again=False)
        self._quiet.pop(index // self._width, None)
        self._free_again = now + _LISTEN

    def _ours(self, index: int, code: int, at: float, spent: float) -> None:
        """The laptop's own side failed: nobody on the link answered ARP, or it may not send."""
        if code in _GONE:
            raise gone(self._interface.name)
        host = index // self._width
        hop = self._ways[host]
        reason = refusal(code)
        if hop is not None and hop.kind != "self" and not QUEUE and spent and code in ICMP_ERRORS:
            # By whom, a router or a firewall or the laptop itself, this system does not tell.
            if hop.kind == "routed":
                self._answered(index, Answer(*ICMP_ERRORS[code], at), spent)
        elif reason is not None:
            self._tally.refuse(host, reason)
        elif hop is not None and hop.kind == "routed":
            self._tally.refuse(host, NO_NEXT_HOP)

    def _give_up_unresolved(self, now: float) -> None:
        """Hosts that the kernel's ARP or NDP does not find are not on the link: nothing more is asked of them."""
        since = now - _UNRESOLVED
        quiet = [host for host, asked in self._quiet.items() if asked < since]
        if not quiet or not self._interface.resolves or not tables():
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
        self._carrier.check()
