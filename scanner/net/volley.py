"""The loop that all probes without a connection share: send in a scattered order, listen, repeat what is unanswered.

One thread: a batch is sent when the pace allows, then everything that has arrived is read. Answers carry the time of
the kernel, so they may wait in its buffer meanwhile.
"""

from __future__ import annotations

import math
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, Protocol

import msgspec

from scanner.model.network import Pace
from scanner.model.observation import Event, PortState, Progress
from scanner.net.tally import Answer, Tally

GAP = 0.5
"""Seconds between the end of a pass and the next one."""
PATIENCE = 1.0
"""Seconds after the last probe in which a host of the own link may still answer."""
LATE = 3.6
"""The same for hosts behind a router: Linux reports a dead host after three ARP requests, a second apart."""
MOST_PROBES = 1 << 21
"""Probes of one volley, so that what is kept of each fits in tens of megabytes."""
_TICK = 0.5


class Arrival(msgspec.Struct, frozen=True):
    """An answer, and which probe it belongs to. `attempt` None: the wire cannot tell, so the last one."""

    index: int
    attempt: int | None
    answer: Answer


class Wire(Protocol):
    """What a volley is sent over."""

    def send(self, index: int, attempt: int) -> None: ...
    def receive(self, timeout: float) -> Iterable[Arrival]:
        """What has arrived; waits up to `timeout` seconds for the first."""

    def check(self) -> None:
        """NetworkFailed when the laptop's own side is gone, so that no silence is believed."""


def scattered(count: int) -> Iterator[int]:
    """0 to count - 1, each once, neighbours far apart: no host gets its ports in a burst."""
    stride = max(1, round(count * 0.6180339887))
    while math.gcd(stride, count) != 1:
        stride += 1
    return ((position * stride) % count for position in range(count))


def volley(
    wire: Wire, tally: Tally, pace: Pace, *, stage: Literal["sweep", "knock"], pause: float = 0.0
) -> Iterator[Event]:
    """Probe everything that `tally` wants, as often as it says. Open ports come as they answer; then `tally.rows`.

    `pause` seconds pass between one probe and the next (gentle requests).
    """
    count = tally.size
    batch = 1 if pause else max(1, min(64, int(pace.rate / 100)))
    times = [array("d", bytes(8 * count)) for _ in range(tally.tries)]
    clock = _Clock(stage, count * tally.tries)
    attempt = 0

    def listen(timeout: float) -> Iterator[PortState]:
        for arrival in wire.receive(timeout):
            # The kernel resets every half-open handshake: packets of ours as well, that the pace has to know of.
            clock.owed += arrival.answer.reason == "syn-ack"
            tried = attempt if arrival.attempt is None else arrival.attempt
            sent = times[tried][arrival.index]
            if not sent and tried:
                tried -= 1
                sent = times[tried][arrival.index]
            if sent:
                rtt = round(max(0.0, arrival.answer.at - sent) * 1000, 3)
                row = tally.add(arrival.index, arrival.answer, rtt, tried + 1)
                if row is not None:
                    yield row

    def ask(chosen: Iterator[int], wanted: Callable[[int], bool]) -> Iterator[Event]:
        todo: list[int] = []
        done = attempt * count
        index: int | None = next(chosen, None)
        while index is not None:
            done += 1
            if wanted(index):
                todo.append(index)
            index = next(chosen, None)
            if len(todo) < batch and index is not None:
                continue
            if clock.owed:
                pace.take(clock.owed)
                clock.owed = 0
            if todo:
                pace.take(len(todo))
            for each in todo:
                times[attempt][each] = time.time()
                wire.send(each, attempt)
            clock.sent += len(todo)
            ready = time.monotonic() + (pause if todo else 0)
            todo.clear()
            yield from listen(0)
            while (left := ready - time.monotonic()) > 0:
                yield from listen(left)
            if clock.due():
                wire.check()
                yield clock.progress(done)

    def wait(seconds: float, open_questions: Callable[[], object]) -> Iterator[Event]:
        end = time.monotonic() + seconds
        while open_questions() and (left := end - time.monotonic()) > 0:
            yield from listen(min(left, _TICK))
            if clock.due():
                yield clock.progress((attempt + 1) * count)

    for attempt in range(tally.tries):
        yield from ask(scattered(count), tally.wanted)
        last = attempt == tally.tries - 1
        yield from wait((LATE if tally.missing_late else PATIENCE) if last else GAP, lambda: tally.missing)
        if not tally.missing:
            break
    if hasty := tally.hasty:
        # Asked while the router was still giving up on an earlier probe, they were told at once; asked in peace, a
        # router takes its time again and a firewall does not. The probes are the last pass's once more.
        yield from wait(LATE, lambda: True)
        yield from ask(iter(hasty), lambda index: True)
        yield from wait(LATE, lambda: tally.hasty)
    yield from listen(0)
    if tally.missing:
        wire.check()
    yield clock.progress(count * tally.tries)


class _Clock:
    """What was sent and is owed to the pace, when the next progress event is due, and the rate since the last."""

    def __init__(self, stage: Literal["sweep", "knock"], total: int) -> None:
        self.sent = 0
        self.owed = 0
        self._stage = stage
        self._total = total
        self._last = time.monotonic()
        self._counted = 0

    def due(self) -> bool:
        return time.monotonic() - self._last >= _TICK

    def progress(self, done: int) -> Progress:
        now = time.monotonic()
        rate = (self.sent - self._counted) / max(now - self._last, 1e-3)
        self._last, self._counted = now, self.sent
        return Progress(self._stage, done, self._total, time.time(), round(rate, 1))
