"""saned (scanners on the network): the protocol's opening. It names no version of the daemon."""

from __future__ import annotations

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange

_USER = b"fencewalk\0"
# SANE_NET_INIT, SANE 1.0.3, a name that is no credential.
_QUESTION = b"\0\0\0\0\x01\0\0\x03" + len(_USER).to_bytes(4, "big") + _USER


def _answer(data: bytes) -> bytes:
    """Status (0 to 11), and the version of the protocol: 1, a minor one, and a build below 256."""
    fits = len(data) == 8 and data[:3] == b"\0\0\0" and data[3] <= 11 and data[4] == 1 and data[6] == 0
    return data if fits else b""


PROBE = Probe(
    name="sane",
    transport="tcp",
    ports=(6566,),
    writes=True,
    steps=exchange("sane", _QUESTION, _answer, lambda seen: len(seen) >= 8),
)
