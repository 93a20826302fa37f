"""spamd (SpamAssassin): PING. The number in the answer is the protocol's."""

from __future__ import annotations

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange, line


def _answer(data: bytes) -> bytes:
    return data.rstrip(b"\r\n") if data.startswith(b"SPAMD/") else b""


PROBE = Probe(
    name="spamd",
    transport="tcp",
    ports=(783,),
    writes=True,
    steps=exchange("spamd", b"PING SPAMC/1.2\r\n\r\n", _answer, line),
)
