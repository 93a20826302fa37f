"""Many probes and answers at once: what Tally does one by one, on arrays. Only large volleys import this, and numpy."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scanner.model.observation import PortState
from scanner.net.packets.bulk_keys import Arrivals
from scanner.net.volley.choice import CONTROL_SHARE, Choice, stride
from scanner.net.volley.tally import DELIVERY_FAILED, HASTY, HASTY_MS, ITSELF, OPEN, RANK, Key, Tally, by_itself
from scanner.net.volley.throttle import SPAN, Meter

Indices = npt.NDArray[np.int64]
_CHUNK = 1 << 16
_CONTROLS = 1 << 16


class Heap:
    """Views of a tally's arrays, and what a batch of probes or answers changes in them."""

    def __init__(self, tally: Tally, measured: Sequence[bool], meter: Meter) -> None:
        self._tally = tally
        self._meter = meter
        self.width = len(tally.questions)
        self.rank = np.frombuffer(tally.rank, np.uint8)
        self.sent = np.frombuffer(tally.sent, np.float64)
        self.asked = np.frombuffer(tally.asked, np.uint8)
        self._code = np.frombuffer(tally.code, np.uint32)
        self._at = np.frombuffer(tally.at, np.float64)
        self._rtt = np.frombuffer(tally.rtt, np.float32)
        self._tried = np.frombuffer(tally.tried, np.uint8)
        self._place = np.zeros(tally.size, np.int32)
        """Scratch: where in the current batch a probe is."""
        self.skipped = np.frombuffer(tally.skipped, np.uint8)
        self._opened = np.frombuffer(tally.opened, np.uint8)
        self._late = np.array(tally.late, np.uint8)
        self._measured = np.array(measured, bool)
        self._all_measured = bool(self._measured.all())
        self._codes = np.zeros(0, np.uint32)
        """The tally's code of each of the wire's keys, with its rank, and whether it may be hasty."""
        self._ranks = np.zeros(0, np.uint8)
        self._failed = np.zeros(0, bool)
        self._itself = np.zeros(0, bool)
        """Whether it can only be the host's own, even if that stands beyond a router."""
        self._controls: dict[int, float] = {}

    def stamp(self, indices: Indices, attempt: int, controls: int) -> None:
        """These leave now; the last `controls` of them only to see what the network takes."""
        now = time.time()
        fresh = indices[: len(indices) - controls]
        self.sent[fresh] = now
        self.asked[fresh] = attempt + 1
        if not attempt:
            count = len(fresh) if self._all_measured else int(self._measured[fresh % self.width].sum())
            self._meter.sent(now, count, again=False)
        if controls:
            self._controls.update(dict.fromkeys(indices[len(fresh) :].tolist(), now))
            self._meter.sent(now, controls, again=True, offered=len(indices))

    def deal(self, choice: Choice, controls: bool) -> Deal:
        """The probes of a pass."""
        hosts = self.skipped == 0
        if choice.hosts is not None:
            hosts &= np.frombuffer(choice.hosts, bool)
        questions = None if choice.questions is None else np.frombuffer(choice.questions, bool)
        pool = np.zeros(0, np.int64)
        if controls:
            # Closed ports, where there are any, so that no service sees half a handshake twice.
            usable = self._code > 0
            if not self._all_measured:
                usable &= np.tile(self._measured, len(usable) // self.width)
            pool = np.flatnonzero((self.rank == RANK["closed"]) & usable)
            pool = pool if len(pool) else np.flatnonzero((self.rank == OPEN) & usable)
            if choice.controls is not None:
                pool = pool[np.frombuffer(choice.controls, bool)[pool // self.width]]
            pool = _some(pool, _CONTROLS)
        return Deal(self, self._tally.size, hosts, questions, pool)

    def deal_these(self, indices: Sequence[int]) -> Deal:
        """Those probes, answered or not."""
        return Deal.of(self, np.array(indices, np.int64))

    def absorb(self, heard: Arrivals) -> tuple[list[PortState], tuple[int, float, float]]:
        """Take answers. Gives the rows of ports that opened, and (count, mean, slowest) of the round trips, seconds."""
        keys, index, attempt, code, at = heard.keys, heard.index, heard.attempt, heard.code, heard.at
        self._learn(keys)
        known = self.asked[index] > 0
        if not known.all():
            index, attempt, code, at = index[known], attempt[known], code[known], at[known]
        rank = self._ranks[code]
        rtt = np.where(self.asked[index] == attempt + 1, (at - self.sent[index]) * 1000, -1.0)
        np.maximum(rtt, 0.0, out=rtt, where=self.asked[index] == attempt + 1)
        failed = self._failed[code]
        if failed.any():
            rank = np.where(failed & (rtt < HASTY_MS), np.uint8(HASTY), rank)
        before = self.rank[index]
        again = before > 0
        if again.any() and self._controls:
            self._controlled(index[again], attempt[again])
        better = rank > before
        if not better.all():
            index, attempt, code, at = index[better], attempt[better], code[better], at[better]
            rank, rtt, before = rank[better], rtt[better], before[better]
        if not len(index):
            return [], (0, 0.0, 0.0)
        place = np.arange(len(index), dtype=np.int32)
        self._place[index] = place
        single = self._place[index] == place
        if not single.all():
            # Of two answers to one probe the stronger is the last to be written.
            order = np.argsort(rank, kind="stable")
            index, attempt, code, at = index[order], attempt[order], code[order], at[order]
            rank, rtt, before = rank[order], rtt[order], before[order]
            self._place[index] = place
            single = self._place[index] == place
        first = before == 0
        self._count(index[first & single])
        timed = (rtt >= 0) & ~self._failed[code]
        if first.all() and single.all() and timed.all():
            self._meter_answers(index, attempt)
        else:
            keep = first & single & (rtt >= 0)
            self._meter_answers(index[keep], attempt[keep])
        trips = rtt[timed]
        self.rank[index] = rank
        self._code[index] = self._codes[code]
        self._at[index] = at
        self._rtt[index] = rtt
        self._tried[index] = attempt + 1
        rows = []
        chosen = single & (rank == OPEN)
        opened = index[chosen]
        if len(opened):
            hosts = opened // self.width
            self._opened[hosts[self._itself[code[chosen]] | (self._late[hosts] == 0)]] = 1
            rows = [] if self._tally.quiet else [self._tally.open_row(each) for each in opened.tolist()]
        if not len(trips):
            return rows, (0, 0.0, 0.0)
        return rows, (len(trips), float(trips.mean()) / 1000, float(trips.max()) / 1000)

    def _learn(self, keys: Sequence[Key]) -> None:
        new = keys[len(self._codes) :]
        if not new:
            return
        codes, ranks, failed, itself = [], [], [], []
        for key in new:
            transport, state, reason, ttl, source, window = key
            codes.append(
                self._tally.encode((transport, state, reason, ttl, ITSELF if source is None else source, window))
            )
            ranks.append(RANK[state])
            failed.append(reason in DELIVERY_FAILED)
            itself.append(by_itself(ttl, window))
        self._codes = np.concatenate((self._codes, np.array(codes, np.uint32)))
        self._ranks = np.concatenate((self._ranks, np.array(ranks, np.uint8)))
        self._failed = np.concatenate((self._failed, np.array(failed, bool)))
        self._itself = np.concatenate((self._itself, np.array(itself, bool)))

    def _count(self, fresh: Indices) -> None:
        hosts = fresh // self.width
        hosts = hosts[self.skipped[hosts] == 0]
        late = int(self._late[hosts].sum())
        self._tally.count_settled(len(hosts) - late, late)

    def _meter_answers(self, index: Indices, attempt: npt.NDArray[np.uint8]) -> None:
        keep = attempt == 0
        if not self._all_measured:
            keep &= self._measured[index % self.width]
        sent = self.sent[index[keep]]
        if len(sent):
            spans = (sent / SPAN).astype(np.int64)
            first = int(spans.min())
            for number, count in enumerate(np.bincount(spans - first).tolist(), first):
                if count:
                    self._meter.answered_in(number, count, again=False)

    def _controlled(self, index: Indices, attempt: npt.NDArray[np.uint8]) -> None:
        latest = int(attempt.max())
        for each in index[attempt == latest].tolist():
            when = self._controls.pop(each, None)
            if when is not None:
                self._meter.answered(when, 1, again=True)


class Deal:
    """The probes of one pass in scattered order, dealt out to however many senders."""

    def __init__(
        self,
        heap: Heap,
        size: int,
        hosts: npt.NDArray[np.bool_],
        questions: npt.NDArray[np.bool_] | None,
        controls: Indices,
    ) -> None:
        """`hosts`: which are asked; `questions`: which of each (None: all); `controls`: to mix in."""
        self._heap = heap
        self._hosts = hosts
        self._questions = questions
        self._size = size
        self._stride = stride(size)
        self._position = 0
        self._again = False
        self._ready = np.zeros(0, np.int64)
        self._lock = threading.Lock()
        self._pool = controls
        self._debt = 0.0

    @classmethod
    def of(cls, heap: Heap, indices: Indices) -> Deal:
        """A deal of just these, answered or not."""
        made = cls(heap, 0, np.zeros(0, bool), None, np.zeros(0, np.int64))
        made._ready, made._again = indices, True
        return made

    @property
    def done(self) -> float:
        """How much of the pass is dealt, 0 to 1."""
        return self._position / self._size if self._size else 1.0

    def deal(self, most: int) -> tuple[Indices, int]:
        """Up to `most` probes, and how many of them, at the end, are control probes. None left: empty."""
        with self._lock:
            taken = np.zeros(0, np.int64)
            while not len(taken):
                if not len(self._ready):
                    if self._position >= self._size:
                        return taken, 0
                    self._refill()
                taken, self._ready = self._ready[:most], self._ready[most:]
                if not self._again:
                    taken = taken[self._heap.rank[taken] == 0]
            self._debt += len(taken) / CONTROL_SHARE
            controls = min(int(self._debt), len(self._pool))
            if controls:
                self._debt -= controls
                mixed, self._pool = self._pool[:controls], self._pool[controls:]
                return np.concatenate((taken, mixed)), controls
            return taken, 0

    def _refill(self) -> None:
        end = min(self._size, self._position + _CHUNK)
        found = (np.arange(self._position, end, dtype=np.int64) * self._stride) % self._size
        self._position = end
        wanted = (self._heap.rank[found] == 0) & self._hosts[found // self._heap.width]
        if self._questions is not None:
            wanted &= self._questions[found % self._heap.width]
        self._ready = found[wanted]


def _some(pool: Indices, most: int) -> Indices:
    """Up to `most` of them, from all over the pool and in no order. (Loading numpy's own dice takes 15 ms.)"""
    if not len(pool):
        return pool
    start = random.randrange(len(pool))
    return pool[(start + np.arange(min(len(pool), most)) * stride(len(pool))) % len(pool)]
