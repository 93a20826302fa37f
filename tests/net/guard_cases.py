"""A guarded site, and a network behind the guard that keeps what it was asked."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from scanner.model.addresses import addresses_of
from scanner.model.network import Converse, Knock, Pace, Sweep
from scanner.model.observation import Conversation, Event, HostSeen, PortState, Progress, Vantage
from scanner.model.site import Authorization, Scope, Site, Zone
from scanner.net.guard import Guard
from scanner.net.pace import TokenBucket

DAY = datetime.date(2026, 11, 22)
VANTAGE = Vantage("office", "eth0", "10.0.0.5")


class Recorder:
    """A network that keeps what it was asked and answers one open port, one talk and one neighbour a request."""

    def __init__(self) -> None:
        self.requests: list[tuple[Sweep | Knock | Converse, Pace]] = []
        self.open = 0
        self.closed = False

    def _answer(self, request: Sweep | Knock | Converse, pace: Pace, events: list[Event]) -> Iterator[Event]:
        self.requests.append((request, pace))
        self.open += 1
        try:
            yield from events
        finally:
            self.open -= 1

    def sweep(self, request: Sweep, pace: Pace) -> Iterator[Event]:
        return self._answer(request, pace, [HostSeen("fe80::99", "ndp", 1.0), Progress("sweep", 1, 1, 1.0)])

    def knock(self, request: Knock, pace: Pace) -> Iterator[Event]:
        rows: list[Event] = [PortState(a, "tcp", "22", "open", "syn-ack", 1.0) for a in addresses_of(request.addresses)]
        return self._answer(request, pace, [*rows, PortState("203.0.113.9", "tcp", "1", "open", "syn-ack", 1.0)])

    def converse(self, request: Converse, pace: Pace) -> Iterator[Event]:
        rows: list[Event] = [Conversation(t.address, t.transport, t.port, "x", "silent", 1.0) for t in request.talks]
        return self._answer(request, pace, rows)

    def close(self) -> None:
        self.closed = True


def site(**scope: Any) -> Site:
    return Site(
        client="c",
        site="s",
        zones=(Zone("office", ("10.0.0.0/28", "fd00::/64")), Zone("plant", ("10.0.1.0/28",))),
        authorization=Authorization("owner", DAY, DAY),
        scope=Scope(**scope),
    )


def guarded(which: Site, today: datetime.date = DAY) -> tuple[Guard, Recorder]:
    inner = Recorder()
    return Guard(inner, which, VANTAGE, lambda: today, lambda: 5.0), inner


def ask(guard: Guard, request: Sweep | Knock | Converse) -> Iterator[Event]:
    pace = TokenBucket(100_000)
    if isinstance(request, Sweep):
        return guard.sweep(request, pace)
    if isinstance(request, Knock):
        return guard.knock(request, pace)
    return guard.converse(request, pace)
