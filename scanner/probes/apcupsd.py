"""apcupsd's network information server: `status`, the state of the UPS and the daemon's version."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange

_MOST = 128


def _records(data: bytes) -> Iterator[bytes]:
    """The records of an answer, each behind two bytes of length; an empty one ends it."""
    at = 0
    for _ in range(_MOST):
        size = int.from_bytes(data[at : at + 2], "big")
        if not size or at + 2 + size > len(data):
            return
        yield data[at + 2 : at + 2 + size]
        at += 2 + size


def _answer(data: bytes) -> bytes:
    text = b"".join(_records(data))
    return text if text.startswith(b"APC ") and b"VERSION" in text else b""


PROBE = Probe(
    name="apcupsd",
    transport="tcp",
    ports=(3551,),
    writes=True,
    steps=exchange("apcupsd", b"\x00\x06status", _answer, lambda seen: seen.endswith(b"\0\0")),
)
