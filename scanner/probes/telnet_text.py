"""Telnet's commands taken out of its text, and the answers that refuse every option."""

from __future__ import annotations

_IAC, _DONT, _DO, _WONT, _WILL, _SB, _SE = 255, 254, 253, 252, 251, 250, 240


def split(data: bytes) -> tuple[bytes, bytes]:
    """The text without commands, and the refusals to send back for the options asked or offered."""
    text, answer = bytearray(), bytearray()
    index = 0
    while index < len(data):
        byte = data[index]
        if byte != _IAC:
            text.append(byte)
            index += 1
            continue
        command = data[index + 1] if index + 1 < len(data) else None
        if command == _IAC:
            text.append(_IAC)
            index += 2
        elif command == _SB:
            end = data.find(bytes([_IAC, _SE]), index)
            index = len(data) if end < 0 else end + 2
        elif command is not None and _WILL <= command <= _DONT:
            if index + 2 < len(data):
                refusal = _WONT if command in (_DO, _DONT) else _DONT
                if command in (_DO, _WILL):
                    answer += bytes([_IAC, refusal, data[index + 2]])
            index += 3
        else:
            index += 2
    return bytes(text), bytes(answer)


def text(data: bytes) -> bytes:
    """What a terminal would show."""
    return split(data)[0].replace(b"\0", b"").strip(b"\r\n ")
