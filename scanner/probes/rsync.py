"""rsync's daemon: the greeting, which names the protocol's version only, and the modules that it lists for anybody."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, classify

_GREETING = b"@RSYNCD: "
_EXIT = b"@RSYNCD: EXIT"


def _steps(peer: Peer) -> Steps:
    greeting = yield Read(enough=lambda seen: seen.endswith(b"\n"), limit=2048)
    if not greeting.startswith(_GREETING):
        return classify(greeting, peer.port)
    said = Reading("rsync", greeting[:LINE].rstrip())
    # An old protocol's client; a newer server lowers its own.
    yield Send(b"@RSYNCD: 30.0\n#list\n")
    answer = yield Read(enough=lambda seen: _EXIT in seen or b"@ERROR" in seen, limit=16384, seconds=2.0)
    listed, ended, _ = answer.partition(_EXIT)
    modules = b"\n".join(line.rstrip() for line in listed.splitlines() if line.strip())
    if not ended or listed.startswith(b"@"):
        return (said,)
    return (said, Reading("rsync.modules", modules[:4096])) if modules else (said,)


PROBE = Probe(name="rsync", transport="tcp", ports=(873,), writes=True, steps=_steps)
