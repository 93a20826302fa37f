"""The raw engine: SYN, UDP and echo probes as packets of our own, answers as they arrive on the link.

Nothing is kept of a probe but its time. A TCP probe's sequence number is a keyed hash of what it asks, so an answer
(or an ICMP error that quotes the probe) proves that it belongs to one of ours; the source port tells the try.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence

from scanner.model.network import Knock, Pace
from scanner.model.observation import Event, Limitation, Progress, Vantage
from scanner.net import connect, frames, udp
from scanner.net.link import Link, Reserved
from scanner.net.resolve import Macs, Target, hops, packed, resolve, target, text, unresolved
from scanner.net.route import Hop, Interface
from scanner.net.tally import NO_ROUTE, Answer, Question, Tally
from scanner.net.volley import MOST_PROBES, Arrival, volley


class RawWire:
    """Sends a tally's probes over a link, and finds for each packet heard the probe that it answers."""

    def __init__(
        self, link: Link, ways: Sequence[Target], tally: Tally, ports: range, payloads: Mapping[int, bytes]
    ) -> None:
        self._link = link
        self._targets = ways
        self._questions = tally.questions
        self._hosts = {each.packed: index for index, each in enumerate(ways)}
        self._asked = {question: index for index, question in enumerate(tally.questions)}
        self._tries = tally.tries
        self._ports = ports
        self._payloads = payloads
        self._secret = os.urandom(16)
        self._identifier = int.from_bytes(os.urandom(2), "big")
        self._heads: dict[tuple[int, int], tuple[bytes, int]] = {}

    def send(self, index: int, attempt: int) -> None:
        host, asked = divmod(index, len(self._questions))
        way = self._targets[host]
        if way.mac is None:
            return
        transport, port = self._questions[asked]
        local = self._ports.start + attempt if self._ports else 0
        if transport == "tcp":
            head, pseudo = self._head(host, frames.TCP)
            packet = head + frames.syn(pseudo, local, port, self._cookie(way.packed, port))
        elif transport == "udp":
            _, pseudo = self._head(host, frames.UDP)
            data = frames.datagram(pseudo, local, port, self._payloads.get(port, b""))
            packet = frames.ip_head(way.source, way.packed, frames.UDP, len(data)) + data
        else:
            sequence = (self._cookie(way.packed, 0) + attempt) & 0xFFFF
            data = frames.echo(way.source, way.packed, self._identifier, sequence, self._secret[:8])
            protocol = frames.ICMP6 if len(way.packed) == 16 else frames.ICMP
            packet = frames.ip_head(way.source, way.packed, protocol, len(data)) + data
        self._link.send(frames.ETH_IP6 if len(way.packed) == 16 else frames.ETH_IP, way.mac, packet)

    def receive(self, timeout: float) -> Iterator[Arrival]:
        for packet in self._link.receive(timeout):
            said = None if packet.ethertype == frames.ETH_ARP else frames.heard(packet.data)
            if said is None:
                continue
            host = self._hosts.get(said.target)
            asked = self._asked.get((said.transport, 8 if said.transport == "icmp" else said.port))
            if host is None or asked is None:
                continue
            attempt = self._attempt(said)
            if attempt is not None:
                answer = Answer(said.state, said.reason, packet.at, said.ttl, text(said.source), said.window)
                yield Arrival(host * len(self._questions) + asked, attempt, answer)

    def check(self) -> None:
        self._link.check()

    def _attempt(self, said: frames.Heard) -> int | None:
        """Which try the answer is to; None when it is to no probe of ours."""
        if said.transport == "icmp":
            if said.local != self._identifier or said.proof is None:
                return None
            attempt = (said.proof - self._cookie(said.target, 0)) & 0xFFFF
            return attempt if attempt < self._tries else None
        if said.local not in self._ports:
            return None
        if said.transport == "tcp" and said.proof != self._cookie(said.target, said.port):
            return None
        return said.local - self._ports.start

    def _cookie(self, address: bytes, port: int) -> int:
        digest = hashlib.blake2s(address + port.to_bytes(2, "big"), digest_size=4, key=self._secret).digest()
        return int.from_bytes(digest, "big")

    def _head(self, host: int, protocol: int) -> tuple[bytes, int]:
        """The IP header of a SYN and the pseudo-header's sum, which stay the same for a target."""
        found = self._heads.get((host, protocol))
        if found is None:
            way = self._targets[host]
            head = frames.ip_head(way.source, way.packed, protocol, frames.SYN_LENGTH)
            found = self._heads[host, protocol] = head, frames.pseudo(way.source, way.packed, protocol)
        return found


def knock(
    request: Knock, pace: Pace, vantage: Vantage, interface: Interface, payloads: Mapping[int, bytes], macs: Macs
) -> Iterator[Event]:
    """Ask every port of every address. Gentle requests and the laptop's own addresses go over the kernel's sockets."""
    if request.gentle:
        yield from connect.knock(request, pace, vantage, interface)
        yield from udp.knock(request, pace, vantage, interface, {})
        return
    questions: list[Question] = [*(("tcp", port) for port in request.tcp), *(("udp", port) for port in request.udp)]
    if not questions:
        return
    ways = hops(request.addresses, interface, vantage)
    own = tuple(each for each, hop in ways.items() if hop is not None and hop.kind == "self")
    if own:
        mine = Knock(own, request.tcp, request.udp, request.tries)
        yield from connect.knock(mine, pace, vantage, interface)
        yield from udp.knock(mine, pace, vantage, interface, payloads)
    others = [each for each in ways if each not in own]
    some = max(1, MOST_PROBES // len(questions))
    reserved = Reserved(request.tries)
    try:
        for start in range(0, len(others), some):
            part = others[start : start + some]
            with Link(interface, reserved.ports) as link:
                to = {each: ways[each] for each in part}
                yield from _part(link, to, questions, request.tries, pace, payloads, macs, reserved.ports)
    finally:
        reserved.close()


def _part(
    link: Link,
    ways: dict[str, Hop | None],
    questions: list[Question],
    tries: int,
    pace: Pace,
    payloads: Mapping[int, bytes],
    macs: Macs,
    ports: range,
) -> Iterator[Event]:
    total = len(ways) * len(questions) * tries
    wanted = unresolved((hop for hop in ways.values() if hop is not None), link.interface, macs)
    tick = time.monotonic()
    for neighbour in resolve(link, wanted, max(2, tries), pace):
        if neighbour is not None:
            macs.put(neighbour.address, neighbour.mac)
        elif time.monotonic() - tick > 0.5:
            tick = time.monotonic()
            yield Progress("knock", 0, total, time.time())
    tally, found = aimed(link.interface, ways, questions, tries, macs)
    yield from volley(RawWire(link, found, tally, ports, payloads), tally, pace, stage="knock")
    yield from tally.rows(time.time())
    yield from losses(link)


def aimed(
    interface: Interface, ways: Mapping[str, Hop | None], questions: list[Question], tries: int, macs: Macs
) -> tuple[Tally, list[Target]]:
    """A tally of those addresses and the way to each; what cannot be sent to is refused, or absent from the link."""
    addresses = list(ways)
    tally = Tally(addresses, questions, tries, [hop is not None and hop.kind == "routed" for hop in ways.values()])
    found = []
    for index, (address, hop) in enumerate(ways.items()):
        if hop is None:
            tally.refuse(index, NO_ROUTE)
            found.append(Target(address, packed(address), b"", None, False, address))
            continue
        way = target(address, hop, interface, macs)
        if way.mac is None and way.routed:
            tally.refuse(index, f"the next hop {way.via} does not answer")
        elif way.mac is None:
            tally.absent(index)
        found.append(way)
    return tally, found


def losses(link: Link) -> Iterator[Limitation]:
    """Say so when answers were lost on the laptop itself."""
    lost = link.lost()
    if lost:
        yield Limitation(
            f"{lost} answers came faster than they were read", "scan again with a lower max_rate", time.time()
        )
