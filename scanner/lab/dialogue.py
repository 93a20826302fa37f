"""Probes' generators against speakers' generators, with no socket between them.

The live driver (`scanner.net.talk.converse`) carries the same steps out over connections, and both let the probes take
their turns by the same rules (`scanner.probes.turns`); so both give the same conversations.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import msgspec

from scanner.lab.certificates import certificate
from scanner.lab.paths import Answer
from scanner.lab.services import speak
from scanner.lab.topology import Service
from scanner.model.network import Talk
from scanner.model.observation import Conversation, Outcome, Reading
from scanner.model.probe import RECONNECTS, Peer, Probe, Read, Reconnect, Send, StartTls
from scanner.net.rules import NEVER_WRITTEN, WITHHELD
from scanner.probes import followers, probes, probes_for
from scanner.probes.turns import NOBODY, ONLY_WRITERS, Turns

_MOST_BYTES = 256 * 1024
_MOST_PIECES = 64
"""Of what a server says in a row, before the client's next turn."""
_HELLO = b"\x03\x03" + bytes(32) + bytes.fromhex("00 0002 1301 01 00 0008 000a 0004 0002 001d")
_CLIENT_HELLO = b"\x16\x03\x01" + bytes([0, len(_HELLO) + 4, 1, 0, 0, len(_HELLO)]) + _HELLO
"""What a service without TLS gets to read when a probe wants TLS. As in any, there is a line feed in it (the extension
supported_groups), at which servers of lines complain."""


_FINGERPRINT = b"771,4866,43-51"
"""What an OpenSSL of today chooses of what ours offers; and, of old versions, TLS 1.2 alone."""
_SERVER_HELLO = bytes.fromhex("16030300310200002d0303") + bytes(33) + bytes.fromhex("c02f000005ff01000100")


class Dialogue(msgspec.Struct, frozen=True):
    """How one probe fared: what it read, and how many bytes the far side sent."""

    readings: tuple[Reading, ...]
    tls: bool
    received: int
    head: bytes
    """The first of those bytes."""


def talk_to(
    talk: Talk, answer: Answer | None, owner: str, gentle: bool, now: Callable[[], float]
) -> Iterator[Conversation]:
    """Every conversation with one port; `answer` is what the port scan gets from it, `owner` whose service it is."""

    def row(probe: str, outcome: Outcome, found: Dialogue | None = None, detail: str = "") -> Conversation:
        return Conversation(
            talk.address,
            talk.transport,
            talk.port,
            probe,
            outcome,
            now(),
            readings=found.readings if found else (),
            tls=found.tls if found else False,
            detail=detail,
            received=found.received if found else 0,
        )

    if talk.port in NEVER_WRITTEN:
        yield row("none", "withheld", detail=WITHHELD)
        return
    over_tls = (probe for probe in probes_for(talk.transport, 443) if probe.tls)
    every = [probe for probe in probes().values() if probe.transport == talk.transport]
    turns = Turns(probes_for(talk.transport, talk.port), over_tls, gentle, every)
    if not turns.pending:
        yield row("none", "withheld", detail=ONLY_WRITERS) if gentle else row("none", "failed", detail=NOBODY)
        return
    service = answer.service if answer is not None and answer.state == "open" else None
    if service is None:
        outcome: Outcome = "silent" if talk.transport == "udp" else "timeout"
        if answer is not None:
            outcome = "refused" if answer.state == "closed" else "failed"
        yield row(turns.pending[0].name, outcome)
        return
    answered = False
    last: tuple[Probe, Dialogue] | None = None
    for probe in turns:
        found = hold(probe, Peer(talk.address, talk.port), service, owner)
        if found.received:
            answered = True
            yield row(probe.name, "answered", found)
        turns.heard(found.readings, found.head)
        last = probe, found
    if last is not None:
        for follower in followers(last[0], last[1].readings):
            more = hold(follower, Peer(talk.address, talk.port), service, owner)
            if more.readings:
                yield row(follower.name, "answered", more)
    if not answered:
        yield row(turns.tried[0].name, "silent")


def hold(probe: Probe, peer: Peer, service: Service, owner: str) -> Dialogue:
    """Run `probe` against a new conversation of a `service` of the host or router `owner`."""
    line = _Line(service)
    steps = probe.steps(peer)
    seen: tuple[Reading, ...] = ()
    try:
        step = next(steps)
        while True:
            match step:
                case Send(data):
                    line.send(data)
                    step = steps.send(b"")
                case Read():
                    step = steps.send(line.read(step))
                case StartTls(alpn=alpn) if alpn:
                    step = steps.send(b"")  # no service here agrees to any
                case StartTls():
                    der = certificate(owner, service) if line.start_tls() else b""
                    if der:
                        line.received += len(der)
                        seen = (
                            Reading("tls.version", b"TLSv1.3"),
                            Reading("tls.fingerprint", _FINGERPRINT),
                            Reading("tls.cert", der),
                        )
                    step = steps.send(der)
                case Reconnect():
                    line = _Line(service, line)
                    step = steps.send(b"")
    except StopIteration as done:
        said: tuple[Reading, ...] = done.value or ()
    kinds = {reading.kind for reading in said}
    readings = (*said, *(reading for reading in seen if reading.kind not in kinds))
    return Dialogue(readings, line.spoke_tls, line.received, line.head)


def answers(service: Service, payload: bytes) -> bool:
    """Whether a UDP service has an answer to this datagram."""
    line = _Line(service)
    line.send(payload)
    return bool(line.waiting)


class _Line:
    """The server's end: what it said that was not read yet. Over UDP each datagram is a conversation of its own."""

    def __init__(self, service: Service, before: _Line | None = None) -> None:
        """`before` is the connection that this one follows in one conversation."""
        self._service = service
        self._udp = service.transport == "udp"
        self._speaker = speak(service)
        self.connections: int = before.connections + 1 if before else 1
        self._broken = self.connections > RECONNECTS + 1
        """The client's side gave the connection up."""
        self._hung_up = False
        """The server did; what it said before can still be read."""
        self._hello = b""
        """What a TLS server says in clear."""
        self.waiting: deque[bytes] = deque()
        self.encrypted = False
        self.spoke_tls: bool = before.spoke_tls if before else False
        self.received: int = before.received if before else 0
        self.head: bytes = before.head if before else b""
        if not self._udp:
            self._say(lambda: next(self._speaker))

    def send(self, data: bytes) -> None:
        if self._udp:
            self._speaker = speak(self._service)
            next(self._speaker, b"")
            self._hung_up = False
        elif self._service.tls and not self.encrypted:
            # A ClientHello of TLS 1.2 is answered; after anything else the server hangs up without a word.
            if data[:2] == b"\x16\x03" and data[9:11] == b"\x03\x03" and not self._broken:
                self._hello = _SERVER_HELLO
                return
            self._broken = True
        if not self._broken and not self._hung_up and (data or self._udp):
            self._say(lambda: self._speaker.send(data), once=self._udp)

    def start_tls(self) -> bool:
        if self._service.tls and not self._broken:
            self.encrypted = self.spoke_tls = True
            return True
        self.send(_CLIENT_HELLO)
        while self.waiting:
            self._took(self.waiting.popleft())
        self._broken = True
        return False

    def read(self, step: Read) -> bytes:
        data = b""
        if self._broken:
            return data
        if self._service.tls and not self.encrypted:  # a TLS server waits for the client
            data, self._hello = self._hello[: step.limit], b""
            self._took(data)
            return data
        while self.waiting and len(data) < step.limit and not (data and step.enough(data)):
            piece = self.waiting.popleft()
            room = step.limit - len(data)
            data += piece[:room]
            if piece[room:]:
                self.waiting.appendleft(piece[room:])
        self._took(data)
        return data

    def _took(self, data: bytes) -> None:
        self.received += len(data)
        self.head = (self.head + data)[:1024]

    def _say(self, turn: Callable[[], bytes], once: bool = False) -> None:
        """Take what the server says now, and what it goes on to say by itself; it may hang up in between."""
        total = sum(map(len, self.waiting))
        try:
            piece = turn()
            for _ in range(_MOST_PIECES):
                if not piece:
                    return
                self.waiting.append(piece)
                total += len(piece)
                if once or total > _MOST_BYTES:
                    return
                piece = self._speaker.send(b"")
        except StopIteration:
            self._hung_up = True
