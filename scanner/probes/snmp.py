"""SNMP: one GET with the community `public`, then the engine's id, which version 3 tells before anybody logs in.

The guard lets this pass only where the site file says so. The GET asks for sysDescr, sysObjectID and sysName at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.model import ber
from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_SYSTEM = bytes([0x2B, 6, 1, 2, 1, 1])
_DESCR, _OBJECT, _NAME = (_SYSTEM + bytes([number, 0]) for number in (1, 2, 5))
_OID, _NULL, _GET, _RESPONSE, _REPORT = 0x06, 0x05, 0xA0, 0xA2, 0xA8
_ID = ber.element(ber.INTEGER, b"\x46\x57")
_ZERO = ber.integer(0)


def _asked(*names: bytes) -> bytes:
    rows = (ber.element(ber.SEQUENCE, ber.element(_OID, name), ber.element(_NULL)) for name in names)
    return ber.element(_GET, _ID, _ZERO, _ZERO, ber.element(ber.SEQUENCE, *rows))


PAYLOAD = ber.element(ber.SEQUENCE, ber.integer(1), ber.element(ber.OCTETS, b"public"), _asked(_DESCR, _OBJECT, _NAME))
_NOBODY = ber.element(ber.OCTETS)
_REPORTABLE = ber.element(ber.OCTETS, b"\x04")
# RFC 3414, 4: no user, no engine, no authentication; the answer is a report that names the engine.
DISCOVERY = ber.element(
    ber.SEQUENCE,
    ber.integer(3),
    ber.element(ber.SEQUENCE, _ID, ber.integer(65507), _REPORTABLE, ber.integer(3)),
    ber.element(ber.OCTETS, ber.element(ber.SEQUENCE, _NOBODY, _ZERO, _ZERO, _NOBODY, _NOBODY, _NOBODY)),
    ber.element(ber.SEQUENCE, _NOBODY, _NOBODY, _asked()),
)


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    held = _variables((yield Read(limit=4096, seconds=2.0)))
    found: list[Reading] = []
    if object_id := held.get(_OBJECT, b""):
        found.append(Reading("snmp.sysobjectid", object_id[:128]))
    if text := held.get(_DESCR, b"").strip(b"\r\n\0 "):
        found.append(Reading("snmp.sysdescr", text[:1024]))
    if name := held.get(_NAME, b"").strip(b"\r\n\0 "):
        found.append(Reading("snmp.sysname", name[:256]))
    if held:
        found.append(Reading("snmp.community", b"public"))
    yield Send(DISCOVERY)
    if engine := engine_id((yield Read(limit=4096, seconds=1.0))):
        found.append(Reading("snmp.engineid", engine[:64]))
    return tuple(found)


def sys_descr(message: bytes) -> bytes:
    """The value of sysDescr.0 in a response, `b""` if it is not there. Never raises."""
    return _variables(message).get(_DESCR, b"").strip(b"\r\n\0 ")


def _variables(message: bytes) -> dict[bytes, bytes]:
    """Name to value, of the texts and object identifiers in a response. Never raises."""
    response = ber.first(ber.first(message, ber.SEQUENCE), _RESPONSE)
    found: dict[bytes, bytes] = {}
    for tag, row in _rows(response):
        if tag != ber.SEQUENCE:
            continue
        parts = list(ber.elements(row))[:2]
        if len(parts) == 2 and parts[0][0] == _OID and parts[1][0] in (ber.OCTETS, _OID):
            found.setdefault(parts[0][1], parts[1][1])
    return found


def _rows(response: bytes) -> Iterator[tuple[int, bytes]]:
    return ber.elements(ber.first(response, ber.SEQUENCE))


def engine_id(message: bytes) -> bytes:
    """The authoritative engine's id in a version 3 message, `b""` if it has none. Never raises."""
    parts = list(ber.elements(ber.first(message, ber.SEQUENCE)))
    if len(parts) < 3 or parts[0] != (ber.INTEGER, b"\x03"):
        return b""
    return ber.first(ber.first(ber.first(ber.first(message, ber.SEQUENCE), ber.OCTETS), ber.SEQUENCE), ber.OCTETS)


PROBE = Probe(name="snmp", transport="udp", ports=(161,), writes=True, steps=_steps, payload=PAYLOAD)
