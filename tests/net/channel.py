"""A channel in memory: policer or queue, random loss each way, hosts that drop, filter or limit; and a scan through it.

Time is simulated in ticks. Probes are numbers: host * ports + port.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from scanner.net.volley.congestion import Bin, Control, HostCount, Rtt, Verdict, unsettled

TICK = 0.002
CONTROL_SHARE = 10
"""One control probe for so many others in later passes."""


class Channel:
    """`capacity`: packets a second at a time; `depth`: the policer's bucket, or with `queue` the places in the queue.

    `silent` hosts drop all, `filtered` ones answer on these ports only, `limited` ones answer so many in each second.
    """

    def __init__(
        self,
        hosts: int,
        ports: int,
        *,
        capacity: float | Callable[[float], float] = math.inf,
        depth: float = 1000,
        queue: bool = False,
        loss: float = 0.0,
        rtt: float = 0.001,
        silent: Iterable[int] = (),
        filtered: Mapping[int, frozenset[int]] | None = None,
        limited: Mapping[int, float] | None = None,
        seed: int = 1,
    ) -> None:
        self.hosts, self.ports, self.rtt, self._loss, self._queue = hosts, ports, rtt, loss, queue
        self.capacity: Callable[[float], float] = capacity if callable(capacity) else lambda now: float(capacity)
        self._depth = self._tokens = depth
        self._then = 0.0
        self._filtered, self._limited = dict(filtered or {}), dict(limited or {})
        self._given: dict[int, tuple[int, int]] = {}
        self._kind = bytearray(hosts)
        for kind, members in ((1, silent), (2, self._filtered), (3, self._limited)):
            for host in members:
                self._kind[host] = kind
        self._random = random.Random(seed)

    def truth(self) -> set[int]:
        """What would answer if nothing were lost."""
        kind, ports = self._kind, self.ports
        every = (host * ports + port for host in range(self.hosts) if kind[host] != 1 for port in range(ports))
        return {each for each in every if kind[each // ports] != 2 or each % ports in self._filtered[each // ports]}

    def pass_on(self, probes: list[int], now: float) -> tuple[list[int], float]:
        """Which probes are answered, and after how many seconds."""
        delay = self.rtt
        capacity = self.capacity(now)
        if math.isfinite(capacity):
            earned = (now - self._then) * capacity
            self._tokens = min(max(self._depth, earned), self._tokens + earned)
            room = int(self._tokens)
            count = len(probes)
            if room < count:
                # Evenly spaced survivors: tokens come one by one.
                probes = [probes[index * count // room] for index in range(room)] if room else []
            self._tokens -= len(probes)
            if self._queue:
                delay += max(0.0, self._depth - self._tokens) / capacity
        self._then = now
        probes = self._thin(probes)
        kind, ports = self._kind, self.ports
        special = [each for each in probes if kind[each // ports]]
        if special:
            plain = [each for each in probes if not kind[each // ports]]
            probes = plain + [each for each in special if self._answers(each, now)]
        return self._thin(probes), delay

    def _thin(self, probes: list[int]) -> list[int]:
        if not self._loss:
            return probes
        draw, loss = self._random.random, self._loss
        return [each for each in probes if draw() >= loss]

    def _answers(self, probe: int, now: float) -> bool:
        host, port = divmod(probe, self.ports)
        if self._kind[host] == 1:
            return False
        if self._kind[host] == 2:
            return port in self._filtered[host]
        second, given = self._given.get(host, (-1, 0))
        if second != int(now):
            second, given = int(now), 0
        if given >= self._limited[host]:
            return False
        self._given[host] = (second, given + 1)
        return True


@dataclass
class Outcome:
    """What a simulated scan came to."""

    found: set[int] = field(default_factory=set)
    seconds: float = 0.0
    passes: int = 0
    sent: int = 0
    rates: list[tuple[float, float, float]] = field(default_factory=list)
    """(time, the control's rate, packets a second really sent) at each tick that had something to send."""
    verdict: Verdict = field(default_factory=lambda: Verdict((), 0.0, ()))

    def mean_rate(self, since: float, until: float) -> float:
        rates = [sent for at, _, sent in self.rates if since <= at < until]
        return sum(rates) / len(rates)


class _Open:
    """A span that is still being filled or waited for."""

    def __init__(self, at: float, again: bool) -> None:
        self.at, self.again, self.sent, self.answered, self.offered, self.end = at, again, 0, 0, 0, at


class Scan:
    """A volley in simulated time: permuted order, passes, control probes, limited hosts asked slowly."""

    def __init__(self, channel: Channel, control: Control, span: float = 0.01, sender: float = math.inf) -> None:
        self.channel, self.control, self.span, self.sender = channel, control, span, sender
        self.now = 0.0
        self.rtt = Rtt(0.005, 1.0)
        self.out = Outcome()
        self._count = channel.hosts * channel.ports
        self._arrivals: deque[tuple[float, float, _Open, list[int], list[int]]] = deque()
        self._bins: deque[_Open] = deque()
        self._credit = 0.0
        self._new: dict[int, int] = {}

    def run(self, target: float = 0.01) -> Outcome:
        channel, out = self.channel, self.out
        hosts = [HostCount(channel.ports, ()) for _ in range(channel.hosts)]
        stride = max(1, round(self._count * 0.6180339887))
        while math.gcd(stride, self._count) != 1:
            stride += 1
        order = [index * stride % self._count for index in range(self._count)]
        again = tuple(range(channel.hosts))
        slow: dict[int, float] = {}
        while again:
            chosen = bytearray(channel.hosts)
            for host in again:
                chosen[host] = 2 if host in slow else 1
            ports, found = channel.ports, out.found
            todo = [each for each in order if chosen[each // ports] == 1 and each not in found]
            gentle = [each for each in order if chosen[each // ports] == 2 and each not in found]
            self.now += out.verdict.rest
            began = self.now
            self._new = dict.fromkeys(again, 0)
            known = sorted(each for each in found if each // ports not in slow)
            self._sweep(todo, gentle, sum(slow[host] for host in again if host in slow), known)
            out.passes += 1
            took = self.now - (began - out.verdict.rest)
            for host in again:
                before = hosts[host]
                hosts[host] = HostCount(ports, (*before.answered, self._new[host]), (*before.seconds, took))
            out.verdict = unsettled(hosts, self.control.loss_upper, out.passes, target)
            again = out.verdict.again
            slow = {each.host: each.rate for each in out.verdict.limited}
        out.seconds = self.now
        return out

    def _sweep(self, todo: list[int], gentle: list[int], pace: float, known: list[int]) -> None:
        later = self.out.passes > 0
        place, soft, soft_credit, turn, owed = 0, 0, 0.0, 0, 0.5
        bin = _Open(self.now, later)
        while place < len(todo) or soft < len(gentle):
            rate = self.control.rate
            assert 0 < rate <= self.control.limit
            share = min(rate, self.sender) * TICK
            self._credit = min(self._credit + share, share + 1)
            soft_credit += pace * TICK
            room = int(self._credit)
            slowly = gentle[soft : soft + min(room, int(soft_credit))]
            soft += len(slowly)
            soft_credit -= len(slowly)
            room -= len(slowly)
            controls: list[int] = []
            if known and room:
                owed += min(room, len(todo) - place) / CONTROL_SHARE
                wanted = int(owed)
                owed -= wanted
                controls = [known[(turn + index) * 7919 % len(known)] for index in range(wanted)]
                turn += wanted
                room = max(0, room - wanted)
            fast = todo[place : place + room]
            place += len(fast)
            sent = len(fast) + len(slowly) + len(controls)
            self._credit -= sent
            self.out.sent += sent
            if sent:
                self.out.rates.append((self.now, rate, sent / TICK))
            bin.sent += len(controls) if later else len(fast)
            bin.offered += sent
            answered, delay = self.channel.pass_on([*fast, *slowly, *controls], self.now)
            if answered:
                self._arrivals.append((self.now + delay, delay, bin, answered, controls))
            self._tick()
            if self.now - bin.at >= self.span - 1e-9 and (bin.offered >= 50 or self.now - bin.at >= 0.05):
                self._close(bin)
                bin = _Open(self.now, later)
        self._close(bin)
        end = self.now + self.rtt.timeout
        while self.now < end:
            self._tick()
            if not self._arrivals and end - self.now > TICK:
                self.now = end

    def _close(self, bin: _Open) -> None:
        bin.end = self.now
        self._bins.append(bin)

    def _tick(self) -> None:
        self.now += TICK
        while self._arrivals and self._arrivals[0][0] <= self.now:
            _, delay, bin, answered, controls = self._arrivals.popleft()
            self.rtt.feed(len(answered), delay, delay)
            if controls:
                asked = set(controls)
                bin.answered += sum(each in asked for each in answered)
            elif not bin.again:
                bin.answered += len(answered)
            for each in answered:
                if each not in self.out.found:
                    self.out.found.add(each)
                    self._new[each // self.channel.ports] += 1
        while self._bins and self._bins[0].end + self.rtt.timeout <= self.now:
            bin = self._bins.popleft()
            if bin.sent:
                span = Bin(bin.end - bin.at, bin.sent, bin.answered, bin.again, bin.at, bin.offered)
                self.control.feed(span, self.now)
