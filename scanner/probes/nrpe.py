"""NRPE (Nagios' remote checks): the built-in check `_NRPE_CHECK`, which runs nothing and answers with the version."""

from __future__ import annotations

import struct
import zlib

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, StartTls, Steps
from scanner.probes.greeting import LINE, stranger

_FORM = "!hhIh1024s2x"
SIZE = struct.calcsize(_FORM)
_QUERY, _RESPONSE = 1, 2


def question() -> bytes:
    """A packet of version 2, which every NRPE takes; versions 3 and 4 answer in kind."""
    plain = struct.pack(_FORM, 2, _QUERY, 0, 0, b"_NRPE_CHECK")
    return struct.pack(_FORM, 2, _QUERY, zlib.crc32(plain), 0, b"_NRPE_CHECK")


def answer(data: bytes) -> bytes:
    """The text of a response, `b""` if it is none. Never raises."""
    if len(data) < 12 or int.from_bytes(data[2:4], "big") != _RESPONSE or data[:2] not in (b"\0\2", b"\0\3", b"\0\4"):
        return b""
    text = data[10:] if data[1] == 2 else data[16:]
    return text.partition(b"\0")[0]


def _ask(peer: Peer) -> Steps:
    yield Send(question())
    data = yield Read(enough=lambda seen: len(seen) >= SIZE, limit=4096)
    if said := answer(data):
        return (Reading("nrpe", said[:LINE]),)
    return stranger(data, peer.port)


def _steps(peer: Peer) -> Steps:
    yield StartTls()
    return (yield from _ask(peer))


PROBE = Probe(name="nrpe", transport="tcp", ports=(5666,), writes=True, steps=_steps, tls=True)
