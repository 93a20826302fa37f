"""A canary at work: what it hears, and again and again that its own link works. Silence proves nothing without."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from scanner.errors import NetworkFailed
from scanner.model.addresses import AddressSet
from scanner.model.base import Transport
from scanner.model.observation import Arrival, HostSeen, Limitation, Listening, Vantage
from scanner.net.carrier import Carrier
from scanner.net.route import Hop, Interface, ways

ASK_SECONDS, TELL_SECONDS, NEWS_SECONDS = 3.0, 5.0, 1.0
"""How often the router is asked whether it is there, and how often it is kept that all worked; what arrived is told
every second."""
STALE_SECONDS = 10.0
"""After which a router that has not answered is gone."""
_GATEWAYS = 4
_LAST_SECONDS = 1.0
"""How long a router has to answer before the canary ends."""

Row = Arrival | HostSeen | Limitation | Listening


class Ears(Protocol):
    """Whatever listens: by packets, or by sockets."""

    @property
    def totals(self) -> dict[tuple[str, Transport, bool], int]:
        """Ports that arrived, by source, transport and whether they were connected."""

    def listen(self, seconds: float) -> None: ...
    def news(self) -> Iterable[Row]: ...
    def listening(self, since: float, at: float) -> Iterable[Listening]: ...
    def ask_gateways(self) -> None: ...
    def close(self) -> None: ...


class Watch:
    """Turns what `ears` hear into rows. `routed`: whether there is a router whose answers have to show that the link
    works; where there is none, the interface has to be up."""

    def __init__(
        self, ears: Ears, interface: Interface, routed: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ears = ears
        self._interface = interface.name
        self._routed = routed
        self._clock = clock
        self._carrier = Carrier(interface)
        self._since = time.time()
        self._good = 0.0
        """Up to when the link is known to have worked, seconds since the epoch."""
        self._kept = 0.0
        self._asked = self._told = self._heard = -1e9
        self._begun = clock()

    @property
    def mute_router(self) -> bool:
        """Whether there is a router and it does not answer (any more)."""
        quiet = time.time() - self._good > STALE_SECONDS
        return self._routed and quiet and self._clock() - self._begun > STALE_SECONDS

    def step(self, seconds: float = 0.25) -> Iterator[Row]:
        """Listen for so long; then what there is to tell, if it is time. NetworkFailed: the interface is gone."""
        now = self._clock()
        if now - self._asked >= ASK_SECONDS:
            self._asked = now
            self._check()
            self._ears.ask_gateways()
        self._ears.listen(seconds)
        now = self._clock()
        if now - self._heard >= NEWS_SECONDS:
            self._heard = now
            yield from self._news()
        if now - self._told >= TELL_SECONDS:
            yield from self._listened()
            if self._kept:
                self._told = now

    def last(self) -> Iterator[Row]:
        """What is left to tell, after the router was asked once more: a scan that ended just now was listened to until
        its end, and the last answer may be older."""
        yield from self._news()
        with contextlib.suppress(NetworkFailed):
            self._check()
            asked, end = time.time(), self._clock() + _LAST_SECONDS
            self._ears.ask_gateways()
            while self._routed and self._good < asked and self._clock() < end:
                self._ears.listen(0.1)
                yield from self._news()
        yield from self._listened()

    def close(self) -> None:
        self._ears.close()

    def _news(self) -> Iterator[Row]:
        gateways: dict[str, HostSeen] = {}
        for each in self._ears.news():
            if isinstance(each, HostSeen):
                self._good = max(self._good, each.at)
                gateways[each.address] = each
            else:
                yield each
        yield from gateways.values()

    def _listened(self) -> Iterator[Listening]:
        if self._good > self._kept:
            self._kept = self._good
            yield from self._ears.listening(self._since, self._good)

    def _check(self) -> None:
        try:
            self._carrier.check()
        except NetworkFailed:
            raise NetworkFailed(
                f"{self._interface} is down or gone: what arrived until now is kept; plug it in, and start the canary "
                "again"
            ) from None
        if not self._routed:
            self._good = time.time()


def gateways_of(interface: Interface, vantage: Vantage, beyond: AddressSet) -> Sequence[Hop]:
    """The next hops by that interface towards some addresses of other zones."""
    some = AddressSet((version, low, low) for version, low, _ in beyond.spans)
    found = {hop.via: hop for _, hop in ways(some, interface, vantage) if hop is not None and hop.kind == "routed"}
    return list(found.values())[:_GATEWAYS]
