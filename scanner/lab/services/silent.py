"""Accepts the connection and never says a word, as a JetDirect printer port does. No options."""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker


def _start(options: Options) -> Conversation:
    while True:
        yield b""


SERVICE = Speaker(title="Listens, says nothing", start=_start)
