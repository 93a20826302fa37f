"""A MySQL or MariaDB server: its real greeting, then access denied.

Options: `version` (default `8.0.36`; MariaDB before 11 says `5.5.5-10.6.16-MariaDB`), `plugin` (default
`caching_sha2_password`), `denied` (true: error 1130 in place of the greeting, as for a host that may not connect).
"""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker

_SALT = bytes(range(0x31, 0x45))
# What a server of today offers: among others PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH; not SSL.
_CAPABILITIES = 0x81BF_F7DF
_UTF8 = 0x21
_AUTOCOMMIT = 2


def _start(options: Options) -> Conversation:
    if options.get("denied"):
        yield _packet(0, _error(1130, b"", "Host is not allowed to connect to this MySQL server"))
        return
    plugin = str(options.get("plugin", "caching_sha2_password")).encode()
    greeting = b"".join(
        (
            b"\x0a",
            str(options.get("version", "8.0.36")).encode() + b"\0",
            (11).to_bytes(4, "little"),
            _SALT[:8] + b"\0",
            (_CAPABILITIES & 0xFFFF).to_bytes(2, "little"),
            bytes([_UTF8]),
            _AUTOCOMMIT.to_bytes(2, "little"),
            (_CAPABILITIES >> 16).to_bytes(2, "little"),
            bytes([len(_SALT) + 1]),
            bytes(10),
            _SALT[8:] + b"\0",
            plugin + b"\0",
        )
    )
    said = _packet(0, greeting)
    pending = b""
    while len(pending) < 4 or len(pending) < 4 + int.from_bytes(pending[:3], "little"):
        pending += yield said
        said = b""
    yield _packet(pending[3] + 1, _error(1045, b"#28000", "Access denied for user (using password: NO)"))


def _packet(sequence: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([sequence & 0xFF]) + body


def _error(code: int, state: bytes, text: str) -> bytes:
    return b"\xff" + code.to_bytes(2, "little") + state + text.encode()


SERVICE = Speaker(title="MySQL", start=_start, options=("version", "plugin", "denied"))
