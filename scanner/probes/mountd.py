"""mountd: which folders NFS exports to whom (EXPORT). Nothing is mounted."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes import rpc_text
from scanner.probes.greeting import stranger

_EXPORT = 5


def _steps(peer: Peer) -> Steps:
    yield Send(rpc_text.record(rpc_text.call(rpc_text.MOUNT, 3, _EXPORT)))
    data = yield Read(enough=rpc_text.whole, limit=16384)
    message = rpc_text.unfragmented(data)[0]
    found = rpc_text.result(message)
    if found is None:
        return stranger(data, peer.port)
    if found[0] == rpc_text.PROGRAM_UNAVAILABLE:
        return (Reading("rpc", message[:256]),)
    said = (Reading("mountd", message[:256]),)
    listed = rpc_text.exports(found[1]) if found[0] == rpc_text.SUCCESS else b""
    return (*said, Reading("nfs.exports", listed[:8192])) if listed else said


PROBE = Probe(name="mountd", transport="tcp", ports=(20048, 635), writes=True, steps=_steps)
