"""rrdcached (RRDtool's cache): HELP, whose list of commands is its alone. Nothing is flushed, written or read."""

from __future__ import annotations

import re

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange

_ANSWER = re.compile(rb"\A\d{1,3} Command overview\r?\n(?:[A-Z][^\r\n]{0,120}\r?\n){4,64}")


def _answer(data: bytes) -> bytes:
    found = _ANSWER.match(data)
    return found[0].rstrip() if found and b"FLUSHALL" in found[0] else b""


PROBE = Probe(
    name="rrdcached",
    transport="tcp",
    ports=(42217,),
    writes=True,
    steps=exchange("rrdcached", b"HELP\n", _answer, lambda seen: b"\nQUIT" in seen),
)
