"""A Redis server, asked in RESP arrays or inline.

Options: `version` (default `7.0.15`), `auth` (true: every command but AUTH and QUIT gets -NOAUTH), `protected` (true:
refuses with -DENIED and closes, as protected mode does), `os` (default `Linux 6.1.0-18-amd64 x86_64`).
"""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker

_DENIED = (
    "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the "
    "default user.\r\n"
)
_LONGEST = 65536


def _start(options: Options) -> Conversation:
    if options.get("protected"):
        yield _DENIED.encode()
        return
    pending = b""
    said = b""
    while len(pending) < _LONGEST:
        pending += yield said
        said = b""
        while True:
            try:
                words, pending = _command(pending)
            except ValueError:
                yield said + b"-ERR Protocol error: invalid bulk length\r\n"
                return
            if words is None:
                break
            said += _answer(words, options)
            if words[:1] == ["QUIT"]:
                yield said
                return


def _command(data: bytes) -> tuple[list[str] | None, bytes]:
    """The first whole command in `data`, its first word in capitals, and what follows; None: not whole yet."""
    line, found, rest = data.partition(b"\n")
    if not found:
        return None, data
    if not line.startswith(b"*"):
        words = line.decode(errors="replace").split()
    else:
        words = []
        for _ in range(min(int(line[1:]), 64)):
            header, found, rest = rest.partition(b"\n")
            if not found:
                return None, data
            if not header.startswith(b"$"):
                raise ValueError(header)
            length = int(header[1:])
            if length < 0:
                raise ValueError(header)
            if len(rest) < length + 2:
                return None, data
            words.append(rest[:length].decode(errors="replace"))
            rest = rest[length + 2 :]
    return [each.upper() if index == 0 else each for index, each in enumerate(words)], rest


def _answer(words: list[str], options: Options) -> bytes:
    verb = words[0] if words else ""
    if verb == "":
        return b""
    if verb == "QUIT":
        return b"+OK\r\n"
    if verb == "AUTH":
        return b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
    if options.get("auth"):
        return b"-NOAUTH Authentication required.\r\n"
    if verb == "PING":
        return b"+PONG\r\n"
    if verb == "INFO":
        text = (
            f"# Server\r\nredis_version:{options.get('version', '7.0.15')}\r\nredis_mode:standalone\r\n"
            f"os:{options.get('os', 'Linux 6.1.0-18-amd64 x86_64')}\r\narch_bits:64\r\ntcp_port:6379\r\n"
        ).encode()
        return b"$%d\r\n%s\r\n" % (len(text), text)
    return f"-ERR unknown command '{verb}', with args beginning with: \r\n".encode()


SERVICE = Speaker(title="Redis", start=_start, options=("version", "auth", "protected", "os"))
