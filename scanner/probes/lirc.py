"""lircd (infrared remote controls): VERSION."""

from __future__ import annotations

import re

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange

_ANSWER = re.compile(rb"\ABEGIN\nVERSION\nSUCCESS\nDATA\n1\n([^\n]{1,64})\nEND")


def _answer(data: bytes) -> bytes:
    found = _ANSWER.match(data)
    return found[1] if found else b""


PROBE = Probe(
    name="lirc",
    transport="tcp",
    ports=(8765,),
    writes=True,
    steps=exchange("lirc", b"VERSION\n", _answer, lambda seen: seen.endswith(b"END\n")),
)
