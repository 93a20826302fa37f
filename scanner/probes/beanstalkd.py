"""Beanstalkd: `stats`. It has no login at all.

Kinds: `beanstalkd` (the statistics, YAML), `beanstalkd.auth` (`none`).
"""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger


def _steps(peer: Peer) -> Steps:
    yield Send(b"stats\r\n")
    data = yield Read(enough=_whole, limit=8192)
    head, _, body = data.partition(b"\r\n")
    if head.startswith(b"OK ") and head[3:].isdigit() and b"current-jobs-" in body:
        return (Reading("beanstalkd", body[:LINE]), Reading("beanstalkd.auth", b"none"))
    return stranger(data, peer.port)


def _whole(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n")
    if not end or not head[3:].isdigit() or len(head) > 12:
        return bool(end)
    return len(body) >= min(int(head[3:]), LINE)


PROBE = Probe(name="beanstalkd", transport="tcp", ports=(11300,), writes=True, steps=_steps)
