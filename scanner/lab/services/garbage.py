"""Says bytes that are no protocol: control characters, escape sequences, invalid UTF-8, bidirectional overrides.

Options: `size` (bytes; default 2048), `close` (true: closes after them).
"""

from __future__ import annotations

import hashlib

from scanner.lab.services import Conversation, Options, Speaker

_NASTY = b"\x1b[2J\x1b]0;owned\x07\xff\xfe\x00\x80\xc3\x28" + "\u202etxt.exe\u2066\u200b<script>".encode() + b"\r\n"


def _start(options: Options) -> Conversation:
    size = int(options.get("size", 2048))
    said = bytearray(_NASTY)
    block = b"garbage"
    while len(said) < size:
        block = hashlib.sha256(block).digest()  # the same noise each time
        said += block
    if options["transport"] == "udp":
        while not (yield b""):
            pass
    yield bytes(said[:size])
    while not options.get("close"):
        yield b""


SERVICE = Speaker(title="Noise", start=_start, options=("size", "close"))
