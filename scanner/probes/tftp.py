"""TFTP (RFC 1350): a file that nobody has is asked for, and the refusal tells that there is a server.

The same file in RFC 1350's mode `mail`, which no server sends files in, is asked for as well: what a server says to it
is its own. Nothing is read, and nothing is ever written. Answers come from a port of their own for each question.

Kinds: `tftp` (the start of the first answer), `tftp.error` (the texts of both refusals, a line each), `tftp.auth`
(`none`: our asking was no reason to refuse).
"""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Elsewhere, Peer, Probe, Read, Send, Steps

_FILE = b"fencewalk.invalid"
PAYLOAD = b"\0\1" + _FILE + b"\0octet\0"
_MAIL = b"\0\1" + _FILE + b"\0mail\0"
_DATA, _ERROR, _OPTIONS = b"\0\3", b"\0\5", b"\0\6"
_NOT_FOUND = 1
_CODES = 9
_TEXT = 256


def refusal(packet: bytes) -> bytes:
    """The text of an error packet, `b""` if it is none."""
    if packet[:2] != _ERROR or len(packet) < 5 or int.from_bytes(packet[2:4], "big") >= _CODES:
        return b""
    return packet[4 : 4 + _TEXT].partition(b"\0")[0].replace(b"\n", b" ").strip()


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    first = yield Read(limit=1024, seconds=1.5)
    known = refusal(first) or (first[:2] == _ERROR and len(first) in (4, 5))
    if not known and not (first[:4] == _DATA + b"\0\1" or (first[:2] == _OPTIONS and first.endswith(b"\0"))):
        return ()
    found = [Reading("tftp", first[:64])]
    if first[:2] == _DATA or int.from_bytes(first[2:4], "big") == _NOT_FOUND:
        found.append(Reading("tftp.auth", b"none"))
    if text := refusal(first):
        yield Send(_MAIL)
        also = refusal((yield Read(limit=1024, seconds=1.0)))
        found.append(Reading("tftp.error", text + b"\n" + also if also else text))
    return tuple(found)


PROBE = Probe(
    name="tftp", transport="udp", ports=(69,), writes=True, steps=_steps, payload=PAYLOAD, elsewhere=Elsewhere()
)
