"""SMB 2 and 3: dialect, signing, and the Windows build in an NTLM challenge. No name and no password is sent.

SMB 1 is not spoken: some devices that still do fall over. A server that has only SMB 1 closes the connection.
"""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes import ntlm_text
from scanner.probes.greeting import stranger

_DIALECTS = (0x0202, 0x0210, 0x0300, 0x0302)
_NAMES = {0x0202: b"2.0.2", 0x0210: b"2.1", 0x0300: b"3.0", 0x0302: b"3.0.2"}
_REQUIRED = 2


def _packet(command: int, message: int, body: bytes) -> bytes:
    header = b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ", 64, 1, 0, command, 1, 0, 0, message, 0, 0, 0) + bytes(16)
    return struct.pack("!I", len(header) + len(body)) + header + body


_NEGOTIATE = _packet(
    0,
    0,
    struct.pack("<HHHHI", 36, len(_DIALECTS), 1, 0, 0)
    + b"fencewalk-client"  # the client's GUID: sixteen bytes, any
    + bytes(8)
    + struct.pack(f"<{len(_DIALECTS)}H", *_DIALECTS),
)
_SETUP = _packet(1, 1, struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(ntlm_text.NEGOTIATE), 0) + ntlm_text.NEGOTIATE)


_OVER_NETBIOS = 139
_SESSION = b"\x81\0\0\x44\x20CKFDENECFDEFFCFGEFFCCACACACACACA\0\x20EGEFEOEDEFFHEBEMELCACACACACACACA\0"
"""A session of FENCEWALK with *SMBSERVER, a name that stands for every server (RFC 1002, 4.3.2)."""
_SESSION_YES, _SESSION_NO, _SESSION_ELSEWHERE = 0x82, 0x83, 0x84


def _whole(data: bytes) -> bool:
    return len(data) >= 4 and len(data) >= 4 + int.from_bytes(data[1:4], "big")


def _steps(peer: Peer) -> Steps:
    if peer.port == _OVER_NETBIOS:
        yield Send(_SESSION)
        data = yield Read(enough=_whole, limit=512)
        if len(data) < 4 or data[0] not in (_SESSION_YES, _SESSION_NO, _SESSION_ELSEWHERE):
            return stranger(data, peer.port)
        if data[0] != _SESSION_YES:
            return (Reading("netbios.session", data[:16]),)
    yield Send(_NEGOTIATE)
    data = yield Read(enough=_whole, limit=8192)
    if len(data) < 4 + 64 + 8 or data[4:8] != b"\xfeSMB":
        return stranger(data, peer.port)
    _size, mode, dialect = struct.unpack_from("<HHH", data, 68)
    readings: tuple[Reading, ...] = (
        Reading("smb", data[4 : 4 + 192]),
        Reading("smb.dialect", _NAMES.get(dialect, b"0x%04x" % dialect)),
        Reading("smb.signing", b"required" if mode & _REQUIRED else b"not-required"),
    )
    if struct.unpack_from("<I", data, 12)[0]:
        return readings
    yield Send(_SETUP)
    answer = yield Read(enough=_whole, limit=8192)
    return (*readings, *ntlm_text.readings(ntlm_text.challenge(answer)))


PROBE = Probe(name="smb", transport="tcp", ports=(445, 139), writes=True, last_resort="binary", steps=_steps)
