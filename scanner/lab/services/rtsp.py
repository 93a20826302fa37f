"""An RTSP camera: OPTIONS answered, DESCRIBE asks for a password.

Options: `server` (the Server header; default none), `realm` (default `IP Camera`).
"""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker
from scanner.lab.services.lines import heads

_PUBLIC = "OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY, PAUSE, GET_PARAMETER"


def _start(options: Options) -> Conversation:
    return heads(lambda lines: _answer(lines, options))


def _answer(lines: list[str], options: Options) -> bytes:
    fields = {name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in lines[1:])}
    method, _, rest = lines[0].partition(" ")
    extra = []
    if not rest.endswith("RTSP/1.0"):
        status = "400 Bad Request"
    elif method == "OPTIONS":
        status = "200 OK"
        extra.append(f"Public: {_PUBLIC}")
    elif method == "DESCRIBE":
        status = "401 Unauthorized"
        realm = options.get("realm", "IP Camera")
        extra.append(f'WWW-Authenticate: Digest realm="{realm}", nonce="c2f1a7d0e9b84653", stale="FALSE"')
    else:
        status = "454 Session Not Found"
    if options.get("server"):
        extra.append(f"Server: {options['server']}")
    return "".join(
        f"{each}\r\n" for each in (f"RTSP/1.0 {status}", f"CSeq: {fields.get('cseq', '0')}", *extra, "")
    ).encode()


SERVICE = Speaker(title="RTSP", start=_start, options=("server", "realm"))
