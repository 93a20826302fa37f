"""A printer's raw port: takes whatever comes and would print it, says nothing. No options."""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker


def _start(options: Options) -> Conversation:
    while True:
        yield b""


SERVICE = Speaker(title="JetDirect", start=_start)
