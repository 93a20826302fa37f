"""Which probes of a volley are asked again after each pass, and how fast: the counts of a tally, judged by `enough`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from scanner.net.volley.choice import EVERYTHING, Choice
from scanner.net.volley.enough import HostCount, Limited, unsettled
from scanner.net.volley.tally import KNOWN, Tally

_MISSES, _MOST_OTHERS = 0.01, 8


class Round(msgspec.Struct, frozen=True):
    """A pass to make."""

    choice: Choice
    rest: float = 0.0
    """Seconds to leave the hosts alone before."""
    rate: float | None = None
    """Packets a second that its hosts answer; None: as fast as the network takes."""


class Rounds:
    """The passes of one volley so far. `measured`: which questions are answered by every host that is there."""

    def __init__(self, tally: Tally, measured: Sequence[bool]) -> None:
        self._tally = tally
        self._measured = measured
        self._made: list[tuple[Choice, float]] = []
        self.misses = 0.0
        """Answers that are expected to be missing."""

    def made(self, choice: Choice, seconds: float) -> None:
        """A pass was made, so many seconds after the one before (the rest included)."""
        self._made.append((choice, seconds))

    def following(self, loss_upper: float) -> Round | None:
        """The next one; None when nothing more is to be expected."""
        tally = self._tally
        if not tally.missing:
            self.misses = 0.0
            return None
        if len(self._made) < tally.tries:
            return Round(EVERYTHING)
        others = self._others(loss_upper)
        if not any(self._measured):
            return Round(others) if others is not None else None
        places = [host for host, skipped in enumerate(tally.skipped) if not skipped]
        verdict = unsettled(self._counts(places), loss_upper, len(self._made))
        self.misses = verdict.misses
        limited = {each.host: each for each in verdict.limited if each.rate > 0}
        again = [places[each] for each in verdict.again if each not in limited]
        # A host that counts its answers would make control probes look lost.
        steady = self._marks(set(range(len(tally.addresses))) - {places[each] for each in limited})
        if again:
            # What only services answer is asked along where it may help.
            questions = bytes(self._measured) if others is None else None
            return Round(Choice(self._marks(again), questions, steady), verdict.rest)
        slow = [limited[each] for each in verdict.again if each in limited]
        if not slow:
            return Round(others) if others is not None else None
        chosen = self._marks(places[each.host] for each in slow)
        return Round(Choice(chosen, bytes(self._measured), steady), verdict.rest, _pace(slow))

    def _others(self, loss_upper: float) -> Choice | None:
        """The questions that only services answer (UDP), as long as one of those that did may have an equal that was
        lost each time. Hosts that never answered anything are left alone."""
        tally = self._tally
        width = len(tally.questions)
        asked = [index for index, measured in enumerate(self._measured) if not measured]
        answered = sum(tally.rank[host * width + index] > 0 for host in range(len(tally.addresses)) for index in asked)
        loss = min(0.5, loss_upper)
        if not answered or answered * loss ** len(self._made) <= _MISSES or len(self._made) >= _MOST_OTHERS:
            return None
        alive = (host for host in range(len(tally.addresses)) if tally.answered(host) and not tally.skipped[host])
        return Choice(self._marks(alive), bytes(not each for each in self._measured))

    def _marks(self, hosts: Iterable[int]) -> bytes:
        marks = bytearray(len(self._tally.addresses))
        for host in hosts:
            marks[host] = 1
        return bytes(marks)

    def _counts(self, hosts: Sequence[int]) -> list[HostCount]:
        """What each host was asked and answered, pass by pass. Of many hosts most are alike, and counted once."""
        tally = self._tally
        width = len(tally.questions)
        chosen = [choice.hosts for choice, _ in self._made if choice.hosts is not None]
        counted: dict[tuple[bytes, ...], HostCount] = {}
        found = []
        for host in hosts:
            tried = bytes(tally.tried[host * width : (host + 1) * width])
            alike = (tried, *[marks[host : host + 1] for marks in chosen])
            count = counted.get(alike)
            if count is None:
                count = counted[alike] = self._count(host, tried)
            found.append(count)
        return found

    def _count(self, host: int, tried: bytes) -> HostCount:
        if not all(self._measured):
            tried = bytes(each for each, counts in zip(tried, self._measured, strict=True) if counts)
        part = [
            (number, seconds)
            for number, (choice, seconds) in enumerate(self._made, 1)
            if choice.hosts is None or choice.hosts[host]
        ]
        return HostCount(
            len(tried) - tried.count(KNOWN),
            tuple(tried.count(number) for number, _ in part),
            tuple(seconds for _, seconds in part),
        )


def _pace(hosts: Sequence[Limited]) -> float:
    """The order of a pass spreads it over its hosts alike, so that the slowest sets the pace of all."""
    return len(hosts) * min(each.rate for each in hosts)
