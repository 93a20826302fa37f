"""Oracle's listener: it answers a request for its version with a refusal that carries the version's number.

Kind `oracle`: the text of the answer, `(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=1189)...)`.
"""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger

_DATA = b"(DESCRIPTION=(CONNECT_DATA=(CID=(PROGRAM=)(HOST=)(USER=))(COMMAND=version)))"
_OFFSET = 58
# Protocol 3.14 (compatible down to 3.00), buffer sizes, the machine's byte order, and where the text is.
_BODY = struct.pack("!HHHHHHHHHHIBB", 314, 300, 0, 2048, 32767, 0x4F98, 0, 1, len(_DATA), _OFFSET, 0, 0, 0).ljust(
    _OFFSET - 8, b"\0"
)
_CONNECT = struct.pack("!HHBBH", _OFFSET + len(_DATA), 0, 1, 0, 0) + _BODY + _DATA
_ACCEPT, _REFUSE, _PACKET, _RESEND = 2, 4, 6, 11
_MOST = 4096


def _steps(peer: Peer) -> Steps:
    yield Send(_CONNECT)
    data = yield Read(enough=_whole, limit=_MOST)
    if _type(data) == _RESEND and len(data) == 8:
        yield Send(_CONNECT)
        data = yield Read(enough=_whole, limit=_MOST)
    if _type(data) == _REFUSE and b"(" in data[10:16]:
        return (Reading("oracle", data[12 : 12 + LINE]),)
    if _type(data) == _ACCEPT:
        # A listener without protection sends what was asked for, in a packet of its own.
        size = int.from_bytes(data[:2], "big")
        more = data[size:] or (yield Read(enough=_whole, limit=_MOST))
        if _type(more) == _PACKET and b"TNSLSNR" in more:
            return (Reading("oracle", more[10 : 10 + LINE]),)
    return stranger(data, peer.port)


def _type(data: bytes) -> int:
    """The type of a packet; 0 if this is none."""
    size = int.from_bytes(data[:2], "big")
    return data[4] if len(data) >= 8 and 8 <= size <= 8192 and data[2:4] == b"\0\0" and data[6:8] == b"\0\0" else 0


def _whole(data: bytes) -> bool:
    return len(data) >= 8 and len(data) >= int.from_bytes(data[:2], "big")


PROBE = Probe(name="oracle", transport="tcp", ports=(1521, 1522, 1525, 1526), writes=True, steps=_steps)
