"""Telnet's commands taken out of its text, and the answers that refuse every option."""

from __future__ import annotations

_IAC, _DONT, _DO, _WONT, _WILL, _SB, _SE = 255, 254, 253, 252, 251, 250, 240
_OPTIONS = 96
"""Bytes of options that are kept: thirty-two of them."""


def split(data: bytes) -> tuple[bytes, bytes]:
    """The text without commands, and the refusals to send back for the options asked or offered, each once."""
    text, answer, refused = bytearray(), bytearray(), set()
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
            if index + 2 < len(data) and command in (_DO, _WILL):
                refusal = bytes([_IAC, _WONT if command == _DO else _DONT, data[index + 2]])
                if refusal not in refused:
                    refused.add(refusal)
                    answer += refusal
            index += 3
        else:
            index += 2
    return bytes(text), bytes(answer)


def text(data: bytes) -> bytes:
    """What a terminal would show."""
    return split(data)[0].replace(b"\0", b"").strip(b"\r\n ")


def first_options(data: bytes) -> bytes:
    """The options with which a server begins, before any text: each implementation asks for its own."""
    index = 0
    while data[index : index + 1] == b"\xff" and _WILL <= sum(data[index + 1 : index + 2]) <= _DONT:
        if index + 3 > min(len(data), _OPTIONS):
            break
        index += 3
    return data[:index]
