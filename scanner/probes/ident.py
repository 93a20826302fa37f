"""ident (RFC 1413): who owns a connection that cannot be. The answer is an error, and proves the protocol."""

from __future__ import annotations

import re

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange, line

_ANSWER = re.compile(rb"\A *1 *, *1 *: *(?:ERROR|USERID) *:[^\r\n]{0,512}")


def _answer(data: bytes) -> bytes:
    found = _ANSWER.match(data)
    return found[0] if found else b""


PROBE = Probe(
    name="ident", transport="tcp", ports=(113,), writes=True, steps=exchange("ident", b"1,1\r\n", _answer, line)
)
