"""A VNC server (RFB 3.3 to 3.8) up to the choice of authentication; nobody gets in.

Options: `version` (default `003.008`), `security` (a list of security types; default [2], VNC authentication; 1 is
none), `refuse` (a reason: the server has no security type to offer).
"""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker

_CHALLENGE = bytes(range(16))


def _start(options: Options) -> Conversation:
    pending = b""
    said = f"RFB {options.get('version', '003.008')}\n".encode()
    while len(pending) < 12:
        pending += yield said
        said = b""
    if not pending.startswith(b"RFB "):
        return
    reason = str(options.get("refuse", "")).encode()
    types = [int(each) for each in options.get("security", [2])]
    if reason or not types:
        yield b"\0" + len(reason).to_bytes(4) + reason
        return
    if pending[4:11] == b"003.003":  # here the server decides
        said = types[0].to_bytes(4)
        chosen = types[0]
    else:
        pending = pending[12:]
        said = bytes([len(types), *types])
        while not pending:
            pending += yield said
            said = b""
        chosen = pending[0]
    if chosen != 2:
        yield said + _failed(b"Authentication failed")
        return
    said += _CHALLENGE
    answer = b""
    while len(answer) < 16:
        answer += yield said
        said = b""
    yield _failed(b"Authentication failed")


def _failed(reason: bytes) -> bytes:
    return (1).to_bytes(4) + len(reason).to_bytes(4) + reason


SERVICE = Speaker(title="VNC", start=_start, options=("version", "security", "refuse"))
