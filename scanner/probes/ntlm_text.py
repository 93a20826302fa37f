"""NTLM's first two messages: ours, which names nobody, and the challenge, which names the server's build."""

from __future__ import annotations

import struct

_SIGNATURE = b"NTLMSSP\0"
# Unicode, OEM, request target, NTLM, always sign, extended session security, target info, version, 128, 56.
_FLAGS = 0x00000001 | 0x2 | 0x4 | 0x200 | 0x8000 | 0x80000 | 0x800000 | 0x02000000 | 0x20000000 | 0x80000000
NEGOTIATE = _SIGNATURE + struct.pack("<II", 1, _FLAGS) + bytes(16) + bytes(8)


def challenge(data: bytes) -> bytes:
    """The challenge message inside an answer, without what surrounds it and bounded; `b""` if none is there."""
    at = data.find(_SIGNATURE + b"\x02\0\0\0")
    if at < 0 or len(data) - at < 32:
        return b""
    return data[at : at + 1024]
