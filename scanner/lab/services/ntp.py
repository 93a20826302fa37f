"""An NTP server: the time (as the client told it), and where `version` is set the variables of mode 6.

Options: `stratum` (default 2), `version` (of ntpd, as in `ntpd 4.2.8p15@1.3728-o`; default: mode 6 is not answered),
`system` (default `Linux/6.1.0`).
"""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker

_CLIENT, _SERVER, _CONTROL = 3, 4, 6
_READ_VARIABLES = 2


def _start(options: Options) -> Conversation:
    said = b""
    while True:
        request = yield said
        said = _answer(request, options)


def _answer(request: bytes, options: Options) -> bytes:
    mode = request[0] & 7 if request else 0
    version = (request[0] >> 3) & 7 if request else 0
    if mode == _CLIENT and len(request) >= 48 and 1 <= version <= 4:
        stratum = int(options.get("stratum", 2))
        head = bytes([version << 3 | _SERVER, stratum, request[2], 0xE9])
        delays = (0x0180).to_bytes(4) + (0x0240).to_bytes(4) + bytes([192, 0, 2, 1])
        # A lab has no better clock than its client: reference, receive and transmit are what the client sent.
        sent = request[40:48]
        return head + delays + sent * 4
    if mode == _CONTROL and len(request) >= 12 and request[1] == _READ_VARIABLES and options.get("version"):
        text = f'version="{options["version"]}", processor="x86_64", system="{options.get("system", "Linux/6.1.0")}"'
        data = text.encode()
        padding = bytes(-len(data) % 4)
        head = bytes([version << 3 | _CONTROL, 0x80 | _READ_VARIABLES]) + request[2:4] + (0x0615).to_bytes(2)
        return head + bytes(4) + len(data).to_bytes(2) + data + padding
    return b""


SERVICE = Speaker(title="NTP", start=_start, options=("stratum", "version", "system"))
