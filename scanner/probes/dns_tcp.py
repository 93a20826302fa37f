"""DNS over TCP: the server's own version and name, and whether it resolves for us."""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.dns_text import HOSTNAME, QUERY, RECURSION, is_answer, readings
from scanner.probes.greeting import stranger

PORTS = (53, 1053, 5053, 5300, 5335, 5354, 10053)
"""Beyond 53: where a second server stands beside the first (a recursor behind a filter, a server behind dnsdist)."""


def questions(peer: Peer) -> Steps:
    """Ask on a connection that stands, one question after the other: old servers cannot take two at once."""
    answers: dict[bytes, bytes] = {}
    for query in (QUERY, RECURSION, HOSTNAME):
        yield Send(len(query).to_bytes(2, "big") + query)
        data = yield Read(enough=_whole, limit=4096, seconds=2.0 if answers else 3.0)
        answers[query] = data[2:]
        if query == QUERY and data and not is_answer(data[2:]):
            return stranger(data, peer.port)
        if query == RECURSION and not any(answers.values()):
            return ()
    return readings(answers)


def _whole(seen: bytes) -> bool:
    return len(seen) >= 2 and len(seen) >= 2 + int.from_bytes(seen[:2], "big")


PROBE = Probe(name="dns.version.tcp", transport="tcp", ports=PORTS, writes=True, steps=questions)
