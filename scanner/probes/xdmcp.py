"""XDMCP (X logins over the network, in clear text): a query, which a display manager answers with its host name."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_WILLING, _UNWILLING = 5, 6
PAYLOAD = b"\0\1\0\2\0\1\0"


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    data = yield Read(limit=2048)
    said = int.from_bytes(data[2:4], "big")
    if data[:2] != b"\0\1" or said not in (_WILLING, _UNWILLING) or int.from_bytes(data[4:6], "big") != len(data) - 6:
        return ()
    return (Reading("xdmcp", data[:512]), Reading("xdmcp.access", b"willing" if said == _WILLING else b"unwilling"))


PROBE = Probe(name="xdmcp", transport="udp", ports=(177,), writes=True, steps=_steps, payload=PAYLOAD)
