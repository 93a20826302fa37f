"""ADC (Advanced Direct Connect): a hub says who it is after the features of a client, before any name or login."""

from __future__ import annotations

import re

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange

_HUB = re.compile(rb"(?:\A|\n)(IINF [^\n]{1,1024})\n")
_SUPPORTS = re.compile(rb"\AISUP (?:AD[A-Z0-9]{4} ?){1,32}\n")


def _answer(data: bytes) -> bytes:
    found = _HUB.search(data)
    return found[1] if found and _SUPPORTS.match(data) else b""


PROBE = Probe(
    name="adc",
    transport="tcp",
    ports=(1511, 2780),
    writes=True,
    steps=exchange("adc", b"HSUP ADBASE ADTIGR\n", _answer, lambda seen: bool(_HUB.search(seen))),
)
