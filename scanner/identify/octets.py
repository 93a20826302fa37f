"""Readings that are numbers rather than text, written out as their protocol writes them, for the fingerprints.

What is not of the expected form is passed on as text, so that a fingerprint's own examples go through unchanged.
"""

from __future__ import annotations

from collections.abc import Callable

from scanner.identify.matcher import decode


def _object_identifier(raw: bytes) -> str:
    """`1.3.6.1.4.1.8072.3.2.10` of its encoding (X.690, 8.19)."""
    if raw[:1] != b"\x2b":
        return decode(raw)
    numbers, value = [1, 3], 0
    for byte in raw[1:64]:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    return ".".join(map(str, numbers))


def _enterprise(raw: bytes) -> str:
    """The maker's number in an SNMP engine's id (RFC 3411, SnmpEngineID); ids of the old form count as well."""
    if len(raw) < 5 or raw.isdigit():
        return decode(raw)
    return str(int.from_bytes(raw[:4], "big") & 0x7FFFFFFF)


def _mumble(raw: bytes) -> str:
    """The version in a ping's answer: a byte that is zero and three numbers."""
    return f"{raw[1]}.{raw[2]}.{raw[3]}" if len(raw) == 24 and raw[0] == 0 else decode(raw)


def _libvirt(raw: bytes) -> str:
    """A million for the major version, a thousand for the minor one."""
    if len(raw) != 8:
        return decode(raw)
    number = int.from_bytes(raw, "big")
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"


def _libvirt_program(raw: bytes) -> str:
    return "program 20008086" if raw[4:8] == b"\x20\x00\x80\x86" else decode(raw)


def _sane(raw: bytes) -> str:
    """The version of the protocol."""
    return f"SANE {raw[4]}.{raw[5]}.{raw[7]}" if len(raw) == 8 else decode(raw)


def _omapi(raw: bytes) -> str:
    return f"OMAPI {int.from_bytes(raw[:4], 'big')}" if len(raw) == 8 and raw[0] == 0 else decode(raw)


WRITTEN_OUT: dict[str, Callable[[bytes], str]] = {
    "snmp.sysobjectid": _object_identifier,
    "snmp.engineid": _enterprise,
    "mumble.ping": _mumble,
    "libvirt.version": _libvirt,
    "libvirt": _libvirt_program,
    "sane": _sane,
    "omapi": _omapi,
}
