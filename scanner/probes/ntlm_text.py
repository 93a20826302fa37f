"""NTLM's first two messages: ours, which names nobody, and the challenge, which names the server's build."""

from __future__ import annotations

import struct

from scanner.model.observation import Reading

_SIGNATURE = b"NTLMSSP\0"
# Unicode, OEM, request target, NTLM, always sign, extended session security, target info, version, 128, 56.
_FLAGS = 0x00000001 | 0x2 | 0x4 | 0x200 | 0x8000 | 0x80000 | 0x800000 | 0x02000000 | 0x20000000 | 0x80000000
NEGOTIATE = _SIGNATURE + struct.pack("<II", 1, _FLAGS) + bytes(16) + bytes(8)


_NAMES = {1: "netbios-computer", 2: "netbios-domain", 3: "dns-computer", 4: "dns-domain", 5: "dns-forest"}


def challenge(data: bytes) -> bytes:
    """The challenge message inside an answer, without what surrounds it and bounded; `b""` if none is there."""
    at = data.find(_SIGNATURE + b"\x02\0\0\0")
    if at < 0 or len(data) - at < 32:
        return b""
    return data[at : at + 1024]


def names(message: bytes) -> dict[str, bytes]:
    """What a challenge's target information says of the machine (MS-NLMP 2.2.2.1), in UTF-8. Never raises.

    Keys: `netbios-computer`, `netbios-domain`, `dns-computer`, `dns-domain`, `dns-forest`.
    """
    if len(message) < 48:
        return {}
    size, at = int.from_bytes(message[40:42], "little"), int.from_bytes(message[44:48], "little")
    found: dict[str, bytes] = {}
    end = min(len(message), at + size)
    for _ in range(16):
        if at + 4 > end:
            break
        kind, length = struct.unpack_from("<HH", message, at)
        value = message[at + 4 : min(end, at + 4 + length)]
        if kind in _NAMES and value:
            found[_NAMES[kind]] = value.decode("utf-16-le", "replace").encode()[:255]
        if not kind:
            break
        at += 4 + length
    return found


def readings(message: bytes) -> tuple[Reading, ...]:
    """`ntlm` for a challenge, and `ntlm.names`: a line `dns-computer=files.lab` for each; `()` for none."""
    if not message:
        return ()
    said = b"\n".join(b"%s=%s" % (key.encode(), value) for key, value in names(message).items())
    return (Reading("ntlm", message), Reading("ntlm.names", said)) if said else (Reading("ntlm", message),)
