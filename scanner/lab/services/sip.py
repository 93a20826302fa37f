"""A SIP phone or exchange: OPTIONS answered 200, everything else 405 (ACK: nothing).

Options: `agent` (the User-Agent header; default none), `server` (the Server header; default none).
"""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker
from scanner.lab.services.lines import heads

_ALLOW = "INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO"
_ECHOED = {"via": "Via", "v": "Via", "from": "From", "f": "From", "call-id": "Call-ID", "i": "Call-ID", "cseq": "CSeq"}


def _start(options: Options) -> Conversation:
    return heads(lambda lines: _answer(lines, options))


def _answer(lines: list[str], options: Options) -> bytes:
    method, _, rest = lines[0].partition(" ")
    if not rest.endswith("SIP/2.0") or method == "ACK":
        return b""
    said = ["SIP/2.0 200 OK" if method == "OPTIONS" else "SIP/2.0 405 Method Not Allowed"]
    for line in lines[1:]:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        if key in _ECHOED:
            said.append(f"{_ECHOED[key]}: {value.strip()}")
        elif key in ("to", "t"):
            said.append(f"To: {value.strip()};tag=as4f1c09d2")
    said.append(f"Allow: {_ALLOW}")
    for option, header in (("agent", "User-Agent"), ("server", "Server")):
        if options.get(option):
            said.append(f"{header}: {options[option]}")
    said += ["Content-Length: 0", ""]
    return "".join(f"{each}\r\n" for each in said).encode()


SERVICE = Speaker(title="SIP", start=_start, options=("agent", "server"))
