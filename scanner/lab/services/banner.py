"""Says one text and then keeps quiet.

Options: `text` (default `ready`; `\\r\\n` is added unless `raw: true`), `raw`, `hex` (bytes in hexadecimal, instead of
`text`), `close` (true: closes after it), `wait` (true: says it only once the client has sent something).
"""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker


def _start(options: Options) -> Conversation:
    if "hex" in options:
        said = bytes.fromhex(str(options["hex"]))
    else:
        said = str(options.get("text", "ready")).encode() + (b"" if options.get("raw") else b"\r\n")
    if options.get("wait") or options["transport"] == "udp":
        while not (yield b""):
            pass
    yield said
    while not options.get("close"):
        yield b""


SERVICE = Speaker(title="A fixed text", start=_start, options=("text", "raw", "hex", "close", "wait"))
