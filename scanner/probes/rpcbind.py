"""The port mapper: which RPC programs run here and on which ports (DUMP), over TCP."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes import rpc_text
from scanner.probes.greeting import LINE, stranger

DUMP = rpc_text.call(rpc_text.PORTMAPPER, 2, 4)


def readings(message: bytes) -> tuple[Reading, ...]:
    """`rpcbind` is the start of the answer as it came, `rpc.programs` what it lists. Never raises."""
    found = rpc_text.result(message)
    if found is None:
        return ()
    said = (Reading("rpcbind", message[:LINE]),)
    listed = rpc_text.programs(found[1]) if found[0] == rpc_text.SUCCESS else b""
    return (*said, Reading("rpc.programs", listed[:8192])) if listed else said


def _steps(peer: Peer) -> Steps:
    yield Send(rpc_text.record(DUMP))
    data = yield Read(enough=rpc_text.whole, limit=16384)
    return readings(rpc_text.unfragmented(data)[0]) or stranger(data, peer.port)


PROBE = Probe(name="rpcbind", transport="tcp", ports=(111,), writes=True, steps=_steps)
