"""An MQTT 3.1.1 broker up to the answer to CONNECT.

Options: `auth` (true: code 5, not authorised; default: code 0, anybody may).
"""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker

_CONNECT, _PING, _DISCONNECT = 1, 12, 14


def _start(options: Options) -> Conversation:
    refused = bool(options.get("auth"))
    connected = False
    pending = b""
    said = b""
    while True:
        pending += yield said
        said = b""
        while (found := _packet(pending)) is not None:
            kind, body, pending = found
            if kind == _CONNECT and not connected and len(body) >= 7 and body[2:6] in (b"MQTT", b"MQIs"):
                said += b"\x20\x02\0" + (b"\x05" if refused else b"\0")
                connected = True
            elif connected and kind == _PING:
                said += b"\xd0\0"
            else:
                refused = True
            if refused:
                if said:
                    yield said
                return
        if len(pending) > 65536 or (len(pending) >= 5 and all(each & 0x80 for each in pending[1:5])):
            return


def _packet(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Type, content and what follows of the first whole packet."""
    size = 0
    for index, byte in enumerate(data[1:5]):
        size |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            start = 2 + index
            if len(data) < start + size:
                return None
            return data[0] >> 4, data[start : start + size], data[start + size :]
    return None


SERVICE = Speaker(title="MQTT", start=_start, options=("auth",))
