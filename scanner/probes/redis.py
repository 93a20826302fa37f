"""Redis and what speaks its protocol: INFO, which an unprotected server answers and a protected one refuses.

No password is tried. Kinds: `redis` (the first part of INFO, or the refusal), `redis.auth` (`none`, `required`).
"""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger
from scanner.probes.greeting_data import redis_error


def talk(peer: Peer) -> Steps:
    """The question and what it says, over whatever the connection is."""
    yield Send(b"*1\r\n$4\r\nINFO\r\n")
    data = yield Read(enough=_complete, limit=16384)
    if refused := redis_error(data):
        return refused
    if data.startswith(b"$") and b"redis_version:" in data:
        return (Reading("redis", data.partition(b"\n")[2][:LINE]), Reading("redis.auth", b"none"))
    return stranger(data, peer.port)


def _complete(data: bytes) -> bool:
    if not data.startswith(b"$"):
        return data.endswith(b"\n")
    size, end, body = data[1:].partition(b"\r\n")
    return bool(end) and (not size.isdigit() or len(size) > 9 or len(body) >= min(int(size), LINE))


PROBE = Probe(
    name="redis",
    transport="tcp",
    ports=(6379, 26379, 6381, 6382, 6383, 7000, 7001, 7002, 7003, 7004, 7005, 16379, 6380),
    writes=True,
    steps=talk,
)
