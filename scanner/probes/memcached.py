"""Memcached: `version`. Other servers of lines answer it as well (Gearman with its own, Redis and beanstalkd with an
error that names them), so it is worth trying on a port whose service says nothing to anybody else.

Kinds: `memcached` (the answer), `memcached.auth` (`none`; `required` where it answers that we are nobody).
"""

from __future__ import annotations

import re

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_UNKNOWN_CLIENT = b"CLIENT_ERROR unauthenticated"
_GEARMAN = re.compile(rb"OK \d+\.\d[\w.+~-]{0,32}\r?\n")


def _steps(peer: Peer) -> Steps:
    yield Send(b"version\r\n")
    data = yield Read(enough=lambda seen: seen.endswith(b"\n"), limit=1024)
    line = data.partition(b"\n")[0].rstrip()
    if line.startswith(b"VERSION ") and len(line) > 8:
        return (Reading("memcached", line), Reading("memcached.auth", b"none"))
    if line.startswith(_UNKNOWN_CLIENT):
        return (Reading("memcached", line), Reading("memcached.auth", b"required"))
    if _GEARMAN.match(data):
        return (Reading("gearman", line),)
    return stranger(data, peer.port)


PROBE = Probe(
    name="memcached", transport="tcp", ports=(11211, 11212, 11213), writes=True, steps=_steps, last_resort="text"
)
