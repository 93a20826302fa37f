"""Quassel's core: which of its protocols a client may go on with, asked before any login."""

from __future__ import annotations

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange

_MAGIC = b"\x42\xb3\x3f\0"
_DATA_STREAM = b"\x80\0\0\2"
"""The one protocol that we offer, as all cores since 0.10 have it, and the mark of the last one."""


def _answer(data: bytes) -> bytes:
    """That protocol, none of its features, and at most those of the connection that we asked for: none."""
    return data if data == b"\0\0\0\2" else b""


PROBE = Probe(
    name="quassel",
    transport="tcp",
    ports=(4242,),
    writes=True,
    steps=exchange("quassel", _MAGIC + _DATA_STREAM, _answer, lambda seen: len(seen) >= 4),
)
