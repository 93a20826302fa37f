"""Redis: INFO, which an unprotected server answers and a protected one refuses. No password is tried."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger


def _steps(peer: Peer) -> Steps:
    yield Send(b"*1\r\n$4\r\nINFO\r\n")
    data = yield Read(enough=_complete, limit=16384)
    if data.startswith((b"-NOAUTH", b"-DENIED", b"-NOPERM")):
        return (Reading("redis", data.partition(b"\n")[0][:LINE].rstrip()),)
    if data.startswith(b"$") and b"redis_version:" in data:
        return (Reading("redis", data.partition(b"\n")[2][:LINE]),)
    return stranger(data, peer.port)


def _complete(data: bytes) -> bool:
    if not data.startswith(b"$"):
        return data.endswith(b"\n")
    size, end, body = data[1:].partition(b"\r\n")
    return bool(end) and (not size.isdigit() or len(size) > 9 or len(body) >= min(int(size), LINE))


PROBE = Probe(name="redis", transport="tcp", ports=(6379, 6380), writes=True, steps=_steps)
