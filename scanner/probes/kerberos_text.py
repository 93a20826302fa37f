"""Kerberos: a request for a ticket that names nobody, and the error that any key centre answers it with."""

from __future__ import annotations

from scanner.model import ber
from scanner.model.observation import Reading
from scanner.probes.greeting import LINE

_REALM = b"FENCEWALK.INVALID"
_ERROR, _REPLY = 0x7E, 0x6B


def _text(value: bytes) -> bytes:
    return ber.element(0x1B, value)


def _name(kind: int, *parts: bytes) -> bytes:
    names = ber.element(ber.SEQUENCE, *map(_text, parts))
    return ber.element(ber.SEQUENCE, ber.element(0xA0, ber.integer(kind)), ber.element(0xA1, names))


_BODY = ber.element(
    ber.SEQUENCE,
    ber.element(0xA0, b"\x03\x05\0\0\0\0\0"),  # no options
    ber.element(0xA1, _name(1, b"fencewalk")),
    ber.element(0xA2, _text(_REALM)),
    ber.element(0xA3, _name(2, b"krbtgt", _REALM)),
    ber.element(0xA5, ber.element(0x18, b"19700101000000Z")),
    ber.element(0xA7, ber.integer(0x46574657)),
    ber.element(0xA8, ber.element(ber.SEQUENCE, *map(ber.integer, (18, 17, 23)))),
)
AS_REQUEST = ber.element(
    0x6A,
    ber.element(
        ber.SEQUENCE,
        ber.element(0xA1, ber.integer(5)),
        ber.element(0xA2, ber.integer(10)),
        ber.element(0xA4, _BODY),
    ),
)
"""`.invalid` is nobody's realm (RFC 2606), so no account of anybody's counts a failure."""


def readings(message: bytes) -> tuple[Reading, ...]:
    """The readings of a key centre's answer (RFC 4120, 5.9.1): `kerberos`, and the realm that it serves if it says so.

    `()` if this is none. Never raises.
    """
    if message[:1] not in (bytes([_ERROR]), bytes([_REPLY])):
        return ()
    fields = dict(ber.elements(ber.first(ber.first(message, message[0]), ber.SEQUENCE)))
    if fields.get(0xA0) != b"\x02\x01\x05":
        return ()
    found = [Reading("kerberos", message[:LINE])]
    realm = ber.first(fields.get(0xA9, b""), 0x1B)
    if realm and realm != _REALM:
        found.append(Reading("kerberos.realm", realm[:255]))
    return tuple(found)
