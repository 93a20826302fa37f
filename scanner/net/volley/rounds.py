"""Which probes of a volley are asked again after each pass, and how fast: the counts of a tally, judged by `enough`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from scanner.net.volley.enough import HostCount, Limited, unsettled
from scanner.net.volley.senders import EVERYTHING, Choice
from scanner.net.volley.tally import KNOWN, Tally


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
        if not any(self._measured):
            return None
        places = [host for host, skipped in enumerate(tally.skipped) if not skipped]
        verdict = unsettled([self._count(host) for host in places], loss_upper, len(self._made))
        self.misses = verdict.misses
        limited = {each.host: each for each in verdict.limited if each.rate > 0}
        again = [places[each] for each in verdict.again if each not in limited]
        # A host that counts its answers would make control probes look lost.
        steady = self._marks(set(range(len(tally.addresses))) - {places[each] for each in limited})
        if again:
            return Round(Choice(self._marks(again), bytes(self._measured), steady), verdict.rest)
        slow = [limited[each] for each in verdict.again if each in limited]
        if not slow:
            return None
        chosen = self._marks(places[each.host] for each in slow)
        return Round(Choice(chosen, bytes(self._measured), steady), verdict.rest, _pace(slow))

    def _marks(self, hosts: Iterable[int]) -> bytes:
        marks = bytearray(len(self._tally.addresses))
        for host in hosts:
            marks[host] = 1
        return bytes(marks)

    def _count(self, host: int) -> HostCount:
        """What a host was asked and answered, pass by pass."""
        tally = self._tally
        width = len(tally.questions)
        tried: bytes | bytearray = tally.tried[host * width : (host + 1) * width]
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
