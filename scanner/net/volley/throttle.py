"""How fast the probes of one volley leave: what the network takes, within what the guard grants."""

from __future__ import annotations

import math
import threading
import time

from scanner.model.network import Pace
from scanner.net.volley.congestion import Bin, Control, Rtt

BATCH = 1024
"""Probes handed to the kernel at once, at most."""
_BATCH_SECONDS = 0.004
"""A batch is no more than what may leave in this time, so that even at a low rate no host gets a burst."""
SPAN = 0.02
"""Seconds of sending that are judged together."""
_ENOUGH, _MOST_SPANS = 50, 3
"""Probes that are judged together at least, or as many spans as they may take."""
_BEHIND = 0.02
"""Seconds of delay that a sender may make up for: woken late each time, it would else be slower than it thinks."""
_UNHEARD = 0.02
"""Seconds from a probe to the moment at which its answer is read, on a network worth scanning fast."""
_CROWDED = 1.25
"""Paid for each reset: they come when it pleases the answers, some tenths of a second more of them than others."""
_UNKNOWN = 0.1
"""Seconds that answers have as long as none has come: most networks are quicker, and a silent one is not waited for."""


class Throttle:
    """Lets batches go at the rate that `control` finds right, each also granted by `pace`. Senders share it."""

    def __init__(self, pace: Pace, control: Control) -> None:
        self._pace = pace
        self._control = control
        self._line = threading.Lock()
        self._next = 0.0
        self._sent = 0
        self._resets = 0
        self._paid = 0
        self.limit: float | None = None
        """Packets a second that must not be exceeded for a while, however much the network takes."""

    @property
    def rate(self) -> float:
        rate = min(self._control.rate, self._pace.rate)
        return rate if self.limit is None else min(rate, self.limit)

    @property
    def portion(self) -> int:
        """How many probes to hand over at once."""
        return max(1, min(BATCH, int(self.rate * _BATCH_SECONDS)))

    def owe(self, packets: int) -> None:
        """The kernel sent so many by itself: the resets of half-open handshakes count like packets of ours."""
        with self._line:
            self._resets += packets

    def take(self, packets: int) -> None:
        """Return when so many may leave."""
        with self._line:
            self._sent += packets
            # What the kernel is about to reset is not heard of yet, but will be as many as so far: it is paid before.
            coming = self._resets / self._sent * (packets + self.rate * _UNHEARD)
            debt = max(0, math.ceil(_CROWDED * (self._resets + coming)) - self._paid)
            self._paid += debt
            now = time.monotonic()
            start = max(self._next, now - _BEHIND)
            self._next = start + packets / self.rate
        if start > now:
            time.sleep(start - now)
        self._pace.take(packets + debt)


class Meter:
    """Counts what was sent and answered span by span, and tells `control` once the answers had their time."""

    def __init__(self, control: Control, rtt: Rtt) -> None:
        self._control = control
        self._rtt = rtt
        self._guard = threading.Lock()
        self._spans: dict[tuple[int, bool], list[int]] = {}
        """(sent, answered, offered) of each span that is not told yet."""

    def sent(self, at: float, count: int, again: bool, offered: int = 0) -> None:
        """So many left at `at` (seconds since the epoch), among `offered` packets in all.

        `again`: control probes, repeated to what answered before.
        """
        if count or offered:
            with self._guard:
                span = self._spans.setdefault((int(at / SPAN), again), [0, 0, 0])
                span[0] += count
                span[2] += max(count, offered)

    def answered(self, sent_at: float, count: int, again: bool) -> None:
        """So many of those that left at `sent_at` were answered; after their span was told they count as lost."""
        self.answered_in(int(sent_at / SPAN), count, again)

    def answered_in(self, span: int, count: int, again: bool) -> None:
        with self._guard:
            found = self._spans.get((span, again))
            if found is not None:
                found[1] += count

    def report(self, read: float) -> None:
        """Pass on what is old enough. `read`: everything that had arrived by then has been told.

        Answers that lie unread must not pass for lost ones: the laptop being busy is no congestion.
        """
        wait = _UNKNOWN if self._rtt.mean is None else self._rtt.timeout
        ripe = int((read - wait) / SPAN)
        with self._guard:
            told = [(key, self._spans.pop(key)) for key in self._ripe(ripe)]
        part = [0, 0, 0]
        spans = 0
        for place, ((number, again), counts) in enumerate(told):
            part = [mine + more for mine, more in zip(part, counts, strict=True)]
            spans += 1
            following = told[place + 1][0] if place + 1 < len(told) else None
            if part[0] >= _ENOUGH or spans >= _MOST_SPANS or following != (number + 1, again):
                sent, answered, offered = part
                start = (number + 1 - spans) * SPAN
                self._control.feed(Bin(spans * SPAN, sent, min(sent, answered), again, start, offered), time.time())
                part, spans = [0, 0, 0], 0

    def _ripe(self, ripe: int) -> list[tuple[int, bool]]:
        """Spans to tell, in their order; small ones wait for the next, so that they can be judged together."""
        done = sorted(key for key in self._spans if key[0] < ripe)
        if sum(self._spans[key][0] for key in done) < _ENOUGH and done and ripe - done[0][0] <= _MOST_SPANS:
            return []
        return done
