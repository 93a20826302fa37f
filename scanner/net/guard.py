"""The last line before the wire: whatever a plan says, nothing leaves that the site file does not authorise.

It knows nothing of how a request came about, so a mistake above it stays a mistake on paper. What it takes out of a
request it reports as `Refused` rows; coverage names them.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TypeVar

import msgspec

from scanner.dressing import neighbours_of
from scanner.errors import OutOfScope
from scanner.model.addresses import AddressSet, ports_text
from scanner.model.base import Transport
from scanner.model.network import Converse, Knock, Method, Network, Pace, Sweep, Talk
from scanner.model.observation import Alive, Conversation, Event, HostSeen, Observation, PortState, Refused, Vantage
from scanner.model.site import Site
from scanner.net.near import Near
from scanner.net.pace import Chain, TokenBucket
from scanner.net.rules import NEVER_WRITTEN, WITHHELD, AddressRules, Members, authorization_refusal, port_refusal
from scanner.plan import DISCOVERY_PORTS, POLITE_RATE

FRAGILE_RATE = 10.0
"""Packets a second to fragile hosts, all of them together."""
_CALENDAR_SECONDS = 0.25
_DNS = 53

_FRAGILE_UDP = "fragile device: a UDP probe is a payload, and it gets none"
_FRAGILE_CANARY = "fragile device: no canary, and it gets no signed probes"
_PLAINLY = "fragile device, or a polite scan: asked plainly and no other way"
_NO_DETOUR = "fragile device: no packets for others are handed to it"
FRAGILE_DEEP = "fragile device: Nmap's version probes are payloads, and it gets none"
_NO_METHOD = "found by echo only, which --discover leaves out"

Events = Generator[Event, None, None]
R = TypeVar("R")


class Guard:
    """A Network that lets through to `inner` only what `site` authorises, at the pace that it authorises.

    OutOfScope where there is no authorization, or `today` is outside its dates: when a request is made, before every
    packet that asks its pace, and, while events come, every quarter of a second. `now` gives the time of its own rows,
    in seconds since the epoch. `pace` replaces its own bucket of `site.scope.max_rate` and must not be faster; a
    stricter one that comes with a request is obeyed as well.

    Fragile hosts come last, gently: one host at a time for ports and conversations, found by ARP, NDP and echo only,
    and all they get, sweeps included, is `FRAGILE_RATE` packets a second. An IPv6 address that answers with the MAC of
    a fragile host is one, too: a site file names the IPv4 address, as a rule.

    `polite` treats the whole network as one that may break: at most `POLITE_RATE` packets a second, TCP ports asked by
    whole connections, one at a time to a host, one UDP port and one conversation at a time to a host, no names asked
    for, and of discovery echo only. Unlike fragile hosts the others are still sent payloads. `seen`: the rows of the
    session that is gone on with, by unit, which tell whose addresses are a fragile machine's.
    """

    def __init__(
        self,
        inner: Network,
        site: Site,
        vantage: Vantage,
        today: Callable[[], datetime.date],
        now: Callable[[], float],
        pace: Pace | None = None,
        polite: bool = False,
        seen: Iterable[tuple[str, Observation]] = (),
    ) -> None:
        limit = min(POLITE_RATE, site.scope.max_rate) if polite else site.scope.max_rate
        if pace is not None and pace.rate > limit:
            raise ValueError(f"a pace of {pace.rate} packets a second is above the site's {limit}")
        self._inner = inner
        self._site = site
        self._today = today
        self._now = now
        self._polite = polite
        self._bucket: Pace = pace or TokenBucket(limit)
        self._slow = TokenBucket(min(FRAGILE_RATE, self._bucket.rate))
        self._rules = AddressRules(site, vantage)
        self._near = Near(self._rules)
        for _, each in seen if self._rules.fragile else ():
            if isinstance(each, HostSeen):
                self._near.take(each)

    def sweep(self, request: Sweep, pace: Pace) -> Events:
        self.check()
        return self._looked_up(request, pace) if request.named else self._sweep(request, pace)

    def knock(self, request: Knock, pace: Pace) -> Events:
        self.check()
        return self._knock(request, pace)

    def converse(self, request: Converse, pace: Pace) -> Events:
        self.check()
        return self._converse(request, pace)

    def close(self) -> None:
        self._inner.close()

    def _looked_up(self, request: Sweep, pace: Pace) -> Events:
        """Reverse DNS: packets go to the resolver alone, so that it is what is judged."""
        resolver = AddressSet.of([request.resolver])
        reason = self._rules.refusal(request.resolver) or port_refusal(self._site, "udp", _DNS)
        if not reason and resolver & self._rules.fragile:
            reason = _FRAGILE_UDP
        if reason:
            yield self._refused(resolver, "udp", str(_DNS), reason)
            return
        named, _ = self._rules.sort(AddressSet.parse(request.named))
        if named:
            part = Sweep(named=str(named), resolver=request.resolver, tries=request.tries)
            yield from self._relay(self._inner.sweep, part, pace, AddressSet(), False)

    def _sweep(self, request: Sweep, pace: Pace) -> Events:
        on_link, routed, discover = map(AddressSet.parse, (request.on_link, request.routed, request.discover))
        asked = on_link | routed | discover
        allowed, refused = self._rules.sort(asked)
        # Nobody asked for these yet, so that nothing is refused.
        revealed, _ = self._rules.sort(AddressSet.parse(request.revealed))
        guessed = revealed & AddressSet.parse(request.guessed)
        yield from self._unechoed(refused)
        methods, breaking = self._methods(request.methods), self._breaking()
        for fragile in (False, True):
            kept = allowed & breaking if fragile else allowed - breaking
            by = tuple(each for each in methods if each == "echo") if fragile else methods
            found = discover & kept
            if found and not by:
                yield from self._unechoed({_NO_METHOD: found})
                found, kept = AddressSet(), (on_link | routed) & kept
            part = msgspec.structs.replace(
                request,
                on_link=str(on_link & kept),
                routed=str(routed & kept),
                discover=str(found),
                revealed=str(revealed & breaking if fragile else revealed - breaking),
                guessed="" if fragile else str(guessed - breaking),
                names=request.names and not fragile and not self._polite,
                # It goes to everybody on the link, so that one fragile host is enough.
                option=request.option and not self._polite and not breaking,
                methods=by,
            )
            # A request that names nobody still asks who is there (multicast on the own link); one that was cut to
            # nothing does not.
            if kept or (not asked and not fragile):
                yield from self._relay(self._inner.sweep, part, pace, kept, fragile)

    def _methods(self, methods: tuple[Method, ...]) -> tuple[Method, ...]:
        """Those that ask no port which may not be asked."""
        refused = {
            method
            for method, ports in DISCOVERY_PORTS.items()
            if any(port_refusal(self._site, "udp" if method == "udp" else "tcp", port) for port in ports)
        }
        return tuple(each for each in methods if each not in refused and (each == "echo" or not self._polite))

    def _knock(self, request: Knock, pace: Pace) -> Events:
        if request.via or request.by:
            dressed = yield from self._dressed(request)
            if dressed is None:
                return
            request = dressed
        allowed, refused = self._near.sort(AddressSet.parse(request.addresses))
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
        if request.echo:
            yield from self._unechoed(refused)
        tcp, udp = kept["tcp"], kept["udp"]
        fragile = allowed & self._breaking()
        sturdy = allowed - fragile
        if sturdy and (tcp or udp or request.echo):
            for part in self._parts(msgspec.structs.replace(request, addresses=str(sturdy), tcp=tcp, udp=udp)):
                yield from self._relay(self._inner.knock, part, pace, sturdy, False)
        if fragile and request.nonce:
            for transport, ports in (("tcp", tcp), ("udp", udp)):
                yield self._refused(fragile, transport, ports_text(ports), _FRAGILE_CANARY)
            return
        if fragile and udp:
            yield self._refused(fragile, "udp", ports_text(udp), _FRAGILE_UDP)
        for one in fragile.chunks(1) if tcp or request.echo else ():
            gentle = msgspec.structs.replace(request, addresses=str(one), tcp=tcp, udp=(), gentle=True)
            yield from self._relay(self._inner.knock, gentle, pace, one, True)

    def _dressed(self, request: Knock) -> Generator[Event, None, Knock | None]:
        """The request without what gets no dressed packets: fragile hosts, everybody where one is polite, and of those
        whom packets are to be handed to all that may not be sent to themselves. None where nothing is left."""
        asked = AddressSet.parse(request.addresses)
        spared = asked if self._polite and not request.nonce else asked & self._breaking()
        if spared:
            yield from self._unechoed({_PLAINLY: spared})
        near = AddressSet.of(neighbours_of(request))
        if near:
            allowed, refused = self._rules.sort(near)
            broken = allowed & self._breaking()
            yield from self._unechoed({**refused, _NO_DETOUR: broken})
            request = msgspec.structs.replace(request, via="", by=tuple(allowed - broken))
            if not request.by:
                return None
        left = asked - spared
        return msgspec.structs.replace(request, addresses=str(left)) if left else None

    def _parts(self, request: Knock) -> Iterator[Knock]:
        """The request itself; where one is polite, so that no host is asked two things at once."""
        if not self._polite or request.nonce:
            yield request  # a canary is a laptop of ours, and breaks of nothing
            return
        if request.echo:
            yield msgspec.structs.replace(request, tcp=(), udp=())
        if request.tcp:
            yield msgspec.structs.replace(request, udp=(), echo=False, gentle=True)
        for port in request.udp:
            yield msgspec.structs.replace(request, tcp=(), udp=(port,), echo=False)

    def _converse(self, request: Converse, pace: Pace) -> Events:
        refused: dict[tuple[Transport, int, str], list[str]] = {}
        sturdy: list[Talk] = []
        fragile: dict[str, list[Talk]] = {}
        ports = {(talk.transport, talk.port) for talk in request.talks}
        port_reason = {(transport, port): port_refusal(self._site, transport, port) for transport, port in ports}
        breaks = Members(self._breaking()).hold
        for talk in request.talks:
            reason = self._rules.refusal(talk.address) or port_reason[talk.transport, talk.port]
            if not reason and talk.transport != "tcp" and breaks(talk.address):
                reason = _FRAGILE_UDP
            elif not reason and request.deep and breaks(talk.address):
                reason = FRAGILE_DEEP
            if reason:
                refused.setdefault((talk.transport, talk.port, reason), []).append(talk.address)
            elif talk.port in NEVER_WRITTEN:
                yield Conversation(
                    talk.address, talk.transport, talk.port, "none", "withheld", self._now(), detail=WITHHELD
                )
            elif breaks(talk.address):
                fragile.setdefault(talk.address, []).append(talk)
            else:
                sturdy.append(talk)
        for (transport, port, reason), addresses in refused.items():
            yield self._refused(AddressSet.of(addresses), transport, str(port), reason)
        for talks in _rounds(sturdy) if self._polite else [sturdy]:
            if talks:
                part = Converse(tuple(talks), request.gentle, request.deep, request.nonce)
                allowed = AddressSet.of(talk.address for talk in talks)
                yield from self._relay(self._inner.converse, part, pace, allowed, False)
        for address, talks in fragile.items():
            if request.nonce:
                ports_ = ports_text(talk.port for talk in talks)
                yield self._refused(AddressSet.of([address]), "tcp", ports_, _FRAGILE_CANARY)
                continue
            gentle = Converse(tuple(talks), gentle=True)
            yield from self._relay(self._inner.converse, gentle, pace, AddressSet.of([address]), True)

    def _relay(
        self,
        ask: Callable[[R, Pace], Iterator[Event]],
        request: R,
        pace: Pace,
        allowed: AddressSet,
        fragile: bool,
    ) -> Events:
        """Make one request of the inner network and pass its events on; closing this closes that."""
        self.check()
        stricter = [pace] if pace.rate < self._bucket.rate else []
        slow = [self._slow] if fragile else []
        holds = Members(allowed).hold
        events = ask(request, _Dated(self.check, Chain([*stricter, *slow, self._bucket])))
        look = time.monotonic
        checked = look()
        try:
            for event in events:
                # A host seen is nothing sent, so a neighbour out of scope may pass. An answer from somebody who was
                # not asked is no flow of this vantage.
                kind = type(event)
                if kind is PortState or kind is Conversation:
                    if holds(event.address):  # type: ignore[union-attr]
                        yield event
                elif kind is Alive:
                    found = AddressSet.parse(event.addresses) & allowed  # type: ignore[union-attr]
                    if found:
                        yield msgspec.structs.replace(event, addresses=str(found))
                else:
                    if kind is HostSeen:
                        self._near.take(event)  # type: ignore[arg-type]
                    yield event
                if look() - checked > _CALENDAR_SECONDS:
                    self.check()
                    checked = look()
        finally:
            if isinstance(events, Generator):
                events.close()

    def _breaking(self) -> AddressSet:
        """What the site file calls fragile, and the further addresses of the same machines."""
        return self._rules.fragile | self._near.fragile()

    def _unechoed(self, refused: dict[str, AddressSet]) -> Iterator[Refused]:
        for reason, addresses in refused.items():
            for port, family in (("8", addresses.of_version(4)), ("128", addresses.of_version(6))):
                if family:
                    yield self._refused(family, "icmp", port, reason)

    def _refused(self, addresses: AddressSet, transport: Transport, ports: str, reason: str) -> Refused:
        return Refused(str(addresses), transport, ports, reason, self._now())

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


def _rounds(talks: Iterable[Talk]) -> list[list[Talk]]:
    """The talks in rounds, none of which has two with one host."""
    rounds: list[list[Talk]] = []
    met: dict[str, int] = {}
    for talk in talks:
        number = met.get(talk.address, 0)
        met[talk.address] = number + 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(talk)
    return rounds
