"""Which ports the connect engine asks again, and when their silence may be believed.

Silence proves something only of a path that delivered at that very time. So a later pass repeats, among what it asks,
connections to ports that answered before: how many of those are answered tells how often a SYN of this pass was lost,
and how fast the network lets SYNs through. Passes go on until fewer than one answer in a hundred scans is missing.
"""

from __future__ import annotations

import random

from scanner.net.volley.congestion import loss_bound
from scanner.net.volley.enough import HostCount, Verdict, unsettled
from scanner.net.volley.tally import KNOWN, RANK, Tally

MOST_PASSES = 11
"""Each is two SYNs: at a loss of a half, one answer in four million is missed."""
CONTROL_SHARE = 10
"""For so many connections of a later pass one is repeated."""
_LEAST_CONTROLS, _LEAST_OPEN = 100, 20
"""Repeated in a pass, however little it asks: with all answered, the loss is 4% at most. Of open ports fewer, and only
where nothing is closed: a service sees each of them."""


class Passes:
    """The passes over one tally so far: who took part, and how often a SYN of each was lost."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._part: list[set[int] | None] = []
        self._first, self._second, self._lost = 0, 0, 0

    @property
    def made(self) -> int:
        """How many have begun."""
        return len(self._part)

    def begin(self, hosts: set[int] | None) -> None:
        """Another one, of these hosts (by index; None: of all)."""
        self._part.append(hosts)
        self._first, self._second, self._lost = 0, 0, 0

    def count(self, tried: int, control: bool) -> None:
        """A connection was answered at its first or second SYN (1, 2), or not at all (0).

        Of the first pass all that answered count, of later ones the controls: of what was silent before, nobody knows
        whether there is an answer to lose.
        """
        if control is (self.made > 1):
            self._first += tried == 1
            self._second += tried == 2
            self._lost += control and not tried

    def controls(self, asked: int) -> list[int]:
        """What a pass of so many connections repeats, in random order: closed ports where there are any."""
        tally = self._tally
        closed = [
            index
            for index, rank in enumerate(tally.rank)
            if rank == RANK["closed"] and tally.code[index] and not tally.skipped[index // len(tally.questions)]
        ]
        least = _LEAST_CONTROLS
        if not closed:
            closed = [index for index, rank in enumerate(tally.rank) if rank > RANK["closed"] and tally.code[index]]
            least = _LEAST_OPEN
        return random.sample(closed, min(len(closed), max(least, -(-asked // CONTROL_SHARE))))

    @property
    def loss(self) -> float:
        """Upper bound of how often a SYN of the latest pass was lost; without any answer to go by, what users of a
        network would have complained about."""
        # Who answered the second SYN lost the first, and who answered neither lost both.
        lost = self._second + 2 * self._lost
        return loss_bound(lost, self._first + 2 * self._second + 2 * self._lost)

    def verdict(self) -> Verdict:
        """Which hosts probably hide answers yet.

        Those without a silent port count, too: they show what the others are likely to hide.
        """
        tally, width = self._tally, len(self._tally.questions)
        places: list[int] = []
        counts: list[HostCount] = []
        for host in range(len(tally.addresses)):
            if tally.skipped[host]:
                continue
            tried = tally.tried[host * width : (host + 1) * width]
            places.append(host)
            counts.append(HostCount(width - tried.count(KNOWN), self._found(host, tried)))
        verdict = unsettled(counts, self.loss, 2 * self.made)
        return Verdict(tuple(places[each] for each in verdict.again), verdict.misses, ())

    def _found(self, host: int, tried: bytearray) -> tuple[int, ...]:
        """The answers to each SYN of the passes that it took part in."""
        found: list[int] = []
        for number, hosts in enumerate(self._part):
            if hosts is None or host in hosts:
                found += (tried.count(2 * number + 1), tried.count(2 * number + 2))
        return tuple(found)
