"""Syncplay's server: it says in JSON that an empty object is no message. Nobody enters a room."""

from __future__ import annotations

import re

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange

_ANSWER = re.compile(rb'\A\{"Error": ?\{"message": ?"[^"\r\n]{0,200}"\}\}')


def _answer(data: bytes) -> bytes:
    found = _ANSWER.match(data)
    return found[0] if found else b""


PROBE = Probe(
    name="syncplay",
    transport="tcp",
    ports=(8999,),
    writes=True,
    steps=exchange("syncplay", b"fencewalk\r\n", _answer, lambda seen: seen.endswith(b"\n")),
)
