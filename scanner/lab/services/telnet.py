"""A Telnet login: negotiates echo and line mode, shows a banner, asks for a name and a password, lets nobody in.

Options: `banner` (before the login prompt; default empty), `prompt` (default `login: `), `attempts` (default 3).
"""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker

_IAC = 0xFF
_SB, _SE = 0xFA, 0xF0
# WILL ECHO, WILL SUPPRESS-GO-AHEAD, DO TERMINAL-TYPE, DO WINDOW-SIZE
_NEGOTIATION = bytes.fromhex("fffb01 fffb03 fffd18 fffd1f")


def _start(options: Options) -> Conversation:
    prompt = str(options.get("prompt", "login: "))
    banner = str(options.get("banner", "")).replace("\r\n", "\n").replace("\n", "\r\n")
    said = _NEGOTIATION + (f"{banner}\r\n" if banner else "").encode() + prompt.encode()
    name_given = False
    left = int(options.get("attempts", 3))
    data = b""
    while left > 0 and len(data) < 4096:
        data += yield said
        text, data = _without_commands(data)
        said = b""
        while (end := _line_end(text)) is not None and left > 0:
            text = text[end:]
            if name_given:
                left -= 1
                said += b"\r\nLogin incorrect\r\n" + (prompt.encode() if left else b"")
            else:
                said += b"Password: "
            name_given = not name_given
        data = text + data
    if said:
        yield said


def _line_end(text: bytes) -> int | None:
    """Where the text after the first line starts: lines end in CR LF, CR NUL, or either alone."""
    for index, byte in enumerate(text):
        if byte in b"\r\n":
            return index + (2 if text[index : index + 2] in (b"\r\n", b"\r\0") else 1)
    return None


def _without_commands(data: bytes) -> tuple[bytes, bytes]:
    """The text in `data` without Telnet commands, and the beginning of a command that is not whole yet."""
    text = bytearray()
    index = 0
    while index < len(data):
        if data[index] != _IAC:
            text.append(data[index])
            index += 1
            continue
        if index + 1 >= len(data):
            break
        kind = data[index + 1]
        if kind == _SB:
            end = data.find(bytes((_IAC, _SE)), index)
            if end < 0:
                break
            index = end + 2
        elif kind >= 0xFB and kind != _IAC:
            if index + 2 >= len(data):
                break
            index += 3
        else:
            index += 2
    return bytes(text), data[index:]


SERVICE = Speaker(title="Telnet", start=_start, options=("banner", "prompt", "attempts"))
