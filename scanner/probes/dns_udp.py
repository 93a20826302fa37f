"""DNS over UDP: the server's own version and name, and whether it resolves for us.

A server that refuses to say shows by its refusal that it speaks DNS.
"""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.dns_text import HOSTNAME, QUERY, RECURSION, is_answer, readings


def _steps(peer: Peer) -> Steps:
    answers: dict[bytes, bytes] = {}
    for query in (QUERY, RECURSION, HOSTNAME):
        yield Send(query)
        answers[query] = yield Read(limit=4096, seconds=1.5 if answers else 3.0)
        if query == QUERY and not is_answer(answers[query]):
            # Some servers drop class CHAOS without a word, but what is not DNS is not asked on.
            if answers[query]:
                return ()
        elif query == RECURSION and not any(answers.values()):
            return ()
    return readings(answers)


PROBE = Probe(name="dns.version", transport="udp", ports=(53,), writes=True, steps=_steps, payload=QUERY)
