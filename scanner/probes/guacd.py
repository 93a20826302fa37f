"""guacd, the proxy behind Apache Guacamole: whoever speaks to it opens desktops with what it is told.

`select` asks which parameters a protocol takes; no desktop is named, and the connection ends there. The version in the
answer is the protocol's and not guacd's.
"""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger


def _steps(peer: Peer) -> Steps:
    yield Send(b"6.select,3.vnc;")
    data = yield Read(enough=lambda said: b";" in said, limit=8192)
    if data.startswith((b"4.args,", b"5.error,")) and b";" in data:
        return (Reading("guacd", (data.partition(b";")[0] + b";")[:LINE]),)
    return stranger(data, peer.port)


PROBE = Probe(name="guacd", transport="tcp", ports=(4822,), writes=True, steps=_steps)
