"""GlusterFS's daemon: the programs that it offers, by the procedure that lists them."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes import rpc_text
from scanner.probes.greeting import stranger

_DUMP_PROGRAM, _DUMP = 123451501, 1
_NAME = b"GlusterD svc "


def _steps(peer: Peer) -> Steps:
    # The argument is a number of the caller's.
    yield Send(rpc_text.record(rpc_text.call(_DUMP_PROGRAM, 1, _DUMP) + bytes(8)))
    data = yield Read(enough=rpc_text.whole, limit=8192)
    message = rpc_text.unfragmented(data)[0]
    if rpc_text.result(message) is None:
        return stranger(data, peer.port)
    return (Reading("glusterd" if _NAME in message else "rpc", message[:1024]),)


PROBE = Probe(name="glusterd", transport="tcp", ports=(24007,), writes=True, steps=_steps)
