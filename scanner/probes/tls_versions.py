"""Which old versions of TLS a port still takes: a handshake that is begun and not gone on with, for each question.

It follows a probe that has found TLS. A server picks the newest version that both have, so one connection for each
version it has and one more for those it has not: two to an up-to-date server, four at most.
"""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Reconnect, Send, Steps
from scanner.probes.tls_text import VERSIONS, answered, client_hello, server_hello

_ASKED = (0x0303, 0x0302, 0x0301)


def _steps(peer: Peer) -> Steps:
    """`tls.versions`: `TLSv1.2=yes TLSv1.1=no TLSv1=no`.

    `no`: refused in words; `no-answer`: the server hung up, as some do that refuse, or was silent for three seconds.
    """
    states: dict[int, bytes] = {}
    readings: tuple[Reading, ...] = ()
    most = _ASKED[0]
    for number, _ in enumerate(_ASKED):
        if number:
            yield Reconnect()
        yield Send(client_hello(most))
        data = yield Read(enough=answered, limit=4096, seconds=3.0)
        hello = server_hello(data)
        picked = hello.version if hello is not None else 0
        silent = b"no-answer" if not data else b"no"
        for version in _ASKED:
            if version <= most and version != picked:
                states[version] = silent if version > picked else b"no-answer"
        if hello is None or picked not in _ASKED:
            break
        states[picked] = b"yes"
        if hello.alpn and not readings:
            readings = (Reading("tls.alpn", hello.alpn[:64]),)
        if picked == _ASKED[-1]:
            break
        most = picked - 1
    said = b" ".join(b"%s=%s" % (VERSIONS[each], states[each]) for each in _ASKED)
    return (Reading("tls.versions", said), *readings) if set(states.values()) != {b"no-answer"} else ()


PROBE = Probe(name="tls.versions", transport="tcp", ports=(), writes=True, steps=_steps, after="tls.cert")
