"""Microsoft SQL Server: the answer to TDS PRELOGIN, then it hangs up.

Options: `version` (default `15.0.2000`: 2019 as released; a fourth field is the sub-build), `encrypt` (`off`, the
default, `on`, `not-supported` or `required`).
"""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker

_PRELOGIN, _RESPONSE = 0x12, 0x04
_ENCRYPT = {"off": 0, "on": 1, "not-supported": 2, "required": 3}


def _start(options: Options) -> Conversation:
    pending = b""
    while len(pending) < 8 or len(pending) < int.from_bytes(pending[2:4]):
        pending += yield b""
        if pending[:1] not in (b"", bytes([_PRELOGIN])):
            return
    fields = [int(each) for each in str(options.get("version", "15.0.2000")).split(".")]
    major, minor, build, sub = (*fields, 0, 0, 0)[:4]
    version = bytes([major, minor]) + build.to_bytes(2) + sub.to_bytes(2)
    tokens = {0: version, 1: bytes([_ENCRYPT[str(options.get("encrypt", "off"))]]), 2: b"\0", 3: b"", 4: b"\0"}
    index, data = b"", b""
    start = 5 * len(tokens) + 1
    for token, value in tokens.items():
        index += bytes([token]) + (start + len(data)).to_bytes(2) + len(value).to_bytes(2)
        data += value
    body = index + b"\xff" + data
    yield bytes([_RESPONSE, 1]) + (8 + len(body)).to_bytes(2) + bytes([0, 0, 1, 0]) + body


SERVICE = Speaker(title="SQL Server", start=_start, options=("version", "encrypt"))
