"""LCDproc's server of displays: `hello`, which every client begins with and to which it tells its version."""

from __future__ import annotations

import re

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange

_ANSWER = re.compile(rb"\Aconnect LCDproc [^\r\n]{1,200}")


def _answer(data: bytes) -> bytes:
    found = _ANSWER.match(data)
    return found[0] if found else b""


PROBE = Probe(
    name="lcdproc",
    transport="tcp",
    ports=(13666,),
    writes=True,
    steps=exchange("lcdproc", b"hello\n", _answer, lambda seen: seen.endswith(b"\n")),
)
