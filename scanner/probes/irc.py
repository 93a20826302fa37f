"""IRC: the notices, then a visit of a second without a password or a channel, since only a visitor is told who serves.

The visitor is called `fencewalk`, asks VERSION, and leaves. A server that wants a password says so and gets none.
"""

from __future__ import annotations

import re
from collections.abc import Generator

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Step, Steps
from scanner.probes.greeting import LINE, classify

_NICK = b"NICK fencewalk\r\nUSER fencewalk 0 * :fencewalk\r\n"
_PING = re.compile(rb"(?m)^(?::[^ \r\n]+ )?PING (:?[^\r\n]{1,128})\r?$")
_WELCOME = re.compile(rb"(?m)^:[^ \r\n]+ (?:002|004) [^\r\n]{1,512}")
_VERSION = re.compile(rb"(?m)^:[^ \r\n]+ 351 [^\r\n]{1,512}")
_OVER = re.compile(rb"(?m)^(?::[^ \r\n]+ )?(?:ERROR|43[1-7]|46[2-6]|376|422)\b")
"""The visit is over, refused, or the message of the day has been told."""
_ROUNDS = 4


def _steps(peer: Peer) -> Steps:
    greeting = yield Read(enough=lambda seen: seen.endswith(b"\n"), limit=8192, seconds=1.5)
    readings = classify(greeting, peer.port)
    if readings and readings[0].kind != "irc":
        return readings
    return (yield from visit(greeting))


def visit(greeting: bytes) -> Generator[Step, bytes, tuple[Reading, ...]]:
    """Register, ask, leave: `irc` is the first line, `irc.welcome` what names the server, `irc.version` its answer."""
    received = greeting
    yield Send(_NICK)
    for _ in range(_ROUNDS):
        # A server that looks our name up first is silent for seconds.
        more = yield Read(enough=_pauses, limit=8192, seconds=3.0)
        received += more
        if ping := _PING.findall(more):
            yield Send(b"PONG " + ping[-1] + b"\r\n")
        elif _OVER.search(received) or _WELCOME.search(received):
            break
    first = classify(received)
    if not first or first[0].kind != "irc":
        return first if first and first[0].kind not in ("banner", "telnet") else ()
    readings = [Reading("irc", received.partition(b"\n")[0][:LINE].rstrip())]
    if welcome := b"\n".join(each.rstrip() for each in _WELCOME.findall(received)[:4]):
        readings.append(Reading("irc.welcome", welcome[:LINE]))
        yield Send(b"VERSION\r\n")
        answer = yield Read(enough=lambda seen: bool(_VERSION.search(seen)), limit=16384, seconds=2.0)
        if found := _VERSION.search(answer):
            readings.append(Reading("irc.version", found[0]))
    yield Send(b"QUIT\r\n")
    return tuple(readings)


def _pauses(seen: bytes) -> bool:
    return seen.endswith(b"\n") and bool(_PING.search(seen) or _OVER.search(seen) or _WELCOME.search(seen))


PROBE = Probe(name="irc", transport="tcp", ports=(6667, 6666, 6668, 6669, 7778), writes=True, steps=_steps)
