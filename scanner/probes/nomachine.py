"""NoMachine's NX: both sides name their version of the protocol, which is not the product's, and TLS follows."""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import classify, stranger

_ASK = b"NXSH-6.0.0\n"


def _steps(peer: Peer) -> Steps:
    yield Send(_ASK)
    data = yield Read(enough=lambda said: said.endswith(b"\n"), limit=512)
    found = classify(data, peer.port)
    return found if found and found[0].kind == "nomachine" else stranger(data, peer.port)


PROBE = Probe(name="nomachine", transport="tcp", ports=(4000, 4022), writes=True, steps=_steps)
