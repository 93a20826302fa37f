"""How fast packets may leave: sliding windows, so that the limit holds over every span and not on average only."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from scanner.model.network import Pace

_MARGIN = 1.05
"""Windows are this much longer than they claim: between the grant and the wire there is a scheduler."""
_AHEAD = 0.01
"""Seconds by which a sender may run ahead of the even pace, and so catch up when the system woke it late."""
_LATE = 0.1
"""Seconds that a packet may take from its grant to the wire, as far as this reckons with it."""
_LEAST_SLEEP = 0.002
"""Shorter ones would cost more than they even out."""


class TokenBucket:
    """Never more than `rate` packets in any second, nor rate/10 (rounded up) in any 100 ms; and evenly, so that no
    10 ms see more than about rate/50.

    A rate below one is one packet every 1/rate seconds. Threads may share it; they wait in line. `clock` and `sleep`
    are seconds that only go forward.
    """

    def __init__(
        self, rate: float, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        if not rate > 0 or math.isinf(rate):
            raise ValueError(f"a rate of {rate} packets a second is none")
        self.rate = rate
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._windows = (
            _Window(0.1, math.ceil(rate / 10)),
            _Window(max(1.0, 1 / rate), max(1, math.floor(rate))),
        )
        self._latest: dict[int, list[_Grant]] = {}
        """What each thread was granted last."""
        self._even = 0.0
        """When the packets granted so far are through at the even pace."""
        self.depth = math.ceil(rate / 100)
        """How many packets may go at one instant; `take` waits in between when it is asked for more."""

    def take(self, packets: int) -> None:
        """Return when `packets` more may be sent; those beyond `depth` have been waited for one portion at a time."""
        with self._lock:
            self._left()
        while packets > 0:
            portion = min(packets, self.depth)
            with self._lock:
                self._grant(portion)
            packets -= portion

    def _grant(self, portion: int) -> None:
        while True:
            now = self._clock()
            ready = max(self._even - _AHEAD, *(window.ready(now, portion) for window in self._windows))
            if ready <= now:
                break
            self._sleep(max(ready - now, _LEAST_SLEEP))
        self._even = max(self._even, now) + portion * _MARGIN / self.rate
        grant = _Grant(now, portion)
        self._latest.setdefault(threading.get_ident(), []).append(grant)
        for window in self._windows:
            window.add(grant)

    def _left(self) -> None:
        """What this thread was granted has left by now, and maybe not before: a busy system stops a sender between the
        grant and the wire, and late packets would crowd those of the next window."""
        now = self._clock()
        for grant in self._latest.pop(threading.get_ident(), ()):
            grant.at = min(now, grant.at + _LATE)


class Chain:
    """Several paces at once: each has to agree. The one given last is asked last, just before the packet leaves."""

    def __init__(self, paces: Sequence[Pace]) -> None:
        self._paces = tuple(paces)
        self.rate = min(pace.rate for pace in paces)

    def take(self, packets: int) -> None:
        for pace in self._paces:
            pace.take(packets)


class _Grant(msgspec.Struct):
    """Packets that may leave from `at` on."""

    at: float
    packets: int


class _Window:
    """At most `limit` packets within any `span` seconds."""

    def __init__(self, span: float, limit: int) -> None:
        self.span = span * _MARGIN
        self.limit = limit
        self._grants: deque[_Grant] = deque()
        self._total = 0

    def ready(self, now: float, portion: int) -> float:
        """The earliest time, not before `now`, at which `portion` more fit."""
        while self._grants and self._grants[0].at + self.span <= now:
            self._total -= self._grants.popleft().packets
        excess = self._total + portion - self.limit
        when = now
        for grant in self._grants:
            if excess <= 0:
                break
            when = max(when, grant.at + self.span)
            excess -= grant.packets
        return when

    def add(self, grant: _Grant) -> None:
        self._grants.append(grant)
        self._total += grant.packets
