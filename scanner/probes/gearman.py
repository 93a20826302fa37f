"""Gearman's job server: `version` of its administration protocol, which has no login."""

from __future__ import annotations

import re

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_VERSION = re.compile(rb"(?:OK |v?1\.)\d")
"""gearmand's answer, and that of the server in Perl."""


def _steps(peer: Peer) -> Steps:
    yield Send(b"version\n")
    data = yield Read(enough=lambda seen: seen.endswith(b"\n"), limit=1024)
    if _VERSION.match(data):
        return (Reading("gearman", data.partition(b"\n")[0].rstrip()),)
    return stranger(data, peer.port)


PROBE = Probe(name="gearman", transport="tcp", ports=(4730,), writes=True, steps=_steps)
