"""An SMB 2 or 3 server up to the NTLM challenge; nobody gets in.

Options: `dialect` (the newest that it speaks: `2.0.2`, `2.1`, `3.0`, `3.0.2` (default) or `3.1.1`), `signing`
(`enabled`, the default, or `required`), `build` (Windows' version in the challenge, as `10.0.17763`; default: Samba's
`6.1.0`), `name` and `domain` (NetBIOS names in the challenge; default `SERVER` and `WORKGROUP`).
"""

from __future__ import annotations

import struct

from scanner.lab.services import Conversation, Options, Speaker

_DIALECTS = {"2.0.2": 0x0202, "2.1": 0x0210, "3.0": 0x0300, "3.0.2": 0x0302, "3.1.1": 0x0311}
_WILDCARD = 0x02FF
_NEGOTIATE, _SETUP = 0, 1
_MORE_PROCESSING, _LOGON_FAILURE, _NOT_SUPPORTED = 0xC0000016, 0xC000006D, 0xC00000BB
_HEADER = 64
_LARGEST = 65536
_START_TIME = 0x01DC_0000_0000_0000

# SPNEGO: the object identifiers of SPNEGO itself and of NTLM.
_SPNEGO_OID = bytes.fromhex("06062b0601050502")
_NTLM_OID = bytes.fromhex("060a2b06010401823702020a")
# Flags: Unicode, request target, NTLM, target type server, extended security, target info, version.
_NTLM_FLAGS = 0x0289_0205 | 0x0080_0000 | 0x0200_0000


def _start(options: Options) -> Conversation:
    pending = b""
    said = b""
    while len(pending) < _LARGEST:
        pending += yield said
        said = b""
        while len(pending) >= 4 and len(pending) >= 4 + int.from_bytes(pending[1:4]):
            size = int.from_bytes(pending[1:4])
            message, pending = pending[4 : 4 + size], pending[4 + size :]
            answer, last = _answer(message, options)
            said += answer
            if last:
                if said:
                    yield said
                return


def _answer(message: bytes, options: Options) -> tuple[bytes, bool]:
    """The answer, and whether the server hangs up after it."""
    if message.startswith(b"\xffSMB"):  # an old client's first message, which may offer SMB 2 as well
        if b"\x02SMB 2.???\0" in message:
            return _negotiated(bytes(_HEADER), _WILDCARD, options), False
        if b"\x02SMB 2.002\0" in message:
            return _negotiated(bytes(_HEADER), _DIALECTS["2.0.2"], options), False
        return b"", True
    if not message.startswith(b"\xfeSMB") or len(message) < _HEADER + 24:
        return b"", True
    command = int.from_bytes(message[12:14], "little")
    if command == _NEGOTIATE and len(message) >= _HEADER + 36:
        count = int.from_bytes(message[66:68], "little")
        offered = struct.unpack_from(f"<{min(count, (len(message) - 100) // 2)}H", message, 100)
        newest = _DIALECTS[str(options.get("dialect", "3.0.2"))]
        shared = [each for each in offered if each in _DIALECTS.values() and each <= newest]
        if not shared:
            return _message(message, _NOT_SUPPORTED, struct.pack("<HHI", 9, 0, 0) + b"\0"), False
        return _negotiated(message, max(shared), options), False
    if command == _SETUP:
        start, size = struct.unpack_from("<HH", message, _HEADER + 12)
        blob = message[start : start + size]
        if b"NTLMSSP\0\x01" not in blob:
            return _message(message, _LOGON_FAILURE, struct.pack("<HHI", 9, 0, 0) + b"\0"), True
        token = _challenge(options)
        if not blob.startswith(b"NTLMSSP\0"):
            token = _tagged(0xA1, _tagged(0x30, _ACCEPT_INCOMPLETE + _tagged(0xA2, _tagged(0x04, token))))
        body = struct.pack("<HHHH", 9, 0, _HEADER + 8, len(token)) + token
        return _message(message, _MORE_PROCESSING, body), False
    return b"", True


def _negotiated(request: bytes, dialect: int, options: Options) -> bytes:
    mode = 3 if options.get("signing") == "required" else 1
    mechanisms = _tagged(0xA0, _tagged(0x30, _NTLM_OID))
    blob = _tagged(0x60, _SPNEGO_OID + _tagged(0xA0, _tagged(0x30, mechanisms)))
    contexts = b""
    if dialect == _DIALECTS["3.1.1"]:  # it must say how messages are hashed: SHA-512, and a salt
        contexts = struct.pack("<HHIHHH", 1, 38, 0, 1, 32, 1) + bytes(range(32))
    padding = bytes(-len(blob) % 8) if contexts else b""
    at = _HEADER + 64 + len(blob) + len(padding) if contexts else 0
    limits = (8 << 20,) * 3
    body = struct.pack("<HHHH16sIIIIQQHHI", 65, mode, dialect, int(bool(contexts)), b"lab-server-guid!", 7, *limits, *(
        _START_TIME, _START_TIME, _HEADER + 64, len(blob), at
    ))  # fmt: skip
    return _message(request, 0, body + blob + padding + contexts)


def _message(request: bytes, status: int, body: bytes) -> bytes:
    """`body` below a header that answers the request: same command and message number."""
    command, number = request[12:14], request[24:32]
    session = b"\x01" + bytes(7) if int.from_bytes(command, "little") == _SETUP else bytes(8)
    fixed = struct.pack("<HHI2sHIIQII8s16s", 64, 1, status, command, 1, 1, 0, 0, 0, 0, session, bytes(16))
    header = b"\xfeSMB" + fixed[:20] + number + fixed[28:]
    return (len(header) + len(body)).to_bytes(4) + header + body


def _challenge(options: Options) -> bytes:
    """NTLM's second message (MS-NLMP 2.2.1.2), with the names and the version."""
    name, domain = str(options.get("name", "SERVER")), str(options.get("domain", "WORKGROUP"))
    pairs = {2: domain, 1: name, 4: domain.lower(), 3: name.lower()}
    info = b"".join(
        struct.pack("<HH", kind, 2 * len(text)) + text.encode("utf-16-le") for kind, text in pairs.items()
    ) + bytes(4)
    target = domain.encode("utf-16-le")
    major, minor, build = (*map(int, str(options.get("build", "6.1.0")).split(".")), 0, 0)[:3]
    version = struct.pack("<BBH3xB", major, minor, build, 15)
    fixed = struct.pack("<8sIHHII8s8xHHI", b"NTLMSSP\0", 2, len(target), len(target), 56, _NTLM_FLAGS, b"\x11" * 8, *(
        len(info), len(info), 56 + len(target)
    ))  # fmt: skip
    return fixed + version + target + info


def _tagged(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


_ACCEPT_INCOMPLETE = _tagged(0xA0, b"\x0a\x01\x01") + _tagged(0xA1, _NTLM_OID)

SERVICE = Speaker(title="SMB", start=_start, options=("dialect", "signing", "build", "name", "domain"))
