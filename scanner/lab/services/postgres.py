"""A PostgreSQL server: refuses TLS, and answers the start of a session with a real error, or asks for a password.

Options: `auth` (`none`, the default: error 28000, no pg_hba.conf entry; `scram`: asks for SCRAM-SHA-256), `file`,
`line`, `routine` (where in its source the server says the error comes from; default auth.c, 543,
ClientAuthentication).
"""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker

_SSL_REQUEST = 80877103
_GSS_REQUEST = 80877104
_CANCEL = 80877102


def _start(options: Options) -> Conversation:
    pending = b""
    said = b""
    while True:
        while len(pending) < 8 or len(pending) < int.from_bytes(pending[:4]):
            pending += yield said
            said = b""
            if len(pending) >= 4 and not 8 <= int.from_bytes(pending[:4]) <= 10000:
                return  # the server notes "invalid length of startup packet" in its log and hangs up
        length = int.from_bytes(pending[:4])
        code = int.from_bytes(pending[4:8])
        body, pending = pending[8:length], pending[length:]
        if code not in (_SSL_REQUEST, _GSS_REQUEST):
            break
        said = b"N"
    if code == _CANCEL:
        return
    major, minor = code >> 16, code & 0xFFFF
    if major != 3:
        text = f"unsupported frontend protocol {major}.{minor}: server supports 3.0 to 3.0"
        yield said + _error("0A000", text, "postmaster.c", "2195", "ProcessStartupPacket")
        return
    words = body.split(b"\0")
    given = {key.decode(errors="replace"): value for key, value in zip(words[::2], words[1::2], strict=False) if key}
    user = given.get("user", b"").decode(errors="replace")
    if not user:
        text = "no PostgreSQL user name specified in startup packet"
        yield said + _error("28000", text, "postmaster.c", "2358", "ProcessStartupPacket")
        return
    if options.get("auth") == "scram":
        mechanisms = (10).to_bytes(4) + b"SCRAM-SHA-256\0\0"
        said += b"R" + (4 + len(mechanisms)).to_bytes(4) + mechanisms
        while not (yield said):
            said = b""
        yield _error("28P01", f'password authentication failed for user "{user}"', "auth.c", "335", "auth_failed")
        return
    database = given.get("database", user.encode()).decode(errors="replace")
    text = f'no pg_hba.conf entry for host, user "{user}", database "{database}", no encryption'
    where = (options.get("file", "auth.c"), options.get("line", 543), options.get("routine", "ClientAuthentication"))
    yield said + _error("28000", text, *map(str, where))


def _error(code: str, text: str, file: str, line: str, routine: str) -> bytes:
    fields = {"S": "FATAL", "V": "FATAL", "C": code, "M": text, "F": file, "L": line, "R": routine}
    body = b"".join(f"{key}{value}\0".encode() for key, value in fields.items()) + b"\0"
    return b"E" + (4 + len(body)).to_bytes(4) + body


SERVICE = Speaker(title="PostgreSQL", start=_start, options=("auth", "file", "line", "routine"))
