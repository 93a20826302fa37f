"""The connect engine for TCP: whole connections through the laptop's own IP stack, no privilege needed.

It cannot see the TTL of a SYN-ACK or RST. The kernel repeats the SYN itself after one and three seconds, so one
connection is two tries. Who is known to be there and has silent ports is asked again until few misses are expected.

How many connections are under way is what the network takes: the first pass asks a random sample of all ports, so when
the share that answers the first SYN falls as the rate rises, it is slowed down (`volley.congestion`). Later passes ask
what is silent; among it they repeat what answered before, which tells the same (`connect_passes`).
"""

from __future__ import annotations

import contextlib
import errno
import heapq
import time
from collections import deque
from collections.abc import Iterator, Sequence

from scanner.errors import NetworkFailed
from scanner.model.addresses import AddressSet
from scanner.model.network import Knock, Pace
from scanner.model.observation import Event, Limitation, PortState, Progress, Vantage
from scanner.net.carrier import Carrier
from scanner.net.raw.signed import Signature
from scanner.net.route import Hop, Interface, neighbours, tables
from scanner.net.rules import NEVER_WRITTEN
from scanner.net.sockets.connect_passes import MOST_PASSES, Passes
from scanner.net.sockets.dial import BUSY, GAVE_UP, NO_SOURCE, Dialler, Done
from scanner.net.sockets.dial_choice import dialler_for
from scanner.net.sockets.errqueue import QUEUE
from scanner.net.sockets.opening import ICMP_ERRORS, NO_NEXT_HOP, aimed, descriptors, refusal, refuse_unreached
from scanner.net.trouble import failure, gone
from scanner.net.volley.congestion import Control
from scanner.net.volley.enough import Rtt, Verdict
from scanner.net.volley.passes import MOST_PROBES, scattered
from scanner.net.volley.tally import UNSETTLED, Answer, Question, Tally
from scanner.net.volley.throttle import Meter, Throttle

PACKETS = 4
"""Of one connection: SYN, ACK and the two of closing; or a SYN with three repetitions."""
PAUSE = 0.1
"""Seconds between two connections of a gentle request to the same host."""
_NEAR, _ROUTED = 1.6, 2.0
"""Seconds that a host has when no router has to report it dead: two SYNs, a second apart, and some."""
_REPEATED_MS = 950.0
"""What took longer was an answer to the second SYN."""
_UNRESOLVED = 3.5
"""Seconds after which the kernel's own ARP or NDP has failed for good (three requests, a second apart)."""
_PORTION = 64
_TICK = 0.5
_LISTEN = 0.1
_START = 20_000.0
"""Granted packets a second to begin with: a hundred connections in the first span."""
_AGAIN = 0.85
"""Later passes stay so far below what the first one found the network to take: a loss costs them a whole pass more."""
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
            dialler = dialler_for(tally, ways, interface, pace, limit, said, gentle=request.gentle)
            with contextlib.closing(dialler):
                engine = _Connections(request, tally, ways, interface, pace, dialler)
                yield from engine.run()
            refuse_unreached(tally, ways, interface)
            yield from tally.rows(time.time())


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
        self._passes = Passes(tally)
        self._repeated: dict[int, float] = {}
        """Connections under way that are controls, and when they started."""
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
            self._attempt, self._done = attempt, 0
            self._passes.begin(hosts)
            chosen = (
                index
                for index in scattered(tally.size)
                if tally.wanted(index) and (hosts is None or index // self._width in hosts)
            )
            yield from self._gently(chosen) if self._gentle else self._pass(chosen)
            verdict = Verdict((), 0.0, ())
            if not tally.missing:
                break
            if 2 * (attempt + 1) >= tally.tries:
                verdict = self._passes.verdict()
                hosts = set(verdict.again)
                if not hosts:
                    break
        for host in verdict.again:
            tally.refuse(host, UNSETTLED)
        if verdict.again:
            reason = f"{MOST_PASSES} passes were not enough: the network loses too many packets; scan it again"
            yield Limitation(f"about {verdict.misses:.0f} answers that were lost", reason, time.time())
        if hasty := tally.hasty:
            # Refused while the router was still giving up on an earlier probe? Asked in peace, it takes its time again.
            yield from self._rest(self._late)
            yield from self._gently(iter(hasty)) if self._gentle else self._pass(iter(hasty), again=False)
        if tally.missing:
            self._check()

    def _pass(self, order: Iterator[int], again: bool = True) -> Iterator[Event]:
        """Start all of these, and see every one through; in a later pass (`again`) with controls among them."""
        dialler, throttle = self._dialler, self._throttle
        controls: list[int] = []
        share, due = 0.0, 0.0
        if self._attempt and again:
            throttle.limit = _AGAIN * self._control.capacity
            whole = list(order)
            order, controls = iter(whole), self._passes.controls(len(whole))
            share = len(controls) / max(1, len(whole))
        more = True
        while more or self._back or dialler.busy:
            portion = max(1, min(_PORTION, int(throttle.rate / 100 / PACKETS)))
            asking = (more or self._back) and time.monotonic() >= self._free_again
            room = min(portion, dialler.room) if asking else 0
            if room > 0:
                some = self._some(order, room)
                more = more and len(some) == room
                if some:
                    due += share * len(some)
                    repeated = [controls.pop() for _ in range(min(len(controls), round(due)))]
                    due -= len(repeated)
                    throttle.take(PACKETS * (len(some) + len(repeated)))
                    self._start(some)
                    self._repeat(repeated, len(some))
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
            if (hop := self._ways[host]) is None:
                continue
            seconds = _NEAR
            if hop.kind == "routed":
                # Who accepted something is there, and no router will report it dead.
                seconds = _ROUTED if self._tally.opened[host] else self._late
            by_time.setdefault(seconds, []).append(index)
            if not self._heard[host] and host not in self._quiet:
                self._quiet[host] = now
        if not self._attempt:
            self._meter.sent(at, len(some), again=False, offered=PACKETS * len(some))
        self._started += len(some)
        self._done += len(some)
        for seconds, same in by_time.items():
            self._dial(same, seconds)

    def _repeat(self, controls: Sequence[int], among: int) -> None:
        """Connect again to what answered before, `among` so many others that left just now."""
        if not self._attempt:
            return
        at = time.time()
        self._meter.sent(at, len(controls), again=True, offered=PACKETS * (len(controls) + among))
        if controls:
            self._started += len(controls)
            self._repeated.update(dict.fromkeys(controls, at))
            self._dial(controls, _ROUTED)

    def _dial(self, indices: Sequence[int], seconds: float) -> None:
        try:
            self._dialler.start(indices, seconds + _REFUSED_LATE)
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
            ended, total = min(self._done, self._tally.size), self._tally.size
            yield Progress("knock", ended, total, time.time(), rate, self._attempt + 1)

    def _take(self, done: Done) -> Iterator[PortState]:
        refused = Answer("closed", "refused", done.at)
        for index, code, spent in done.plain:
            if index in self._repeated:
                self._over(index, code, done.at, spent)
            elif code == errno.ECONNREFUSED:
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
            if index in self._repeated:
                self._over(index, code, done.at, spent)
                continue
            hop = self._ways[index // self._width]
            if any(hop and hop.kind != "self" and self._interface.has(source or "") for _, _, _, source in said):
                self._ours(index, code, done.at, spent)
                continue
            state, reason, ttl, source = said[-1]
            self._answered(index, Answer(state, reason, done.at, ttl, source), spent)  # type: ignore[arg-type]
        self._ended.extend(done.ended)

    def _answered(self, index: int, answer: Answer, spent: float) -> PortState | None:
        tried = _tried(spent)
        if answer.state in ("open", "closed"):
            # An ICMP error comes when it pleases the router that gives up.
            self._passes.count(tried, control=False)
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
        return self._tally.add(index, answer, None if spent < 0 else round(spent, 3), 2 * self._attempt + tried)

    def _over(self, index: int, code: int, at: float, spent: float) -> None:
        """A control's connection came to something."""
        sent = self._repeated.pop(index)
        if code in _GONE:
            raise gone(self._interface.name)
        if code in BUSY:
            self._meter.sent(sent, -1, again=True)
        elif code not in _OPEN and code != errno.ECONNREFUSED:
            self._passes.count(0, control=True)
        else:
            tried = _tried(spent)
            self._passes.count(tried, control=True)
            if 1000 * (at - sent) < _REPEATED_MS:
                self._meter.answered(sent, 1, again=True)

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

    def _rest(self, seconds: float) -> Iterator[Event]:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(_LISTEN)
            yield from self._listen(0.0)

    def _check(self) -> None:
        """NetworkFailed when the interface is gone, so that no silence is believed."""
        self._carrier.check()


def _tried(spent: float) -> int:
    """Which SYN of a connection was answered after so many milliseconds."""
    return 2 if spent >= _REPEATED_MS + 1000 * _REFUSED_LATE else 1
