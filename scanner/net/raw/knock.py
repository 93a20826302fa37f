"""The raw engine: SYN, UDP and ICMP probes as packets of our own, answers as they arrive on the link."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import msgspec

from scanner.model.addresses import AddressSet, ports_of, ports_text
from scanner.model.network import Knock, Pace
from scanner.model.observation import Event, PortState, Progress, Vantage
from scanner.net.packets.link import Link
from scanner.net.raw.again import again
from scanner.net.raw.aim import Aim, echoes, families, losses
from scanner.net.raw.resolve import Macs
from scanner.net.raw.signed import Signature
from scanner.net.volley.passes import MOST_PROBES, volley
from scanner.net.volley.tally import Question


def knock(
    request: Knock,
    pace: Pace,
    vantage: Vantage,
    link: Link,
    payloads: Mapping[int, bytes],
    macs: Macs,
    sign: Signature | None = None,
) -> Iterator[Event]:
    """Ask every port of every address. Gentle requests and the laptop's own addresses go over the kernel's sockets.

    `sign`: the addresses are canaries. Their echoes are asked for themselves, and nothing goes over the kernel's
    sockets: a canary may be the laptop itself, on another interface.
    """
    if sign is not None:
        payloads = sign.payloads(request.udp)
        request = msgspec.structs.replace(request, gentle=False)
    for part in families(AddressSet.parse(request.addresses)):
        if sign is not None and request.echo and (request.tcp or request.udp):
            alone = msgspec.structs.replace(request, tcp=(), udp=())
            yield from _family(alone, part, pace, vantage, link, payloads, macs, sign)
            rest = msgspec.structs.replace(request, echo=False)
            yield from _together(_family(rest, part, pace, vantage, link, payloads, macs, sign))
        else:
            yield from _family(request, part, pace, vantage, link, payloads, macs, sign)
    yield from losses(link)


def _together(events: Iterator[Event]) -> Iterator[Event]:
    """Open ports as ranges, at the end: all of a canary's may be open, and would be a row each."""
    alike: dict[PortState, tuple[list[str], float, float]] = {}
    for event in events:
        if not isinstance(event, PortState) or event.state != "open":
            yield event
            continue
        key = msgspec.structs.replace(event, ports="", at=0.0, rtt_ms=None)
        ports, at, slowest = alike.get(key, ([], 0.0, 0.0))
        ports.append(event.ports)
        alike[key] = ports, max(at, event.at), max(slowest, event.rtt_ms or 0.0)
    for key, (ports, at, slowest) in alike.items():
        text = ports_text(ports_of(",".join(ports)))
        yield msgspec.structs.replace(key, ports=text, at=at, rtt_ms=slowest or None)


def _family(
    request: Knock,
    addresses: AddressSet,
    pace: Pace,
    vantage: Vantage,
    link: Link,
    payloads: Mapping[int, bytes],
    macs: Macs,
    sign: Signature | None,
) -> Iterator[Event]:
    own = Aim(addresses, link, vantage, macs, sign).own()
    kernels = addresses if request.gentle else own
    if kernels:
        from scanner.net.sockets import connect, udp

        mine = msgspec.structs.replace(request, addresses=str(kernels), echo=False)
        yield from connect.knock(mine, pace, vantage, link.interface)
        yield from udp.knock(mine, pace, vantage, link.interface, {} if request.gentle else payloads)
    questions: list[Question] = []
    if request.echo:
        questions += echoes(addresses)[:1] if request.gentle or sign is not None else echoes(addresses)
    if not request.gentle:
        questions += [("tcp", port) for port in request.tcp]
        questions += [("udp", port) for port in request.udp]
    if not questions:
        return
    for part in (addresses - own).chunks(max(1, MOST_PROBES // len(questions))):
        aim = Aim(part, link, vantage, macs, sign)
        total = len(part) * len(questions) * request.tries
        tick = time.monotonic()
        for _ in aim.resolve(max(2, request.tries), pace):
            if time.monotonic() - tick > 0.5:
                tick = time.monotonic()
                yield Progress("knock", 0, total, time.time())
        tally = aim.tally(questions, request.tries)
        tally.know(request.known)
        wire = aim.wire(tally, payloads, request.tries)
        yield from volley(wire, tally, pace, stage="knock", patience=request.patience)
        if request.udp and not request.nonce:  # a canary tells of no closed port
            yield from again(tally, link, vantage, macs, payloads, pace, sign)
        yield from tally.rows(time.time())
