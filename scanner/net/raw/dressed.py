"""The raw engine's dressed probes: from a source port that rules trust, and in fragments."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from scanner.dressing import FRAGMENTS, source_port_of, told
from scanner.model.addresses import AddressSet
from scanner.model.network import Knock, Pace
from scanner.model.observation import Event, Limitation, Progress, Vantage, Via
from scanner.net.packets.fragments import fragments, identifications
from scanner.net.packets.link import Link, Packet
from scanner.net.packets.trusted import TrustedPort
from scanner.net.raw.aim import Aim, families, losses
from scanner.net.raw.resolve import Macs
from scanner.net.raw.signed import Signature
from scanner.net.raw.small_wire import Medium, RawWire
from scanner.net.volley.passes import volley
from scanner.net.volley.senders import Arrival
from scanner.net.volley.tally import Question

_MOST = 1 << 16
"""Probes of one volley: they are sent one by one."""
_NOTHING_TO_SPLIT = bytes(8)
"""What a datagram says that has nothing to say, so that there are two pieces of it."""


def knock(
    request: Knock,
    pace: Pace,
    vantage: Vantage,
    link: Link,
    trusted: Mapping[int, TrustedPort | str],
    payloads: Mapping[int, bytes],
    macs: Macs,
    sign: Signature | None = None,
) -> Iterator[Event]:
    """Ask the ports as `request.via` says. What this laptop cannot do so is a Limitation, and not asked.

    `trusted`: the source ports that were taken, or why one could not be. `sign`: the addresses are canaries.
    """
    if sign is not None:
        payloads = sign.payloads(request.udp)
    port = source_port_of(request.via)
    if port is not None:
        taken = trusted.get(port, "it was not taken when the scan began")
        if isinstance(taken, str):
            yield not_asked(request.via, "tcp and udp", taken)
            return
        for transport, reason in taken.refused.items():
            if request.tcp if transport == "tcp" else request.udp:
                yield not_asked(request.via, transport, reason)
        request = msgspec.structs.replace(
            request,
            tcp=() if "tcp" in taken.refused else request.tcp,
            udp=() if "udp" in taken.refused else request.udp,
        )
        taken.link.receive(0)  # what was heard since the link was opened, for others
        taken.link.lost()
        yield from _knock(request, pace, vantage, link, _OnePort(taken.link), payloads, macs, sign)
        yield from losses(taken.link)
    elif request.via == FRAGMENTS:
        said = {port: payloads.get(port) or _NOTHING_TO_SPLIT for port in request.udp}
        yield from _knock(request, pace, vantage, link, _Fragmenting(link, pace), said, macs, sign)
        yield from losses(link)
    else:
        yield not_asked(request.via, "tcp and udp", "nothing here knows this dressing")


def not_asked(via: Via, transport: str, reason: str) -> Limitation:
    """What could not be asked in a dressing."""
    return Limitation(f"{transport} by {via}: nothing was asked so", reason, time.time())


def _knock(
    request: Knock,
    pace: Pace,
    vantage: Vantage,
    link: Link,
    medium: _Dress,
    payloads: Mapping[int, bytes],
    macs: Macs,
    sign: Signature | None,
) -> Iterator[Event]:
    questions: list[Question] = [("tcp", port) for port in request.tcp]
    questions += [("udp", port) for port in request.udp]
    if not questions:
        return
    for family in families(AddressSet.parse(request.addresses)):
        own = Aim(family, link, vantage, macs, sign).own()
        for part in (family - own).chunks(max(1, _MOST // len(questions))):
            aim = Aim(part, link, vantage, macs, sign)
            for _ in aim.resolve(max(2, request.tries), pace):
                yield Progress("knock", 0, len(part) * len(questions), time.time())
            tally = aim.tally(questions, request.tries)
            tally.know(request.known)
            wire = _Wire(medium, RawWire(medium, aim.targets(tally), tally, payloads, sign))
            yield from told(volley(wire, tally, pace, stage="knock", patience=request.patience), request.via)
            yield from told(tally.rows(time.time()), request.via)


class _Dress(Medium):
    """A link before which packets are dressed."""

    def __init__(self, link: Link) -> None:
        self._link = link

    @property
    def ports(self) -> range:
        return self._link.ports

    @property
    def attempts(self) -> int:
        """How many tries it tells apart, by the source port."""
        return len(self.ports)

    def send(self, ethertype: int, mac: bytes, packet: bytes) -> None:
        self._link.send(ethertype, mac, packet)

    def receive(self, timeout: float) -> list[Packet]:
        return self._link.receive(timeout)

    def check(self) -> None:
        self._link.check()


class _OnePort(_Dress):
    """Every try has the same source port."""


class _Fragmenting(_Dress):
    """Every packet leaves in pieces. The pace was asked for one of them already."""

    def __init__(self, link: Link, pace: Pace) -> None:
        super().__init__(link)
        self._pace = pace
        self._numbers = identifications()

    def send(self, ethertype: int, mac: bytes, packet: bytes) -> None:
        pieces = fragments(packet, next(self._numbers))
        if len(pieces) > 1:
            self._pace.take(len(pieces) - 1)
        for piece in pieces:
            self._link.send(ethertype, mac, piece)


class _Wire:
    """A RawWire over a medium that may not tell the tries apart."""

    def __init__(self, medium: _Dress, wire: RawWire) -> None:
        self._wire = wire
        self._alike = medium.attempts == 1

    def send(self, index: int, attempt: int) -> None:
        self._wire.send(index, 0 if self._alike else attempt)

    def receive(self, timeout: float) -> Iterable[Arrival]:
        found: Sequence[Arrival] = list(self._wire.receive(timeout))
        return [msgspec.structs.replace(each, attempt=None) for each in found] if self._alike else found

    def check(self) -> None:
        self._wire.check()
