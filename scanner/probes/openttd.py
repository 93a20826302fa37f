"""OpenTTD's server: what it tells any player of its game before he joins."""

from __future__ import annotations

import re

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange

_ASK = b"\x03\0\x07"
_INFO = 6
_REVISION = re.compile(rb"[ -~\x80-\xff]{1,80}\0(\d{1,2}\.\d[\w.-]{0,16})\0")
"""The server's name, which is its owner's, and its version."""


def _answer(data: bytes) -> bytes:
    if not _enough(data) or len(data) != int.from_bytes(data[:2], "little") or data[2] != _INFO:
        return b""
    found = _REVISION.search(data[3:])
    return found[1] if found else b""


def _enough(data: bytes) -> bool:
    return len(data) > 3 and len(data) >= int.from_bytes(data[:2], "little")


PROBE = Probe(
    name="openttd",
    transport="tcp",
    ports=(3979,),
    writes=True,
    steps=exchange("openttd", _ASK, _answer, _enough),
)
