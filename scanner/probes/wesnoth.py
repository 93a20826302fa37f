"""The Battle for Wesnoth's server: it asks whoever says hello for his version, and tells none of its own."""

from __future__ import annotations

import zlib

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange

_HELLO = bytes(4)
_ASKED = b"[version]\n[/version]\n"
_PACKED = 256


def _answer(data: bytes) -> bytes:
    """A number, then a compressed document behind its length."""
    packed = data[8:]
    if len(data) < 8 or int.from_bytes(data[4:8], "big") != len(packed) or len(packed) > _PACKED:
        return b""
    try:
        said = zlib.decompressobj(wbits=31).decompress(packed, len(_ASKED) + 1)
    except zlib.error:
        return b""
    return said if said == _ASKED else b""


def _enough(data: bytes) -> bool:
    return len(data) >= 8 and len(data) >= 8 + int.from_bytes(data[4:8], "big")


PROBE = Probe(
    name="wesnoth",
    transport="tcp",
    ports=(15000,),
    writes=True,
    steps=exchange("wesnoth", _HELLO, _answer, _enough, limit=_PACKED + 8),
)
