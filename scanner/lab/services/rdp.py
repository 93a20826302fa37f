"""Remote Desktop: answers the X.224 connection request with what it would accept. The TLS after it is not spoken.

Options: `nla` (default true: only CredSSP will do; false: TLS, or the old RDP security, as the client asks).
"""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker

_RDP, _TLS, _HYBRID = 0, 1, 2
_HYBRID_REQUIRED = 5
_LARGEST = 4096


def _start(options: Options) -> Conversation:
    pending = b""
    while len(pending) < 4 or len(pending) < int.from_bytes(pending[2:4]):
        pending += yield b""
        if pending[:1] not in (b"", b"\x03") or len(pending) > _LARGEST:
            return
    request = pending[: int.from_bytes(pending[2:4])]
    if len(request) < 11 or request[5] & 0xF0 != 0xE0:
        return
    asked = _asked(request[11:])
    if options.get("nla", True):
        said = _response(_HYBRID) if asked is not None and asked & _HYBRID else _failure(_HYBRID_REQUIRED)
    elif asked is None:
        said = _confirm(b"")
    else:
        said = _response(_HYBRID if asked & _HYBRID else _TLS if asked & _TLS else _RDP)
    while True:
        yield said
        said = b""


def _asked(rest: bytes) -> int | None:
    """The protocols of the negotiation request, which may follow a cookie; None: an old client, that sends none."""
    if rest.startswith(b"Cookie:"):
        rest = rest.partition(b"\r\n")[2]
    if len(rest) >= 8 and rest[0] == 1 and rest[2:4] == b"\x08\0":
        return int.from_bytes(rest[4:8], "little")
    return None


def _response(protocol: int) -> bytes:
    # Flags: extended client data, graphics pipeline, restricted admin, as Windows sets them.
    return _confirm(b"\x02\x1f\x08\0" + protocol.to_bytes(4, "little"))


def _failure(code: int) -> bytes:
    return _confirm(b"\x03\0\x08\0" + code.to_bytes(4, "little"))


def _confirm(negotiation: bytes) -> bytes:
    x224 = b"\xd0\0\0\x12\x34\0" + negotiation
    return b"\x03\0" + (5 + len(x224)).to_bytes(2) + bytes([len(x224)]) + x224


SERVICE = Speaker(title="Remote Desktop", start=_start, options=("nla",))
