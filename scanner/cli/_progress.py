"""How far a scan is, on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import click

from scanner.model.addresses import AddressSet
from scanner.model.observation import Alive, Event, HostSeen, PortState, Progress
from scanner.model.text import duration as duration
from scanner.model.text import plural

REDRAW, LINE = 0.1, 10.0
"""Seconds: a terminal's line is drawn anew so often; elsewhere there is a new line so often."""
_STAGES = {"sweep": "finding hosts", "knock": "asking ports", "converse": "asking what runs there"}
_NOBODY = AddressSet()
_TOO_EARLY = 2.0
"""Seconds before which nobody can say how long the rest takes."""


class Ticker:
    """One line that rewrites itself on a terminal; elsewhere a line when a round begins and every ten seconds.

    `clock`: seconds, whatever their zero. What is left is of the part at hand: a scan is done in parts, and how many
    there will be depends on what they find.
    """

    def __init__(
        self, label: str = "", clock: Callable[[], float] = time.monotonic, canaries: AddressSet = _NOBODY
    ) -> None:
        """`canaries`: laptops of our own, which count for nothing."""
        self._canaries = canaries
        self._label = f"{label}: " if label else ""
        self._clock = clock
        self._live = sys.stderr.isatty()
        self._last = -LINE
        self._said: set[tuple[str, str, int]] = set()
        """The rounds that had a line of their own: units that come in turns do not fill a log with the same words."""
        self._began = 0.0
        self._from = 0
        """Where the part at hand began: when, and with how much done."""
        self._due: float | None = None
        """When the part at hand should be through, as reckoned when it last got on: between two steps the time that is
        left only falls, however long the next one takes."""
        self._seen: Progress | None = None
        self._hosts: set[str] = set()
        self._many = AddressSet()
        self._open = 0

    def see(self, event: Event) -> None:
        if isinstance(event, HostSeen):
            if event.how != "named":
                self._count(event.address)
        elif isinstance(event, PortState):
            if event.state == "open" and event.address not in self._canaries:
                self._open += event.transport != "icmp"
                self._count(event.address)
        elif isinstance(event, Alive):
            self._many |= AddressSet.parse(event.addresses)
            self._hosts = {each for each in self._hosts if each not in self._many}
        elif isinstance(event, Progress):
            self._draw(event)

    def clear(self) -> None:
        """Take the line away that is drawn, so that another may stand there."""
        if self._live:
            click.echo("\r\x1b[K", err=True, nl=False)

    def end(self, how: str = "") -> None:
        """The last word: what was found, and `how` it ended where that is not by itself."""
        self.clear()
        click.echo(f"{self._label}{f'{how}: ' if how else ''}{self._figures()}", err=True)

    def _count(self, address: str) -> None:
        if address not in self._hosts and address not in self._many:
            self._hosts.add(address)

    def _draw(self, event: Progress) -> None:
        now, before = self._clock(), self._seen
        if before is None or (before.stage, before.total) != (event.stage, event.total) or event.done < before.done:
            self._began, self._from, self._due = now, event.done, None
        elif event.done > before.done and now - self._began >= _TOO_EARLY:
            pace = (now - self._began) / (event.done - self._from)
            self._due = now + pace * (event.total - event.done)
        self._seen = event
        stage, which = _named(event), (event.stage, event.about, event.round)
        if self._live:
            if now - self._last >= REDRAW:
                self._last = now
                click.echo(f"\r{self._label}{stage} {self._how_far(event, now)}\x1b[K", err=True, nl=False)
        elif which not in self._said:
            self._said.add(which)
            self._last = now
            click.echo(f"{self._label}{stage}", err=True)
        elif now - self._last >= LINE:
            self._last = now
            click.echo(f"{self._label}{stage} {self._how_far(event, now)}", err=True)

    def _how_far(self, event: Progress, now: float) -> str:
        parts = [f"{100 * min(event.done, event.total) // event.total} %"] if event.total else []
        if event.rate >= 1:
            parts.append(f"{event.rate:,.0f} packets/s")
        if self._due is not None and self._due > now and event.total > event.done:
            parts.append(f"{duration(self._due - now)} left of this part")
        return f"{', '.join(parts)}  {self._figures()}".lstrip()

    def _figures(self) -> str:
        # One host may answer at several of them: how many hosts that makes is known when all sessions are judged.
        alive = len(self._hosts) + len(self._many)
        return f"{plural(alive, 'live address', 'live addresses')}, {plural(self._open, 'open port')}"


def _named(event: Progress) -> str:
    """The round at hand: `asking ports of servers, round 2`."""
    if event.about and event.stage == "sweep":
        stage = f"asking {event.about}"
    else:
        stage = f"{_STAGES[event.stage]}{f' of {event.about}' if event.about else ''}"
    return f"{stage}{f', round {event.round}' if event.round > 1 else ''}"
