"""How one pass of a volley is sent and heard: by hand, one probe at a time, or on arrays by threads of their own.

Small volleys need no numpy, which takes longer to import than they take to send.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import msgspec

from scanner.errors import FencewalkError
from scanner.model.observation import Event, PortState, Progress
from scanner.net.volley.choice import CONTROL_SHARE, Choice, scattered
from scanner.net.volley.congestion import Rtt
from scanner.net.volley.tally import RANK, Answer, Tally
from scanner.net.volley.throttle import Meter, Throttle

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from scanner.net.packets.bulk_keys import Arrivals
    from scanner.net.volley.heap import Deal

_LISTEN = 0.005
_TWO_SENDERS_FROM = 50_000
"""Probes from which a second sender pays."""


class Arrival(msgspec.Struct, frozen=True):
    """An answer, and which probe it belongs to. `attempt` None: the wire cannot tell, so the last one."""

    index: int
    attempt: int | None
    answer: Answer


@runtime_checkable
class Wire(Protocol):
    """What a small volley is sent over."""

    def send(self, index: int, attempt: int) -> None: ...
    def receive(self, timeout: float) -> Iterable[Arrival]:
        """What has arrived; waits up to `timeout` seconds for the first."""

    def check(self) -> None:
        """NetworkFailed when the laptop's own side is gone, so that no silence is believed."""


class BulkWire(Protocol):
    """What a large volley is sent over, by `senders` threads at once."""

    senders: int

    def stop_when(self, stop: Callable[[], bool]) -> None: ...
    def send_many(self, indices: npt.NDArray[np.int64], attempt: int, sender: int) -> None: ...
    def receive_many(self, timeout: float) -> tuple[Arrivals, float]:
        """What has arrived, and the time up to which all has been read; waits up to `timeout` seconds."""

    def check(self) -> None: ...


class Run(Protocol):
    """What a sender has to know of the volley that it works for."""

    tally: Tally
    throttle: Throttle
    meter: Meter
    rtt: Rtt
    measured: Sequence[bool]
    """Which questions' answers tell what the network takes."""

    def count(self, packets: int) -> None:
        """So many were sent."""

    def due(self) -> bool: ...
    def progress(self, part: float) -> Progress: ...


class Senders(Protocol):
    """One of the two ways."""

    def send(self, attempt: int, choice: Choice) -> Iterator[Event]:
        """Send what is chosen and unanswered; what opens meanwhile comes out."""

    def repeat(self, indices: Sequence[int], attempt: int) -> Iterator[Event]:
        """Send these, answered or not."""

    def listen(self, timeout: float) -> Iterable[PortState]:
        """Take in what has arrived; waits up to `timeout` seconds for the first."""

    def check(self) -> None: ...
    def close(self) -> None:
        """Send nothing more."""


class Small:
    """One thread that sends a batch, reads what has come, and so on."""

    def __init__(self, run: Run, wire: Wire, pause: float) -> None:
        self._run = run
        self._tally = run.tally
        self._wire = wire
        self._pause = pause
        self._repeated: dict[int, float] = {}
        """Control probes that are out, and when they left."""

    def send(self, attempt: int, choice: Choice) -> Iterator[Event]:
        width = len(self._tally.questions)
        order = (each for each in scattered(self._tally.size) if choice(each, width))
        return self._ask(order, attempt, again=False, controls=self._controls(choice) if attempt else [])

    def repeat(self, indices: Sequence[int], attempt: int) -> Iterator[Event]:
        return self._ask(iter(indices), attempt, again=True, controls=[])

    def _controls(self, choice: Choice) -> list[int]:
        """What may be repeated: closed ports, where there are any, so that no service sees half a handshake twice."""
        tally, width = self._tally, len(self._tally.questions)
        found = [
            index
            for index, rank in enumerate(tally.rank)
            if rank >= RANK["closed"] and tally.code[index] and self._run.measured[index % width]
            if choice.controls is None or choice.controls[index // width]
        ]
        closed = [index for index in found if tally.rank[index] == RANK["closed"]]
        chosen = closed or found
        random.shuffle(chosen)
        return chosen

    def _ask(self, order: Iterator[int], attempt: int, again: bool, controls: list[int]) -> Iterator[Event]:
        run, tally = self._run, self._tally
        done = 0
        more = True
        while more:
            todo: list[int] = []
            portion = 1 if self._pause else min(64, run.throttle.portion)
            while more and len(todo) < portion:
                index = next(order, None)
                if index is None:
                    more = False
                else:
                    done += 1
                    if again or tally.wanted(index):
                        todo.append(index)
            if todo:
                run.throttle.take(len(todo))
            now = time.time()
            if not attempt:
                run.meter.sent(now, sum(run.measured[each % len(run.measured)] for each in todo), again=False)
            elif controls and todo:
                chosen = [controls.pop() for _ in range(min(len(controls), -(-len(todo) // CONTROL_SHARE)))]
                run.throttle.take(len(chosen))
                now = time.time()
                run.meter.sent(now, len(chosen), again=True, offered=len(todo) + len(chosen))
                for each in chosen:
                    self._repeated[each] = now
                    self._wire.send(each, attempt)
            for each in todo:
                tally.sent[each] = now
                tally.asked[each] = attempt + 1
                self._wire.send(each, attempt)
            run.count(len(todo))
            ready = time.monotonic() + (self._pause if todo else 0)
            yield from self.listen(0)
            while (left := ready - time.monotonic()) > 0:
                yield from self.listen(left)
            if run.due():
                self._wire.check()
                yield run.progress(done / max(1, tally.size))

    def listen(self, timeout: float) -> Iterator[PortState]:
        run, tally = self._run, self._tally
        arrivals = list(self._wire.receive(timeout))
        if not arrivals:
            run.meter.report(time.time())
        for arrival in arrivals:
            index, answer = arrival.index, arrival.answer
            # The kernel resets every half-open handshake: packets of ours as well, that the pace has to know of.
            if answer.reason == "syn-ack":
                run.throttle.owe(1)
            last = tally.asked[index]
            if not last:
                continue
            attempt = last - 1 if arrival.attempt is None else arrival.attempt
            sent = tally.sent[index]
            rtt = round(max(0.0, answer.at - sent) * 1000, 3) if attempt + 1 == last else None
            if tally.rank[index] and index in self._repeated:
                run.meter.answered(self._repeated.pop(index), 1, again=True)
            if not tally.rank[index] and rtt is not None and run.measured[index % len(run.measured)]:
                if not attempt:
                    run.meter.answered(sent, 1, again=False)
                if RANK[answer.state] >= RANK["closed"]:
                    run.rtt.feed(1, rtt / 1000, rtt / 1000)
            row = tally.add(index, answer, rtt, attempt + 1)
            if row is not None:
                yield row

    def check(self) -> None:
        self._wire.check()

    def close(self) -> None:
        """Nothing runs by itself."""


class Large:
    """Threads that send, while the caller's one listens."""

    def __init__(self, run: Run, wire: BulkWire) -> None:
        from scanner.net.volley.heap import Heap

        self._run = run
        self._wire = wire
        self._heap = Heap(run.tally, run.measured, run.meter)
        self._stop = threading.Event()
        wire.stop_when(self._stop.is_set)
        self._failed: BaseException | None = None
        self._threads: list[threading.Thread] = []

    def send(self, attempt: int, choice: Choice) -> Iterator[Event]:
        return self._send(self._heap.deal(choice, attempt > 0), attempt)

    def repeat(self, indices: Sequence[int], attempt: int) -> Iterator[Event]:
        return self._send(self._heap.deal_these(indices), attempt)

    def _send(self, deal: Deal, attempt: int) -> Iterator[Event]:
        run = self._run
        count = self._wire.senders if run.tally.size >= _TWO_SENDERS_FROM else 1
        self._threads = [
            threading.Thread(target=self._work, args=(deal, attempt, number, count > 1), daemon=True)
            for number in range(count)
        ]
        for each in self._threads:
            each.start()
        while any(each.is_alive() for each in self._threads):
            yield from self.listen(_LISTEN)
            if run.due():
                self._wire.check()
                yield run.progress(deal.done)
        self.close()
        if self._failed is not None:
            raise self._failed

    def _work(self, deal: Deal, attempt: int, number: int, pinned: bool) -> None:
        run = self._run
        try:
            if pinned:
                cores = sorted(os.sched_getaffinity(0))
                os.sched_setaffinity(threading.get_native_id(), {cores[number % len(cores)]})
            while not self._stop.is_set():
                indices, controls = deal.deal(run.throttle.portion)
                if not len(indices):
                    return
                run.throttle.take(len(indices))
                if self._stop.is_set():
                    return
                self._heap.stamp(indices, attempt, controls)
                self._wire.send_many(indices, attempt, number)
                run.count(len(indices))
        except (FencewalkError, OSError) as error:
            self._failed = error
            self._stop.set()

    def listen(self, timeout: float) -> Iterator[PortState]:
        heard, read = self._wire.receive_many(timeout)
        if not len(heard.index):
            self._run.meter.report(read)
            return
        self._run.throttle.owe(heard.half_open)
        rows, trips = self._heap.absorb(heard)
        if trips[0]:
            self._run.rtt.feed(*trips)
        self._run.meter.report(read)
        yield from rows

    def check(self) -> None:
        self._wire.check()

    def close(self) -> None:
        """Stop sending: a sender looks up between two batches, each some milliseconds long."""
        self._stop.set()
        for each in self._threads:
            each.join()
        self._threads = []
        self._stop.clear()
