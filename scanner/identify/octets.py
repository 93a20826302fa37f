"""Readings that are numbers rather than text, written out as their protocol writes them, for the fingerprints.

What is not of the expected form is passed on as text, so that a fingerprint's own examples go through unchanged.
"""

from __future__ import annotations

import re
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


def _http2(raw: bytes) -> str:
    """`3=100 4=65536` of a frame of settings (RFC 9113, 6.5)."""
    if raw[3:4] != b"\x04" or len(raw) % 6 != 3:
        return decode(raw)
    pairs = (raw[at : at + 6] for at in range(9, len(raw), 6))
    return " ".join(f"{int.from_bytes(each[:2], 'big')}={int.from_bytes(each[2:], 'big')}" for each in pairs)


def _quassel(raw: bytes) -> str:
    return f"protocol {raw[3]}" if len(raw) == 4 and raw[:1] < b"\x20" else decode(raw)


_H2_BUILT = re.compile(r" \[90047-([0-9]{3})\]")
_H2_RELEASES = {
    **dict.fromkeys(range(148, 177), "1.3"),
    **dict.fromkeys(range(177, 201), "1.4"),
    **dict.fromkeys((202, 204, 206), "2.0"),
    **dict.fromkeys((210, 212, 214), "2.1"),
    **dict.fromkeys((220, 222, 224), "2.2"),
    **dict.fromkeys((230, 232), "2.3"),
    240: "2.4",
}
"""H2 counts its builds through, and the last number of a release is its build's."""


def _h2_database(raw: bytes) -> str:
    """`H2 2.1.214` of an exception in UTF-16; `H2` where the build is none of a release that we know."""
    if not raw.startswith(b"\0"):
        return decode(raw)
    found = _H2_BUILT.search(raw.decode("utf-16-be", "replace"))
    release = _H2_RELEASES.get(int(found[1]), "") if found else ""
    return f"H2 {release}.{found[1]}" if found and release else "H2"


WRITTEN_OUT: dict[str, Callable[[bytes], str]] = {
    "snmp.sysobjectid": _object_identifier,
    "snmp.engineid": _enterprise,
    "mumble.ping": _mumble,
    "libvirt.version": _libvirt,
    "libvirt": _libvirt_program,
    "http2": _http2,
    "quassel": _quassel,
    "h2-database": _h2_database,
    "sane": _sane,
    "omapi": _omapi,
}
