"""clamd (the virus scanner of mail gateways): VERSION, which also tells how old its signatures are."""

from __future__ import annotations

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange, line


def _answer(data: bytes) -> bytes:
    said = data.rstrip(b"\r\n\0")
    return said if said.startswith((b"ClamAV ", b"COMMAND UNAVAILABLE")) else b""


PROBE = Probe(
    name="clamd", transport="tcp", ports=(3310,), writes=True, steps=exchange("clamd", b"zVERSION\0", _answer, line)
)
