"""HTTP inside TLS: the certificate, then as in `http`. On a TLS port of something else the certificate remains.

No protocol is named in the first handshake, since a server that knows no name of ours may refuse it. One that says
nothing is asked for HTTP/2 by its name then, without which it may answer nobody.
"""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Reconnect, StartTls, Steps
from scanner.probes import http2
from scanner.probes.http_walk import walk


def _steps(peer: Peer) -> Steps:
    certificate = yield StartTls()
    if not certificate:
        return ()
    found = yield from walk(peer, tls=True)
    if {reading.kind for reading in found} <= {"http2"}:
        yield Reconnect()
        if (yield StartTls(alpn="h2")):
            found = (yield from http2.talk(peer, tls=True)) or found
    return (Reading("tls.cert", certificate), *found)


PROBE = Probe(
    name="https",
    transport="tcp",
    ports=(
        *(443, 8443, 4443, 9443, 10443, 5001, 5986, 8006, 2376, 6443, 7443, 8834, 8883, 9419, 9392, 10250, 16993),
        *(981, 1311, 2083, 2087, 2096, 2443, 3443, 4343, 5443, 5480, 6984, 7002, 8007, 8089, 8140, 8531, 8843, 8920),
        *(9440, 9444, 11443, 12443, 17988, 10000),
    ),
    writes=True,
    tls=True,
    fallback=True,
    steps=_steps,
)
