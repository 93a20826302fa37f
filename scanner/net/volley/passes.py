"""The loop that all probes without a connection share: send in a scattered order, listen, repeat what is unanswered.

    pass 1: everything ─> pass 2: what is unanswered ─> ... until nothing more is expected ─> late answers

A small volley is one thread: a batch is sent when the pace allows, then everything that has arrived is read. A large
one is sent by threads of its own, on arrays (`heap`). Answers carry the time of the kernel, so they may wait in its
buffer meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from scanner.model.network import PATIENCE as LATE
from scanner.model.network import Pace
from scanner.model.observation import Event, Limitation, Progress
from scanner.net.volley.choice import EVERYTHING, scattered
from scanner.net.volley.congestion import Control, Rtt
from scanner.net.volley.enough import MOST_PASSES
from scanner.net.volley.rounds import Round, Rounds
from scanner.net.volley.senders import Arrival, BulkWire, Large, Senders, Small, Wire
from scanner.net.volley.tally import Tally
from scanner.net.volley.throttle import Meter, Throttle

__all__ = ["LATE", "MOST_PASSES", "MOST_PROBES", "Arrival", "BulkWire", "Wire", "scattered", "volley"]

MOST_PROBES = 1 << 21
"""Probes of one volley, so that what is kept of each fits in tens of megabytes."""
_LEAST_GAP, _GAP = 0.02, 0.5
"""Seconds to wait for answers after a pass: once the round trip is known, and before."""
_LEAST_PATIENCE, _PATIENCE = 0.25, 1.0
"""Seconds after the last probe in which a host that is there may still answer; how long depends on the others."""
_TICK = 0.5
_START = 20_000.0
"""Packets a second to begin with: 200 in the first span, which the queue of a small access router holds."""


def volley(
    wire: Wire | BulkWire,
    tally: Tally,
    pace: Pace,
    *,
    stage: Literal["sweep", "knock"],
    pause: float = 0.0,
    patience: float = LATE,
) -> Iterator[Event]:
    """Probe everything that `tally` wants, as often as it takes. Open ports come as they answer; then `tally.rows`.

    `pause` seconds pass between one probe and the next (gentle requests). `patience`: how long after the first pass a
    router may report dead hosts.
    """
    run = _Volley(tally, pace, stage, patience)
    senders: Senders = Small(run, wire, pause) if isinstance(wire, Wire) else Large(run, wire)
    try:
        yield from run.passes(senders)
    finally:
        senders.close()


class _Volley:
    """The passes and the waits between them."""

    def __init__(self, tally: Tally, pace: Pace, stage: Literal["sweep", "knock"], patience: float) -> None:
        self.tally = tally
        self.stage = stage
        self.control = Control(pace.rate, _START)
        self.rtt = Rtt(0.003, 2.0)
        self.meter = Meter(self.control, self.rtt)
        self.throttle = Throttle(pace, self.control)
        # Answers to UDP are limited by the hosts themselves: they say nothing about what the network takes.
        self.measured: Sequence[bool] = [transport != "udp" for transport, _ in tally.questions]
        self.attempt = 0
        self._sent = 0
        self._lock = threading.Lock()
        self._patience = patience
        self._last = time.monotonic()
        self._counted = 0

    def passes(self, senders: Senders) -> Iterator[Event]:
        tally = self.tally
        end_of_first = 0.0
        rounds = Rounds(tally, self.measured)
        following: Round | None = Round(EVERYTHING)
        while following is not None and self.attempt < MOST_PASSES:
            start = time.monotonic()
            yield from self._wait(senders, start + following.rest)
            self.throttle.limit = following.rate
            yield from senders.send(self.attempt, following.choice)
            end_of_first = end_of_first or time.monotonic()
            wait = _GAP if self.rtt.mean is None else max(_LEAST_GAP, self.rtt.timeout)
            yield from self._wait(senders, time.monotonic() + wait)
            rounds.made(following.choice, time.monotonic() - start)
            following = rounds.following(self.control.loss_upper)
            self.attempt += 1
        self.attempt -= 1
        if following is not None:
            reason = f"{MOST_PASSES} passes were not enough: the network loses too many packets; scan it again"
            yield Limitation(f"about {rounds.misses:.0f} answers that were lost", reason, time.time())
        until = time.monotonic() + self._near()
        if tally.waits_for_routers:
            until = max(until, end_of_first + self._patience)
        yield from self._wait(senders, until)
        if hasty := tally.hasty:
            # Asked while the router was still giving up on an earlier probe, they were told at once; asked in peace, a
            # router takes its time again and a firewall does not. The probes are the last pass's once more.
            yield from self._wait(senders, time.monotonic() + self._patience, lambda: True)
            yield from senders.repeat(hasty, self.attempt)
            yield from self._wait(senders, time.monotonic() + self._patience, lambda: bool(tally.hasty))
        yield from senders.listen(0)
        if tally.missing:
            senders.check()
        yield self.progress(1.0)

    def _near(self) -> float:
        """How long after the last probe a host that is there may still answer."""
        if self.rtt.mean is None:
            return _PATIENCE
        return min(_PATIENCE, max(_LEAST_PATIENCE, 4 * self.rtt.timeout))

    def _wait(self, senders: Senders, until: float, asking: Callable[[], bool] | None = None) -> Iterator[Event]:
        """Listen until then, or until nothing is missing."""
        while (asking() if asking else self.tally.missing) and (left := until - time.monotonic()) > 0:
            yield from senders.listen(min(left, _TICK))
            if self.due():
                senders.check()
                yield self.progress(1.0)

    def count(self, packets: int) -> None:
        with self._lock:
            self._sent += packets

    def due(self) -> bool:
        return time.monotonic() - self._last >= _TICK

    def progress(self, part: float) -> Progress:
        """`part` of the current pass is sent."""
        now = time.monotonic()
        rate = (self._sent - self._counted) / max(now - self._last, 1e-3)
        self._last, self._counted = now, self._sent
        total = self.tally.size * self.tally.tries
        done = min(total, round(self.tally.size * (self.attempt + part)))
        return Progress(self.stage, done, total, time.time(), round(rate, 1), self.attempt + 1)
