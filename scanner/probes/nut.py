"""Network UPS Tools (upsd): VER. Who may list and command the UPS is another question, and is not asked."""

from __future__ import annotations

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange, line


def _answer(data: bytes) -> bytes:
    said = data.rstrip(b"\r\n")
    return said if said.startswith((b"Network UPS Tools upsd ", b"ERR ACCESS-DENIED", b"ERR UNKNOWN-COMMAND")) else b""


PROBE = Probe(name="nut", transport="tcp", ports=(3493,), writes=True, steps=exchange("nut", b"VER\n", _answer, line))
