"""HTTP/2 from the first byte on, for servers that speak nothing older, gRPC's among them.

Kinds: `http2` (the settings with which the server begins), `grpc` (the head of an answer in that protocol), and those
of pages, as in `http`.
"""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes import http2_text as h2
from scanner.probes.greeting import stranger
from scanner.probes.http_message import LIMIT
from scanner.probes.http_text import readings
from scanner.probes.http_walk import NOWHERE

_NO_PROCEDURE = "/fencewalk.None/None"
"""Nobody has it: who speaks gRPC answers that it is not implemented."""


def talk(peer: Peer, tls: bool) -> Steps:
    """The steps after the connection, inside TLS or not, and the readings."""
    root, nowhere, procedure = 1, 3, 5
    yield Send(h2.PREFACE + h2.request(peer, "/", tls, root) + h2.request(peer, NOWHERE, tls, nowhere))
    data = yield Read(enough=h2.over((root, nowhere)), limit=LIMIT, seconds=4.0)
    first = h2.settings(data)
    if not first:
        return stranger(data, peer.port)
    found = h2.heard(data, (root, nowhere))
    pages = found.responses
    if not found.grpc and not found.ends and not any(page.body for page in pages):
        yield Send(h2.AGREED + h2.call(peer, _NO_PROCEDURE, tls, procedure))
        data = yield Read(enough=h2.over((procedure,), first=False), limit=LIMIT, seconds=2.5)
        found = h2.heard(data, (procedure,))
    yield Send(h2.GOODBYE)
    said = h2.evidence(first, found)
    # Of a server of gRPC, pages are what it says to strangers.
    return said if found.grpc else (*readings(pages), *said)


def _steps(peer: Peer) -> Steps:
    return (yield from talk(peer, tls=False))


PROBE = Probe(name="http2", transport="tcp", ports=(50051,), writes=True, steps=_steps, last_resort="binary")
