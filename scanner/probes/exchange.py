"""The commonest conversation: one question, one answer, and the answer is proof of the protocol or it is not."""

from __future__ import annotations

from collections.abc import Callable

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger


def line(seen: bytes) -> bool:
    """Whether a whole line has come."""
    return seen.endswith((b"\n", b"\0"))


def exchange(
    kind: str,
    question: bytes,
    proves: Callable[[bytes], bytes],
    enough: Callable[[bytes], bool] = bool,
    seconds: float = 3.0,
    limit: int = 4096,
) -> Callable[[Peer], Steps]:
    """A probe's steps that ask once. `proves` cuts the reading of `kind` out of the answer, `b""` if it is none."""

    def steps(peer: Peer) -> Steps:
        yield Send(question)
        data = yield Read(enough=enough, limit=limit, seconds=seconds)
        if found := proves(data):
            return (Reading(kind, found[:LINE]),)
        return stranger(data, peer.port)

    return steps
