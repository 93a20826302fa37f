"""When enough has been asked, and waited: the answers still expected from probes that were unanswered so far.

A pass that finds nothing new proves nothing when little was left to be found. What counts is the expected number of
misses: of what could still answer before a pass, a share (the loss) is missed by it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

MOST_PASSES = 24
"""Bounds the loop. At a loss of a half it leaves 1 in 16 million; what loses more is not measured but broken."""
_LEAST, _LEAST_RESPONSIVE = 2, 3
"""Passes for everybody, and for hosts that answer most probes but not all, unless the loss is nil."""
_NIL = 1e-3
"""An upper bound under which the loss counts as nil: thousands of controls, all answered."""
_WEIGHT = 20.0
"""Answers' worth of belief that a host loses what the network loses: one late answer is chance, dozens are a host of
its own kind (a limit on resets, a bad radio link)."""
_WINDOW = 30
"""Answers that a host's loss is estimated from, the latest passes first: it changes when the host is asked slowly."""
_UNSEEN = 0.5
"""What is believed to be left where nothing answered, in hosts: half of the least that can be."""
_SPENT = 0.9
_MOST_LOSS = 0.99
_FEW = 5
"""Hosts with more answers than this do not lose all of them: even at a loss of 0.3, one in 400 would in one pass."""
_TEN = 10
"""Answers after the first pass that make a host's later yield more than chance."""


_WHOLE_SECOND = 1.1
_BURST, _GAPS = 50, 0.05
"""Kernels that limit resets count them by the second (200 is usual): passes within that second look like a filter. So
hosts that gave 50 answers and kept back at least a twentieth as many are asked once more after the second is over. The
smaller gaps are a firewall's single ports: a limit is not met that closely."""
_HEAVY = 0.3
"""A loss above this has a cause that lasts (an outage, a limit by the second): passes in quick succession would all
meet it, and count for less than they seem to. So they are a second apart."""
_HEADROOM = 1.25
"""A limited host is asked faster than it answered: too fast costs a few repeats, too slow costs time that no later pass
gains back, and passes include the wait for their last answers."""


class HostCount(msgspec.Struct):
    """What a host was asked and answered. `answered`: answers first obtained in each pass that it took part in (zeros
    included, passes that it was left out of excluded). `seconds`: from the end of its pass before (or the start of the
    first) to the end of each of them."""

    asked: int
    answered: tuple[int, ...]
    seconds: tuple[float, ...] = ()


class Limited(msgspec.Struct, frozen=True):
    """A host that answers only so many probes a second. `rate`: how fast to ask it, from the answers a second of the
    passes after the first (0: the passes came without their duration)."""

    host: int
    rate: float


class Verdict(msgspec.Struct, frozen=True):
    """`again`: the hosts, by index, whose unanswered probes deserve another pass; empty: enough has been asked.

    `rest`: the seconds to wait before that pass, because these hosts may have used up their answers for this second.
    `misses`: answers expected to be missing if nothing more were asked. Above the target with `again` empty, the
    most passes were reached and the result has to be called incomplete.
    """

    again: tuple[int, ...]
    misses: float
    limited: tuple[Limited, ...]
    rest: float = 0.0


class _Group(msgspec.Struct):
    """Hosts with equal counts."""

    asked: int
    found: tuple[int, ...]
    hosts: list[int]
    misses: float = 0.0
    """Of one host."""
    limited: bool = False

    @property
    def open(self) -> int:
        return max(0, self.asked - sum(self.found))


def unsettled(hosts: Sequence[HostCount], loss_upper: float, passes: int, target: float = 0.01) -> Verdict:
    """Which hosts to ask again so that the expected misses of all come under `target`.

    `loss_upper`: of a probe of the later passes; `passes`: made so far. The first pass may have lost more (it met the
    congestion): what the later ones found tells.
    """
    loss = min(_MOST_LOSS, max(0.0, loss_upper))
    table: dict[tuple[int, tuple[int, ...]], _Group] = {}
    for index, host in enumerate(hosts):
        key = (host.asked, host.answered)
        group = table.get(key)
        if group is None:
            table[key] = _Group(host.asked, host.answered, [index])
        else:
            group.hosts.append(index)
    groups = list(table.values())
    typical = _by_pass(groups, loss)
    for group in groups:
        group.limited = _is_limited(group, typical, loss)
    typical = _by_pass([group for group in groups if not group.limited], loss)
    lone = _shy(groups)
    silent = sum(len(group.hosts) for group in groups if not any(group.found)) or 1
    # A host that answers everything may show a few gaps by bad luck. How many such hosts there should be tells how
    # many of the gaps are misses; each host by itself cannot: those without a gap would go uncounted.
    complete = sum(len(group.hosts) for group in groups if not group.open and not group.limited)
    alike: dict[tuple[int, int], int] = {}
    for group in groups:
        kind = (group.open, len(group.found))
        alike[kind] = alike.get(kind, 0) + (len(group.hosts) if any(group.found) else 0)
    for group in groups:
        if not group.open:
            continue
        chance = _chance(len(group.found), typical, loss)
        if any(group.found):
            wide = complete * _poisson(group.open, group.asked * chance) / alike[group.open, len(group.found)]
            group.misses = max(_misses(group, typical, loss), group.open * min(1.0, wide))
        else:
            group.misses = min(group.open, _hidden(lone, chance) / silent)
    again = _choose(groups, loss, target) if passes < MOST_PASSES else []
    last = max((host.seconds[-1] for host in hosts if host.seconds), default=_WHOLE_SECOND)
    rest = max(0.0, _WHOLE_SECOND - last) if again and loss > _HEAVY else 0.0
    if not again and passes < MOST_PASSES:
        again, rest = _tired(groups, hosts)
    limited = [
        Limited(index, _rate(hosts[index])) for group in groups if group.limited and group.open for index in group.hosts
    ]
    misses = math.fsum(group.misses * len(group.hosts) for group in groups)
    return Verdict(tuple(sorted(again)), misses, tuple(sorted(limited, key=lambda each: each.host)), rest)


def _choose(groups: Sequence[_Group], loss: float, target: float) -> list[int]:
    """The hosts to ask again. Those that have many open probes for few expected misses cost most: they are let go
    first, until nearly all of the target is used up (one more pass makes the others' misses a fraction); when all fit
    into the target, all are."""
    again: list[int] = []
    rest: list[_Group] = []
    for group in groups:
        least = _LEAST
        if loss > _NIL and 2 * sum(group.found) >= group.asked:
            least = _LEAST_RESPONSIVE
        if group.open and len(group.found) < least:
            again += group.hosts
        elif group.open:
            rest.append(group)
    if math.fsum(group.misses * len(group.hosts) for group in rest) <= target:
        return again
    spare = _SPENT * target
    for group in sorted(rest, key=lambda each: each.misses / each.open):
        for_all = group.misses * len(group.hosts)
        spare -= for_all
        if spare < 0:
            again += group.hosts
    return again


def _tired(groups: Sequence[_Group], hosts: Sequence[HostCount]) -> tuple[list[int], float]:
    """The hosts whose every pass fell into one second, and how long until it is over."""
    tired: list[int] = []
    least = _WHOLE_SECOND
    for group in groups:
        answers = sum(group.found)
        if answers >= _BURST and group.open >= _GAPS * answers:
            for index in group.hosts:
                seconds = hosts[index].seconds
                if seconds and (elapsed := sum(seconds)) < _WHOLE_SECOND:
                    tired.append(index)
                    least = min(least, elapsed)
    return tired, _WHOLE_SECOND - least if tired else 0.0


def _misses(group: _Group, typical: Sequence[float], loss: float) -> float:
    """Answers that a host still hides: a pass misses a share of what was left before it, and what it found tells how
    much that was at the least. Never more than is unanswered."""
    left, unanswered = 0.0, group.asked
    for made, count in enumerate(group.found, 1):
        network = loss if made == len(group.found) else _at(typical, made - 1, loss)
        share = max(network, _own_loss(group.found[:made], network))
        unanswered -= count
        left = max(0.0, min(unanswered, max(left * share, count * share / (1 - share))))
    return left


def _own_loss(found: tuple[int, ...], network: float) -> float:
    """A host's loss in its last pass: with a constant loss, each pass yields that share of the one before."""
    earlier, later = 0, 0
    for index in range(len(found) - 2, -1, -1):
        earlier += found[index]
        later += found[index + 1]
        if earlier >= _WINDOW:
            break
    return min(_MOST_LOSS, (_WEIGHT * network + later) / (_WEIGHT + earlier))


def _by_pass(groups: Sequence[_Group], loss: float) -> list[float]:
    """What each pass but the last missed, over all hosts: what later passes found of what was there to be found."""
    most = max((len(group.found) for group in groups), default=0)
    totals = [0] * most
    for group in groups:
        for index, count in enumerate(group.found):
            totals[index] += count * len(group.hosts)
    missed = []
    later = 0
    for count in reversed(totals):
        missed.append(min(_MOST_LOSS, max(loss, later / (later + count))) if later else loss)
        later += count
    return missed[::-1]


def _chance(passes: int, typical: Sequence[float], loss: float) -> float:
    """That every one of so many passes misses a probe's answer."""
    earlier = math.prod(_at(typical, index, loss) for index in range(passes - 1))
    return earlier * (loss if passes else 1.0)


def _poisson(count: int, mean: float) -> float:
    if mean <= 0:
        return float(count == 0)
    return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))


def _at(typical: Sequence[float], index: int, loss: float) -> float:
    return typical[index] if index < len(typical) else loss


def _is_limited(group: _Group, typical: Sequence[float], loss: float) -> bool:
    """Whether the host's later passes go on yielding while the network's own loss is low."""
    found = group.found
    later = sum(found[1:])
    if len(found) < 2 or later < _TEN:
        return False
    if len(found) == 2:
        # The second pass shows what the first one lost, and that may have been congestion: others tell.
        return later / sum(found) > 3 * _at(typical, 0, loss) + 0.1
    return _own_loss(found, loss) > 3 * loss + 0.1


def _shy(groups: Sequence[_Group]) -> dict[int, int]:
    """How many hosts gave 1, 2 ... answers in all; hosts like them may have lost every one."""
    few: dict[int, int] = {}
    for group in groups:
        total = sum(group.found)
        if 0 < total <= _FEW:
            few[total] = few.get(total, 0) + len(group.hosts)
    return few


def _hidden(few: dict[int, int], chance: float) -> float:
    """Answers hidden in silent hosts, when each is missed with `chance`: for n hosts seen with a answers each, there
    are chance^a / (1 - chance^a) times as many that were not seen."""
    hidden = _UNSEEN * chance
    for answers, hosts in few.items():
        missed = min(_MOST_LOSS, chance**answers)
        hidden += answers * hosts * missed / (1 - missed)
    return hidden


def _rate(host: HostCount) -> float:
    later = list(zip(host.answered, host.seconds, strict=False))[1:]
    seconds = sum(each for _, each in later)
    return _HEADROOM * sum(count for count, _ in later) / seconds if seconds > 0 else 0.0


class Rtt:
    """The round trip of answers, in seconds, and from it how long to wait for one.

    Smoothed as in RFC 6298, but fed in bulk, and never shorter than what was really seen: a host that answers late is
    a host that answers.
    """

    def __init__(self, floor: float, ceiling: float) -> None:
        if not 0 < floor <= ceiling < math.inf:
            raise ValueError(f"no time between {floor} and {ceiling} seconds")
        self.floor = floor
        self.ceiling = ceiling
        self.mean: float | None = None
        self.deviation = 0.0
        self.largest = 0.0

    def feed(self, count: int, mean: float, largest: float) -> None:
        """Take `count` answers with this mean and this largest round trip. Nonsense is ignored."""
        if count <= 0 or not (0 <= mean < math.inf and 0 <= largest < math.inf):
            return
        largest = max(largest, mean)
        self.largest = max(self.largest, largest)
        # The bulk's spread is not known; half the distance to its slowest is more than the mean deviation of any
        # distribution with a tail on that side only.
        spread = (largest - mean) / 2
        if self.mean is None:
            self.mean, self.deviation = mean, max(mean / 2, spread)
            return
        self.deviation += (max(abs(mean - self.mean), spread) - self.deviation) * (1 - 0.75 ** min(count, 1000))
        self.mean += (mean - self.mean) * (1 - 0.875 ** min(count, 1000))

    @property
    def timeout(self) -> float:
        """Seconds after which a probe counts as unanswered; the ceiling until the first answer came."""
        if self.mean is None:
            return self.ceiling
        return min(self.ceiling, max(self.floor, self.mean + 4 * self.deviation, 1.25 * self.largest))
