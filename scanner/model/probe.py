"""A probe as a value: who it is for, and a generator of steps that a driver carries out. No sockets here.

The live driver (`scanner.net.talk.converse`) and the simulated one (`scanner.lab.dialogue`) run the same generators.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Literal

import msgspec

from scanner.model.base import Port, Transport
from scanner.model.observation import Reading


class Send(msgspec.Struct, frozen=True):
    """Write these bytes. The driver sends back `b""`."""

    data: bytes


class Read(msgspec.Struct, frozen=True):
    """Read until `enough(received)` says so, `limit` bytes came, the peer closed, or `seconds` passed.

    The driver sends back all the bytes of this read, `b""` if none came.
    """

    enough: Callable[[bytes], bool] = bool
    limit: int = 65536
    seconds: float = 3.0


class StartTls(msgspec.Struct, frozen=True):
    """Wrap the connection in TLS, with no verification: we look, we do not trust.

    The driver sends back the peer's leaf certificate (DER), `b""` if the handshake failed (the steps after it then
    read nothing). It adds the readings `tls.version` and `tls.cert` to the probe's own.
    """

    alpn: str = ""
    """The protocol to ask for (RFC 7301). The handshake counts as failed where the peer does not agree to it."""


class Reconnect(msgspec.Struct, frozen=True):
    """End this connection, and open another one to the same port: for what a protocol can be asked only once in one.

    The driver sends back `b""`. Only `RECONNECTS` a conversation are carried out: after the others, as after one that
    failed, reads give nothing.
    """


RECONNECTS = 3

Step = Send | Read | StartTls | Reconnect
Steps = Generator[Step, bytes, tuple[Reading, ...]]


class Peer(msgspec.Struct, frozen=True):
    """Whom a probe talks to: for a Host header, or a payload that names the port."""

    address: str
    port: Port


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """UDP only: how the answers come whose source is not the port that was asked. No port scan knows them for answers,
    so that the port looks silent; a conversation hears them."""

    source: int = 0
    """The peer's port that they come from, 0 for any."""
    own: int = 0
    """Our port that they go to, whichever one asked; 0: the one that asked."""
    on_link: bool = False
    """Who is not on the peer's own link gets none."""


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """One protocol's question. `PROBE` of a file in `scanner/probes/` is one of these."""

    name: str
    transport: Transport
    ports: tuple[Port, ...]
    """Where it is the likely protocol, most likely first. It may be tried elsewhere, too."""
    writes: bool
    """False: it only listens, so it may be used on fragile hosts."""
    steps: Callable[[Peer], Steps]
    payload: bytes = b""
    """UDP only: the datagram that asks, so that the port scan can use it."""
    tls: bool = False
    """Its first step is StartTls."""
    fallback: bool = False
    """Worth trying, after the likely ones, on a port where nothing else answered."""
    after: str = ""
    """A kind of reading: it has more to ask on a port where a probe that began with TLS read one of these."""
    last_resort: Literal["", "text", "binary"] = ""
    """Worth trying on a port whose service hangs up on everything else, as it does on whoever speaks no word of its
    protocol: by a line of text, or by a message of bytes."""
    elsewhere: Elsewhere | None = None
    alone: bool = False
    """The devices behind its ports break: no other probe is ever tried there."""
