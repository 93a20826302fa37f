"""SQL Server Browser: the instances of a host, with their ports, over UDP.

Kind `mssql.browser`: the answer's text. The versions in it are those of the installed release or service pack: an
instance's own port knows better.
"""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_ASK = b"\x03"
"""CLNT_UCAST_EX: what runs on this host?"""


def _steps(peer: Peer) -> Steps:
    yield Send(_ASK)
    data = yield Read(limit=4096)
    size = int.from_bytes(data[1:3], "little")
    if data[:1] == b"\x05" and data[3:].startswith(b"ServerName;") and size:
        return (Reading("mssql.browser", data[3 : 3 + size]),)
    return ()


PROBE = Probe(name="mssql.browser", transport="udp", ports=(1434,), writes=True, steps=_steps, payload=_ASK)
