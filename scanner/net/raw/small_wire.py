"""The raw engine's wire for small volleys: one packet at a time, without numpy.

A TCP probe's sequence number is a keyed hash of what it asks, so an answer (or an ICMP error that quotes the probe)
proves that it belongs to one of ours; the source port tells the try.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from scanner.net.packets import frames
from scanner.net.packets.link import Packet
from scanner.net.raw.resolve import Target, text
from scanner.net.raw.signed import Signature
from scanner.net.volley.senders import Arrival
from scanner.net.volley.tally import Answer, Tally

ACK = 1 << 16
"""Added to a TCP question's port: an ACK out of the blue instead of a SYN, to see whether anybody is there."""
_DAY_MS = 86_400_000


class Medium(Protocol):
    """What packets leave by and are heard on: a link, or something before one."""

    @property
    def ports(self) -> range:
        """Our source ports, one for each try."""

    def send(self, ethertype: int, mac: bytes, packet: bytes) -> None: ...
    def receive(self, timeout: float) -> list[Packet]: ...
    def check(self) -> None: ...


class RawWire:
    """Sends a tally's probes over a link, and finds for each packet heard the probe that it answers."""

    def __init__(
        self,
        link: Medium,
        ways: Sequence[Target],
        tally: Tally,
        payloads: Mapping[int, bytes],
        sign: Signature | None = None,
    ) -> None:
        """`sign`: the targets are canaries, and what is asked of them is signed."""
        self._link = link
        self._targets = ways
        self._questions = tally.questions
        self._hosts = {each.packed: index for index, each in enumerate(ways)}
        self._asked = {question: index for index, question in enumerate(tally.questions)}
        self._acks = any(transport == "tcp" and port >= ACK for transport, port in tally.questions)
        self._ports = link.ports
        self._payloads = payloads
        self._sign = sign
        self._secret = os.urandom(16)
        self._identifier = int.from_bytes(os.urandom(2), "big")
        self._heads: dict[tuple[int, int], tuple[bytes, int]] = {}

    def send(self, index: int, attempt: int) -> None:
        host, asked = divmod(index, len(self._questions))
        way = self._targets[host]
        if way.mac is None:
            return
        transport, port = self._questions[asked]
        local = self._ports.start + attempt
        if transport == "tcp":
            cookie = self._sequence(way.packed, port)
            if port >= ACK:
                pseudo = frames.pseudo(way.source, way.packed, frames.TCP)
                data = frames.ack(pseudo, local, port - ACK, cookie)
                packet = frames.ip_head(way.source, way.packed, frames.TCP, len(data)) + data
            else:
                head, pseudo = self._head(host, frames.TCP)
                packet = head + frames.syn(pseudo, local, port, cookie)
        elif transport == "udp":
            _, pseudo = self._head(host, frames.UDP)
            data = frames.datagram(pseudo, local, port, self._payloads.get(port, b""))
            packet = frames.ip_head(way.source, way.packed, frames.UDP, len(data)) + data
        else:
            sequence = (self._cookie(way.packed, port) + attempt) & 0xFFFF
            if port == 13:
                data = frames.timestamp(self._identifier, sequence, self._cookie(way.packed, port) % _DAY_MS)
            else:
                said = (
                    self._secret[:8] if self._sign is None else self._sign.payload(128 if len(way.packed) == 16 else 8)
                )
                data = frames.echo(way.source, way.packed, self._identifier, sequence, said)
            protocol = frames.ICMP6 if len(way.packed) == 16 else frames.ICMP
            packet = frames.ip_head(way.source, way.packed, protocol, len(data)) + data
        self._link.send(frames.ETH_IP6 if len(way.packed) == 16 else frames.ETH_IP, way.mac, packet)

    def receive(self, timeout: float) -> Iterator[Arrival]:
        for packet in self._link.receive(timeout):
            said = None if packet.ethertype == frames.ETH_ARP else frames.heard(packet.data, self._acks)
            if said is None:
                continue
            host = self._hosts.get(said.target)
            # What was sent to somebody else may be heard, too: by a hub, a mirror port, an interface that takes all.
            if host is None or _destination(packet.data) != self._targets[host].source:
                continue
            found = self._found(said)
            if found is None:
                continue
            asked, attempt = found
            answer = Answer(said.state, said.reason, packet.at, said.ttl, text(said.source), said.window)
            yield Arrival(host * len(self._questions) + asked, attempt, answer)

    def check(self) -> None:
        self._link.check()

    def _found(self, said: frames.Heard) -> tuple[int, int] | None:
        """(question, try) that the answer is to; None when it is to no probe of ours."""
        if said.transport == "icmp":
            port = 13 if said.port == 13 else 8
            asked = self._asked.get(("icmp", port))
            if asked is None or said.local != self._identifier or said.proof is None:
                return None
            attempt = (said.proof - self._cookie(said.target, port)) & 0xFFFF
            return (asked, attempt) if attempt < len(self._ports) else None
        if said.local not in self._ports:
            return None
        for port in (said.port, said.port + ACK):
            asked = self._asked.get((said.transport, port))
            # Who says what to an ACK is told by its flags; an ICMP error may be about either, and its cookie tells.
            other = port < ACK if said.reason == "ack-rst" else port >= ACK and said.reason in ("rst", "syn-ack")
            if asked is None or other:
                continue
            if said.transport == "udp" or said.proof == self._sequence(said.target, port):
                return asked, said.local - self._ports.start
        return None

    def _sequence(self, address: bytes, port: int) -> int:
        """Of a TCP probe."""
        return self._cookie(address, port) if self._sign is None else self._sign.sequence(port)

    def _cookie(self, address: bytes, port: int) -> int:
        digest = hashlib.blake2s(address + port.to_bytes(4, "big"), digest_size=4, key=self._secret).digest()
        return int.from_bytes(digest, "big")

    def _head(self, host: int, protocol: int) -> tuple[bytes, int]:
        """The IP header of a SYN and the pseudo-header's sum, which stay the same for a target."""
        found = self._heads.get((host, protocol))
        if found is None:
            way = self._targets[host]
            head = frames.ip_head(way.source, way.packed, protocol, frames.SYN_LENGTH)
            found = self._heads[host, protocol] = head, frames.pseudo(way.source, way.packed, protocol)
        return found


def _destination(data: bytes) -> bytes:
    """To whom a packet was sent; it was read as one already."""
    return data[24:40] if data[0] >> 4 == 6 else data[16:20]
