"""The last line before the wire: whatever a plan says, nothing leaves that the site file does not authorise.

It knows nothing of how a request came about, so a mistake above it stays a mistake on paper. What it takes out of a
request it reports as `Refused` rows; coverage names them.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from typing import TypeVar

from scanner.errors import OutOfScope
from scanner.model.addresses import addresses_text, ports_text
from scanner.model.base import Transport
from scanner.model.network import Converse, Knock, Network, Pace, Sweep, Talk
from scanner.model.observation import Conversation, Event, PortState, Refused, Vantage
from scanner.model.site import Site
from scanner.net.pace import Chain, TokenBucket
from scanner.net.rules import NEVER_WRITTEN, WITHHELD, AddressRules, authorization_refusal, port_refusal

FRAGILE_RATE = 10.0
"""Packets a second to fragile hosts, all of them together."""

_FRAGILE_UDP = "fragile device: a UDP probe is a payload, and it gets none"

Events = Generator[Event, None, None]
R = TypeVar("R")


class Guard:
    """A Network that lets through to `inner` only what `site` authorises, at the pace that it authorises.

    OutOfScope where there is no authorization, or `today` is outside its dates: when a request is made, before every
    packet that asks its pace, and after every event. `now` gives the time of its own rows, in seconds since the epoch.
    `pace` replaces its own bucket of `site.scope.max_rate` and must not be faster; a stricter one that comes with a
    request is obeyed as well. Fragile hosts come last, gently: one host at a time for ports and conversations, and
    all they get, sweeps included, is `FRAGILE_RATE` packets a second.
    """

    def __init__(
        self,
        inner: Network,
        site: Site,
        vantage: Vantage,
        today: Callable[[], datetime.date],
        now: Callable[[], float],
        pace: Pace | None = None,
    ) -> None:
        limit = site.scope.max_rate
        if pace is not None and pace.rate > limit:
            raise ValueError(f"a pace of {pace.rate} packets a second is above the site's {limit}")
        self._inner = inner
        self._site = site
        self._today = today
        self._now = now
        self._bucket: Pace = pace or TokenBucket(limit)
        self._slow = TokenBucket(min(FRAGILE_RATE, self._bucket.rate))
        self._rules = AddressRules(site, vantage)

    def sweep(self, request: Sweep, pace: Pace) -> Events:
        self.check()
        return self._sweep(request, pace)

    def knock(self, request: Knock, pace: Pace) -> Events:
        self.check()
        return self._knock(request, pace)

    def converse(self, request: Converse, pace: Pace) -> Events:
        self.check()
        return self._converse(request, pace)

    def close(self) -> None:
        self._inner.close()

    def _sweep(self, request: Sweep, pace: Pace) -> Events:
        asked = (*request.on_link, *request.routed)
        allowed, refused = self._sort(asked)
        for reason, addresses in refused.items():
            for port, family in (
                ("8", [a for a in addresses if ":" not in a]),
                ("128", [a for a in addresses if ":" in a]),
            ):
                if family:
                    yield self._refused(family, "icmp", port, reason)
        for fragile in (False, True):
            part = Sweep(
                tuple(a for a in request.on_link if a in allowed and self._site.fragile(a) is fragile),
                tuple(a for a in request.routed if a in allowed and self._site.fragile(a) is fragile),
                request.tries,
            )
            # A request that names nobody still asks who is there (multicast on the own link); one that was cut to
            # nothing does not.
            if part.on_link or part.routed or (not asked and not fragile):
                yield from self._relay(self._inner.sweep, part, pace, allowed, fragile)

    def _knock(self, request: Knock, pace: Pace) -> Events:
        allowed, refused = self._sort(request.addresses)
        wanted: tuple[tuple[Transport, tuple[int, ...]], ...] = (("tcp", request.tcp), ("udp", request.udp))
        kept: dict[str, tuple[int, ...]] = {}
        for transport, ports in wanted:
            for reason, addresses in refused.items():
                if ports:
                    yield self._refused(addresses, transport, ports_text(ports), reason)
            why = {port: port_refusal(self._site, transport, port) for port in ports}
            for reason in sorted({each for each in why.values() if each}):
                if allowed:
                    cut = ports_text(port for port in ports if why[port] == reason)
                    yield self._refused(allowed, transport, cut, reason)
            kept[transport] = tuple(port for port in ports if why[port] is None)
        tcp, udp = kept["tcp"], kept["udp"]
        sturdy = tuple(a for a in request.addresses if a in allowed and not self._site.fragile(a))
        if sturdy and (tcp or udp):
            part = Knock(sturdy, tcp, udp, request.tries, request.gentle)
            yield from self._relay(self._inner.knock, part, pace, allowed, False)
        fragile = [a for a in dict.fromkeys(request.addresses) if a in allowed and self._site.fragile(a)]
        if fragile and udp:
            yield self._refused(fragile, "udp", ports_text(udp), _FRAGILE_UDP)
        for one in fragile if tcp else ():
            gentle = Knock((one,), tcp, (), request.tries, gentle=True)
            yield from self._relay(self._inner.knock, gentle, pace, {one}, True)

    def _converse(self, request: Converse, pace: Pace) -> Events:
        refused: dict[tuple[Transport, int, str], list[str]] = {}
        sturdy: list[Talk] = []
        fragile: dict[str, list[Talk]] = {}
        for talk in request.talks:
            reason = self._rules.refusal(talk.address) or port_refusal(self._site, talk.transport, talk.port)
            if not reason and self._site.fragile(talk.address) and talk.transport != "tcp":
                reason = _FRAGILE_UDP
            if reason:
                refused.setdefault((talk.transport, talk.port, reason), []).append(talk.address)
            elif talk.port in NEVER_WRITTEN:
                yield Conversation(
                    talk.address, talk.transport, talk.port, "none", "withheld", self._now(), detail=WITHHELD
                )
            elif self._site.fragile(talk.address):
                fragile.setdefault(talk.address, []).append(talk)
            else:
                sturdy.append(talk)
        for (transport, port, reason), addresses in refused.items():
            yield self._refused(addresses, transport, str(port), reason)
        if sturdy:
            part = Converse(tuple(sturdy), request.gentle)
            names = {talk.address for talk in sturdy}
            yield from self._relay(self._inner.converse, part, pace, names, False)
        for address, talks in fragile.items():
            gentle = Converse(tuple(talks), gentle=True)
            yield from self._relay(self._inner.converse, gentle, pace, {address}, True)

    def _sort(self, addresses: Iterable[str]) -> tuple[set[str], dict[str, list[str]]]:
        """The addresses that may be sent to, and the others by the reason why not."""
        allowed: set[str] = set()
        refused: dict[str, list[str]] = {}
        for address in addresses:
            reason = self._rules.refusal(address)
            if reason:
                refused.setdefault(reason, []).append(address)
            else:
                allowed.add(address)
        return allowed, refused

    def _relay(
        self,
        ask: Callable[[R, Pace], Iterator[Event]],
        request: R,
        pace: Pace,
        allowed: Collection[str],
        fragile: bool,
    ) -> Events:
        """Make one request of the inner network and pass its events on; closing this closes that."""
        self.check()
        stricter = [pace] if pace.rate < self._bucket.rate else []
        slow = [self._slow] if fragile else []
        events = ask(request, _Dated(self.check, Chain([*stricter, *slow, self._bucket])))
        try:
            for event in events:
                # A host seen is nothing sent, so a neighbour out of scope may pass. An answer from somebody who was
                # not asked is no flow of this vantage.
                if not isinstance(event, PortState | Conversation) or event.address in allowed:
                    yield event
                self.check()
        finally:
            if isinstance(events, Generator):
                events.close()

    def _refused(self, addresses: Iterable[str], transport: Transport, ports: str, reason: str) -> Refused:
        return Refused(addresses_text(addresses), transport, ports, reason, self._now())

    def check(self) -> None:
        """OutOfScope unless the site file authorises a scan today."""
        refused = authorization_refusal(self._site, self._today())
        if refused is not None:
            raise OutOfScope(refused)


class _Dated:
    """A pace that looks at the calendar first: a scan that outlives its authorization ends in mid-request."""

    def __init__(self, check: Callable[[], None], pace: Pace) -> None:
        self.check = check
        self._pace = pace
        self.rate = pace.rate

    def take(self, packets: int) -> None:
        self.check()
        self._pace.take(packets)
