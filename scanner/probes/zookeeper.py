"""ZooKeeper: the four-letter word `srvr`. One that answers it only to itself still says who it is."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger


def _steps(peer: Peer) -> Steps:
    yield Send(b"srvr")
    data = yield Read(enough=lambda seen: b"\nNode count:" in seen or b"whitelist" in seen, limit=4096)
    if data.startswith((b"Zookeeper version: ", b"srvr is not executed because")):
        return (Reading("zookeeper", data.partition(b"\n")[0][:LINE]),)
    return stranger(data, peer.port)


PROBE = Probe(name="zookeeper", transport="tcp", ports=(2181, 2182, 2183), writes=True, steps=_steps)
