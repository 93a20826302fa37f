"""HTTP: one GET of `/`. Redirects are read, never followed."""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger
from scanner.probes.http_text import answered, http_readings, request


def _steps(peer: Peer) -> Steps:
    yield Send(request(peer))
    data = yield Read(enough=answered, limit=65536, seconds=4.0)
    return http_readings(data) or stranger(data, peer.port)


PROBE = Probe(
    name="http",
    transport="tcp",
    ports=(
        *(80, 8080, 8000, 8081, 8008, 8888, 81, 82, 83, 591, 631, 2375, 3000, 5000, 5357, 5985, 7080, 8001, 8082, 8083),
        *(8088, 8090, 8096, 8123, 8181, 8200, 8983, 9000, 9080, 9090, 9200, 10000, 15672, 16992, 47001, 49000),
    ),
    writes=True,
    fallback=True,
    steps=_steps,
)
