"""NFS: the procedure that does nothing, version by version. A version that is not there is named in the refusal."""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes import rpc_text
from scanner.probes.greeting import stranger

_NULL = 0


def _steps(peer: Peer) -> Steps:
    # No server has version 1, and its refusal says from which to which it goes.
    yield Send(rpc_text.record(rpc_text.call(rpc_text.NFS, 1, _NULL)))
    data = yield Read(enough=rpc_text.whole, limit=4096)
    message = rpc_text.unfragmented(data)[0]
    found = rpc_text.result(message)
    if found is None:
        return stranger(data, peer.port)
    if found[0] == rpc_text.PROGRAM_UNAVAILABLE:
        return (Reading("rpc", message[:256]),)
    said = (Reading("nfs", message[:256]),)
    if found[0] == rpc_text.VERSION_MISMATCH and len(found[1]) >= 8:
        low, high = struct.unpack_from("!II", found[1])
        return (*said, Reading("nfs.versions", b"%d-%d" % (low, high)))
    return said


PROBE = Probe(name="nfs", transport="tcp", ports=(2049,), writes=True, steps=_steps)
