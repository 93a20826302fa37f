"""The raw engine: SYN, UDP and ICMP probes as packets of our own, answers as they arrive on the link."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import msgspec

from scanner.model.addresses import AddressSet
from scanner.model.network import Knock, Pace
from scanner.model.observation import Event, Progress, Vantage
from scanner.net.packets.link import Link
from scanner.net.raw.again import again
from scanner.net.raw.aim import Aim, echoes, families, losses
from scanner.net.raw.resolve import Macs
from scanner.net.volley.passes import MOST_PROBES, volley
from scanner.net.volley.tally import Question


def knock(
    request: Knock, pace: Pace, vantage: Vantage, link: Link, payloads: Mapping[int, bytes], macs: Macs
) -> Iterator[Event]:
    """Ask every port of every address. Gentle requests and the laptop's own addresses go over the kernel's sockets."""
    for part in families(AddressSet.parse(request.addresses)):
        yield from _family(request, part, pace, vantage, link, payloads, macs)
    yield from losses(link)


def _family(
    request: Knock,
    addresses: AddressSet,
    pace: Pace,
    vantage: Vantage,
    link: Link,
    payloads: Mapping[int, bytes],
    macs: Macs,
) -> Iterator[Event]:
    own = Aim(addresses, link, vantage, macs).own()
    kernels = addresses if request.gentle else own
    if kernels:
        from scanner.net.sockets import connect, udp

        mine = msgspec.structs.replace(request, addresses=str(kernels), echo=False)
        yield from connect.knock(mine, pace, vantage, link.interface)
        yield from udp.knock(mine, pace, vantage, link.interface, {} if request.gentle else payloads)
    questions: list[Question] = []
    if request.echo:
        questions += echoes(addresses)[:1] if request.gentle else echoes(addresses)
    if not request.gentle:
        questions += [("tcp", port) for port in request.tcp]
        questions += [("udp", port) for port in request.udp]
    if not questions:
        return
    for part in (addresses - own).chunks(max(1, MOST_PROBES // len(questions))):
        aim = Aim(part, link, vantage, macs)
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
        if request.udp:
            yield from again(tally, link, vantage, macs, payloads, pace)
        yield from tally.rows(time.time())
