"""Telnet: options are refused, and what the terminal would show is read up to the prompt."""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes import telnet_text
from scanner.probes.greeting import PATIENCE, classify, telnet

ROUNDS = 5
_PROMPTS = (b"login:", b"username:", b"password:", b"user:", b">", b"#", b"$")


def _steps(peer: Peer) -> Steps:
    received = answered = options = b""
    for index in range(ROUNDS):
        more = yield Read(enough=_pauses, limit=8192, seconds=PATIENCE if index == 0 else 1.5)
        if not more:
            break
        received += more
        shown, answers = telnet_text.split(received)
        if index == 0 and b"\xff" not in received:
            return classify(received, peer.port)
        if index == 0:
            options = telnet_text.first_options(received)
        if answers[len(answered) :]:
            yield Send(answers[len(answered) :])
            answered = answers
        if shown.rstrip().lower().endswith(_PROMPTS):
            break
    if not received:
        return ()
    return telnet(received, options)


def _pauses(data: bytes) -> bool:
    """Whether the far side now waits for us: a prompt, or options that want an answer."""
    shown, answers = telnet_text.split(data)
    return bool(answers) or shown.rstrip().lower().endswith(_PROMPTS)


PROBE = Probe(name="telnet", transport="tcp", ports=(23, 2323), writes=True, steps=_steps)
