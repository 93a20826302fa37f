"""A greeting with a reply code whose words and port leave it open (`220 Welcome`): one question decides.

SMTP's servers take EHLO and FTP's do not; FTP's take SYST, or want a login first. Both refuse the other's command.
"""

from __future__ import annotations

import re

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeted import further
from scanner.probes.greeting import classify, listen
from scanner.probes.greeting_reply import reply_ended

_SMTP = re.compile(rb"250[ -]")
_FTP = re.compile(rb"215[ -]|(?:530|500|502|503)[ -](?i:[^\r\n]{0,128}(?:\bUSER\b|log ?(?:ged )?in|syst))")


def _steps(peer: Peer) -> Steps:
    data = yield from listen(6.0)
    readings = classify(data, peer.port)
    if not readings or readings[0].kind != "reply":
        return readings
    for question, answers, kind in ((b"EHLO fencewalk\r\n", _SMTP, "smtp"), (b"SYST\r\n", _FTP, "ftp")):
        yield Send(question)
        answer = yield Read(enough=reply_ended, limit=8192, seconds=3.0)
        if answers.match(answer):
            greeting = Reading(kind, readings[0].raw)
            return (greeting, *(yield from further(greeting)))
    yield Send(b"QUIT\r\n")
    return readings


PROBE = Probe(name="reply", transport="tcp", ports=(), writes=True, steps=_steps)
