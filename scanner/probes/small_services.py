"""Echo, daytime, quote of the day, chargen and time over UDP: reflectors that should be gone from every network."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_NAMES = {7: "echo", 13: "daytime", 17: "qotd", 19: "chargen", 37: "time"}
PAYLOAD = b"fencewalk\r\n"


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    data = yield Read(limit=2048)
    name = _NAMES.get(peer.port)
    if not data or name is None or (name == "echo") != (data == PAYLOAD) or (name == "time") != (len(data) == 4):
        return ()
    return (Reading(name, data[:512]),)


PROBE = Probe(
    name="small-services", transport="udp", ports=(7, 13, 17, 19, 37), writes=True, steps=_steps, payload=PAYLOAD
)
