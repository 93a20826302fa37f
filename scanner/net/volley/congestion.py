"""How fast to send, how much is lost, and when enough has been asked. Pure: counts and times come in, decisions go out.

The order of the probes is a random sample of all (host, port) pairs, so the share that is answered is a constant of the
network. A share that falls when the rate rises is congestion; one that does not depend on the rate is loss or filtering
and slows nothing down.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec

from scanner.net.volley.enough import HostCount, Limited, Rtt, Verdict, unsettled

__all__ = ["Bin", "Control", "HostCount", "Limited", "Rtt", "Verdict", "unsettled"]

START = 4000.0
"""Packets a second of the first span. Eight doublings from a million, and 40 probes in 10 ms: few enough for the queue
of the slowest access router."""
_FLOOR = 20.0
"""Never slower than this by congestion alone: below it a span holds no probe, and nothing would be measured."""
_ALARM = 4.0
"""Standard deviations that a share must have fallen while the scan grows: a scan is hundreds of spans, and one false
alarm in 30,000 tests costs less than the slow minutes that one in 700 (three deviations) would."""
_FALL = 0.05
"""Falls smaller than this are not worth slowing down for: the probes are simply asked again."""
_HOLD_ALARM, _HOLD_FALL = 3.0, 0.03
"""The same near a known capacity, where an alarm costs a few percent of speed, and overload has to be seen early."""
_STEP = 0.03
"""The first step upwards after congestion. It grows by a third each time it did no harm, until it doubles again: four
times the capacity is found in a dozen steps, and a bucket that was refilled meanwhile is overrun by little."""
_GROWTH = 1.33
_COARSE = 0.25
"""The largest step for want of answers, when a capacity is known: eight times as much after five seconds."""
_POWER = 3.0
"""A step was harmless when the harm of one that is too large would have been this many standard deviations."""
_PATIENCE = 0.5
"""Seconds after which a decision near capacity is made with what there is: few answers, and then coarse steps."""
_CUTS = 3
"""Cuts that have to fail before slowness is no remedy. A policer's bucket spoils the first: what it delivered included
the burst; the second lands on the capacity; the third is for the bin that saw both."""
_DESCENT = 0.5
"""Share of the capacity at which the baseline is checked: were the first span too fast, half shows twice as much."""
_CALM = {False: 0.3, True: 1.0}
"""Seconds at the capacity between one climb and the next, in the first pass and in later ones: half of the time is
spent without overload, and a capacity that rises is found within a second or two. In later passes a lost probe may cost
a whole pass more, while the first one only leaves some more to ask."""
_ENOUGH = 30
"""Answers that show a share twice as large: 30 against 15 is nearly three deviations."""
_ROOM, _PRECISION, _LEAST, _REFINING = 0.85, 0.01, 500, 1.0
"""Before holding a capacity the baseline is measured at 85% of it to 1% (a third of what has to be seen) and by 500
probes, for a second at most: a hundredth of a scan long enough for it to matter."""
_MARGIN = 0.97
"""After a step too far the rate goes this far below what was delivered: there the baseline can be measured on."""
_LAG = 0.1
"""Seconds assumed between a span and its verdict when nobody says: longer than the round trip of any local network."""
_OUTAGE = 1.1
"""Seconds without any answer before slowing down counts as tried: a limit by the second is over by then."""
_DEEPEST = 0.1
"""The deepest single cut. A span without any answer may be a hiccup, and says nothing of what would be delivered."""
_CONTROLS_PRIOR = 50
"""Repeated probes are expected to be answered, with the weight of 50: a first share of 0.6 is an alarm, 0.8 is not."""
_LOSS_PRIOR = 25
"""Answered probes that a loss estimate starts from: with none of our own it is at most 0.13, a figure that the users of
a network would have complained about, and with hundreds of controls it no longer matters."""
_SPEAKING = 20
"""Probes that need no belief beside them."""
_CONFIDENCE = 1.96
"""The upper bound of the loss is exceeded in one case of forty."""


def loss_bound(lost: float, sent: float) -> float:
    """Upper confidence bound of the loss, by so many probes that would be answered. The fewer they are, the more counts
    what is believed without any; from 20 on they speak for themselves."""
    return _wilson(lost, sent + max(0.0, _LOSS_PRIOR - sent * _LOSS_PRIOR / _SPEAKING))


def _wilson(lost: float, sent: float) -> float:
    share = lost / sent
    square = _CONFIDENCE**2 / sent
    spread = _CONFIDENCE * math.sqrt(share * (1 - share) / sent + square / (4 * sent))
    return min(1.0, (share + square / 2 + spread) / (1 + square))


class Bin(msgspec.Struct, frozen=True):
    """What was sent within one span of time and has had its round trip to be answered.

    `again`: control probes, repeated to pairs that answered before; otherwise probes of the first pass. `at`: when the
    span began. `offered`: all packets of the span where `sent` is a part of them (0: `sent` is all).
    """

    seconds: float
    sent: int
    answered: int
    again: bool
    at: float
    offered: int = 0


class _Count(msgspec.Struct):
    """Spans taken together."""

    sent: float = 0.0
    answered: float = 0.0
    seconds: float = 0.0
    offered: float = 0.0
    at: float = 0.0
    """When it began, of a single span."""

    def add(self, other: _Count) -> None:
        self.sent += other.sent
        self.answered += other.answered
        self.seconds += other.seconds
        self.offered += other.offered

    @property
    def ratio(self) -> float:
        return self.answered / self.sent if self.sent else 0.0

    @property
    def rate(self) -> float:
        return self.offered / self.seconds if self.seconds else 0.0

    @property
    def error(self) -> float:
        """The ratio's standard deviation as a share of the ratio; half a probe keeps it honest at 0 and at 1."""
        share = (self.answered + 0.5) / (self.sent + 1)
        return math.sqrt((1 - share) / share / self.sent) if self.sent else math.inf

    def above(self, base: _Count) -> float:
        """By how many standard deviations the ratio lies above the other's (two proportions, normal bounds)."""
        if not self.sent or not base.sent:
            return 0.0
        share = (self.answered + base.answered + 0.5) / (self.sent + base.sent + 1)
        return (self.ratio - base.ratio) / math.sqrt(share * (1 - share) * (1 / self.sent + 1 / base.sent))


class _Trial(msgspec.Struct):
    """A suspicion: the rate and ratio that raised it, and everything measured since."""

    rate: float
    ratio: float
    seen: _Count
    cuts: int = 1
    blind: bool = False
    """The last cut was a guess: too little was answered to say what had been delivered."""


class Control:
    """The rate of a scan. `limit`: packets a second that are never exceeded; `start`: the first rate.

    Feed it every span in the order of sending. It doubles while the answered share holds; on a fall it goes down to
    what was delivered, makes sure that this helped, and climbs again in small steps that grow.
    """

    def __init__(self, limit: float, start: float | None = None) -> None:
        if not 0 < limit < math.inf:
            raise ValueError(f"a limit of {limit} packets a second is none")
        self.limit = limit
        self.rate = min(limit, START if start is None or not 0 < start < math.inf else start)
        self._bases = {False: _Count(), True: _Count(_CONTROLS_PRIOR, _CONTROLS_PRIOR)}
        self._kind = False
        self._pool = _Count()
        self._controls = _Count()
        self._since = -math.inf
        self._now = -math.inf
        self._lowest = -math.inf
        self._step = 1.0
        self._lowered = 0
        self._capacity = math.inf
        self._checked = False
        self._warned = False
        self._refined = 0.0
        self._trial = _Trial(0, 0, _Count())
        self._phase: Callable[[_Count], None] = self._open

    @property
    def capacity(self) -> float:
        """What the network was found to carry, packets a second; infinite while no congestion was seen."""
        return self._capacity

    @property
    def loss(self) -> float:
        """The share of probes that is lost (out or back) whatever the rate, from the controls; 0 without any."""
        base = self._bases[True]
        return max(0.0, 1 - base.ratio) if self._controls.sent else 0.0

    @property
    def loss_upper(self) -> float:
        """Upper confidence bound (Wilson) of what a probe of a later pass is lost by, congestion included."""
        sent = self._controls.sent
        return _wilson(sent - self._controls.answered, sent + _LOSS_PRIOR)

    def feed(self, bin: Bin, now: float | None = None) -> None:
        """Take a span. `now` (on the clock of `at`): the moment of the call; spans sent before a change of the rate
        then do not count as its effect. Without it the call is taken to come 0.1 s after the span."""
        if not (bin.sent > 0 and 0 < bin.seconds < math.inf and math.isfinite(bin.at)):
            return
        count = _Count(bin.sent, min(max(bin.answered, 0), bin.sent), bin.seconds, max(bin.offered, bin.sent), bin.at)
        self._now = bin.at + bin.seconds + _LAG if now is None or not math.isfinite(now) else now
        if bin.again:
            self._controls.add(count)
        if bin.again is not self._kind:
            self._turn(bin.again)
        climbing = self._phase == self._hold and bin.at >= self._lowest
        if bin.at >= self._since or climbing:
            self._phase(count)

    @property
    def _base(self) -> _Count:
        return self._bases[self._kind]

    def _turn(self, again: bool) -> None:
        """The other kind of probe has a baseline of its own; what the network carries stays known."""
        self._kind = again
        self._pool = _Count()
        if self._phase == self._try or math.isinf(self._capacity):
            self._set(self.rate, self._open)
        elif self._phase != self._open:
            self._refine()

    def _telling(self, count: _Count, step: float) -> bool:
        """Whether a step up by this share, were it all lost, would have shown in `count`."""
        fall = step / (1 + step)
        share = self._base.ratio * (1 - fall / 2)
        if not 0 < share < 1 or not count.sent:
            return False
        return _POWER**2 * (1 - share) / share * (1 / count.sent + 1 / self._base.sent) <= fall**2

    @property
    def _precise(self) -> bool:
        return self._base.error <= _PRECISION and self._base.sent >= _LEAST

    def _low(self, count: _Count, deviations: float = _ALARM, fall: float = _FALL) -> bool:
        return count.ratio < (1 - fall) * self._base.ratio and count.above(self._base) < -deviations

    def _set(self, rate: float, phase: Callable[[_Count], None]) -> None:
        rate = min(self.limit, max(_FLOOR, rate))
        if rate < self.rate or phase != self._hold:
            self._lowest = self._now
        self.rate = rate
        self._phase = phase
        self._since = self._now
        self._pool = _Count()

    # Growing: nothing is known to be in the way.

    def _open(self, count: _Count) -> None:
        pool = self._pool
        if pool.sent and not 0.8 < count.rate / pool.rate < 1.25:
            self._base.add(pool)
            pool = self._pool = _Count()
        pool.add(count)
        for sample in (count, pool):
            if self._low(sample):
                self._trial = _Trial(sample.rate, sample.ratio, _Count())
                self._cut(sample)
                return
        if pool.above(self._base) > _ALARM:
            # More load cannot raise the share: the baseline was measured too early, or while something was down.
            self._bases[self._kind] = _Count()
        if not self._base.sent or pool.error < 0.01:
            self._base.add(pool)
            self._pool = _Count()
        # Where congestion was met before, each doubling has to be seen to have done no harm.
        if self._warned and not (pool.seconds > _PATIENCE or self._telling(pool, 1.0)):
            return
        # From the rate of the span itself, so that spans sent before a change cannot raise the rate twice.
        self.rate = min(self.limit, max(self.rate, 2 * min(self.rate, count.rate)))

    # Suspicion: slow down to what was delivered, and see whether that was the remedy.

    def _cut(self, count: _Count) -> None:
        self._trial.seen.add(count)
        delivered = count.rate * count.ratio / self._base.ratio
        self._warned = True
        self._trial.blind = delivered < _DEEPEST * count.rate
        self._set(min(self.rate, max(delivered, _DEEPEST * count.rate)), self._try)

    def _try(self, count: _Count) -> None:
        if count.answered and not self._pool.answered:
            # The silence, if there was one, is over: it says nothing of what is delivered now.
            self._pool = _Count()
        trial, base, pool = self._trial, self._base, self._pool
        pool.add(count)
        gap = 1 - trial.ratio / base.ratio
        if not pool.answered and pool.seconds < _OUTAGE:
            return
        if self._low(pool):
            trial.cuts += 1
            if trial.cuts > _CUTS and pool.ratio - trial.ratio < 0.5 * (base.ratio - trial.ratio):
                trial.seen.add(pool)
                self._bases[self._kind] = trial.seen
                self._step, self._capacity, self._warned = 1.0, math.inf, False
                self._set(trial.rate, self._open)
            else:
                self._cut(pool)
        elif self._telling(pool, 0.5 * gap) or pool.seconds > _PATIENCE:
            self._capacity = self.rate
            if trial.blind:
                self._set(self.rate, self._open)
            elif self._checked:
                self._hold_at(self._capacity)
            else:
                self._descend()

    # The baseline, checked well below the capacity.

    def _descend(self) -> None:
        self._set(_DESCENT * self._capacity, self._descending)

    def _descending(self, count: _Count) -> None:
        pool = self._pool
        pool.add(count)
        if pool.answered < _ENOUGH and pool.seconds < _PATIENCE:
            return
        if pool.above(self._base) > _HOLD_ALARM and pool.ratio > 1.1 * self._base.ratio:
            self._rebase(pool)
            if self.rate > _FLOOR:
                self._descend()
                return
        elif self._low(pool):
            self._rebase(pool)
        else:
            self._rebase(pool, keep=True)
        self._checked = True
        self._refine()

    def _rebase(self, pool: _Count, keep: bool = False) -> None:
        """A new baseline; the capacity was so many answers a second, and is recomputed from them."""
        before = self._base.ratio
        if keep:
            self._base.add(pool)
        else:
            self._bases[self._kind] = pool
        if self._base.ratio and before:
            self._capacity *= before / self._base.ratio

    def _refine(self) -> None:
        self._refined = 0.0
        if self._precise:
            self._hold_at(self._capacity)
        else:
            self._set(_ROOM * min(self._capacity, self.limit), self._refining)

    def _refining(self, count: _Count) -> None:
        self._refined += count.seconds
        self._pool.add(count)
        if self._low(self._pool):
            self._trial = _Trial(self._pool.rate, self._pool.ratio, _Count())
            self._cut(self._pool)
            return
        self._rebase(count, keep=True)
        if self._precise or self._refined > _REFINING:
            self._hold_at(self._capacity)

    # Near the capacity.

    def _hold_at(self, rate: float) -> None:
        self._step, self._lowered = _STEP, 0
        self._set(rate, self._hold)

    def _hold(self, count: _Count) -> None:
        pool, base = self._pool, self._base
        if count.at < self._since:
            # Sent before the last step: it cannot praise that step, but it can condemn the one before.
            pool = count
        else:
            pool.add(count)
        at_capacity = 0.98 <= self.rate / self._capacity <= 1.01
        calm = _CALM[self._kind] if at_capacity else 0.0
        if self._low(pool, _HOLD_ALARM, _HOLD_FALL):
            self._lowered += 1
            self._step = _STEP
            self._capacity = min(self.rate, pool.rate * pool.ratio / base.ratio)
            if pool.ratio < 0.7 * base.ratio:
                self._trial = _Trial(pool.rate, pool.ratio, _Count())
                self._cut(pool)
            elif self._lowered > _CUTS:
                # Slower and slower without a remedy: the baseline itself must be wrong.
                self._lowered = 0
                self._bases[self._kind] = _Count()
                self._descend()
            else:
                self._set(_MARGIN * self._capacity, self._hold)
        elif (
            pool is self._pool and pool.seconds > calm and (self._telling(pool, self._step) or pool.seconds > _PATIENCE)
        ):
            self._lowered = 0
            if self.rate <= (1 + _MARGIN) / 2 * self._capacity:
                base.add(pool)
            step = self._step
            while step < _COARSE and not self._telling(pool, step):
                step *= _GROWTH
            self._step = min(1.0, _GROWTH * self._step)
            rate = self.rate * (1 + step)
            self._set(rate, self._open if rate >= self.limit or step >= 1 else self._hold)
