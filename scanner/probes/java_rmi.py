"""Java RMI (registries, JMX): the beginning of its protocol, and nothing looked up."""

from __future__ import annotations

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange

_ASK = b"JRMI\0\x02K"
_HOST = 256


def _answer(data: bytes) -> bytes:
    """The acknowledgement (Java RMI wire protocol, 10.3): our own name and port as the server sees them."""
    size = int.from_bytes(data[1:3], "big")
    whole = data[:1] == b"N" and 0 < size <= _HOST and len(data) == size + 7
    return data[:3] if whole and data[3 : 3 + size].isascii() else b""


PROBE = Probe(
    name="java-rmi",
    transport="tcp",
    ports=(1099, 1098, 1090, 9010),
    writes=True,
    steps=exchange(
        "java-rmi", _ASK, _answer, lambda seen: len(seen) >= 7 and len(seen) >= int.from_bytes(seen[1:3], "big") + 7
    ),
)
