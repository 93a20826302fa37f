"""Readings of remote access, in bytes, as lines of text that fingerprints can match: `vendor: ...`. Never raises."""

from __future__ import annotations

import struct
from collections.abc import Callable

from scanner.identify.matcher import decode
from scanner.model import ber

LONGEST = 65536
"""Bytes of a reading that are looked at; each reader bounds what it makes of them."""
_VALUES = 4
_VALUE = 256
_CARRIES_VERSION = 0x02000000


def rootdse(raw: bytes) -> str:
    """LDAP's answer as `attribute: value`, names in lower case, the first values of each."""
    if raw[:1] != b"\x30":
        return decode(raw[:8192])
    message = ber.first(raw[:16384], ber.SEQUENCE)
    lines = []
    for _, attribute in ber.elements(ber.first(ber.first(message, 0x64), ber.SEQUENCE)):
        parts = list(ber.elements(attribute))
        if len(parts) == 2:
            name = decode(parts[0][1][:_VALUE]).lower()
            values = [value for _, value in ber.elements(parts[1][1])]
            # Objects and capabilities are lists, of which any value may be the telling one.
            most = 64 if name in ("objectclass", "supportedcapabilities") else _VALUES
            lines += [f"{name}: {_line(value)}" for value in values[:most]]
    return "\n".join(lines)


def x11(raw: bytes) -> str:
    """The vendor and its release of a server that lets strangers in; the reason of one that does not."""
    if raw[:1] == b"\0" and len(raw) > 8:
        return f"refused: {_line(raw[8 : 8 + raw[1]])}"
    if raw[:1] == b"\1" and len(raw) >= 40:
        size = int.from_bytes(raw[24:26], "little")
        vendor, release = _line(raw[40 : 40 + size]), int.from_bytes(raw[8:12], "little")
        return f"vendor: {vendor}\nrelease: {release}{_xorg(vendor, release)}"
    return decode(raw[:512])


def _xorg(vendor: str, release: int) -> str:
    """X.Org's servers write 21.1.7 as 12101007, and 1.20.13 as 12013000."""
    if vendor != "The X.Org Foundation" or not 10_000_000 <= release < 20_000_000:
        return ""
    major, minor, patch = release // 100_000 % 100, release // 1000 % 100, release % 1000
    numbers = (major, minor, patch) if major >= 21 else (1, major, minor, *([patch] if patch else []))
    return f"\nversion: {'.'.join(map(str, numbers))}"


def pptp(raw: bytes) -> str:
    """The three fields of a Start-Control-Connection-Reply that tell its maker."""
    if len(raw) != 156:
        return decode(raw[:512])
    firmware = int.from_bytes(raw[26:28], "big")
    return f"firmware: {firmware}\nhost: {_line(raw[28:92])}\nvendor: {_line(raw[92:156])}"


def l2tp(raw: bytes) -> str:
    """Vendor, firmware and host of a control message's attributes."""
    if raw[:1] not in (b"\xc8", b"\xca", b"\xd8"):
        return decode(raw[:512])
    lines = []
    at = 12
    for _ in range(64):
        size = int.from_bytes(raw[at : at + 2], "big") & 0x3FF
        if size < 6 or at + size > len(raw):
            break
        kind, value = int.from_bytes(raw[at + 4 : at + 6], "big"), raw[at + 6 : at + size]
        if kind in (7, 8):
            lines.append(f"{'host' if kind == 7 else 'vendor'}: {_line(value)}")
        elif kind == 6 and len(value) == 2:
            lines.append(f"firmware: {int.from_bytes(value, 'big')}")
        at += size
    return "\n".join(lines)


def ike(raw: bytes) -> str:
    """The version of an IKE message, and its vendor identifiers: `vid: ` and hexadecimal."""
    if len(raw) < 28 or raw[17] not in (0x10, 0x20):
        return decode(raw[:512])
    lines = [f"version: {raw[17] >> 4}"]
    kind, at = raw[16], 28
    for _ in range(32):
        if not kind or at + 4 > len(raw):
            break
        size = int.from_bytes(raw[at + 2 : at + 4], "big")
        if size < 4 or at + size > len(raw):
            break
        if kind in (13, 43):
            lines.append(f"vid: {raw[at + 4 : at + size].hex()[:512]}")
        kind, at = raw[at], at + size
    return "\n".join(lines)


def windows_build(challenge: bytes) -> str:
    """`10.0.17763` of an NTLM challenge that carries a version (MS-NLMP 2.2.1.2, 2.2.2.10)."""
    if len(challenge) < 56 or not challenge.startswith(b"NTLMSSP\0"):
        return decode(challenge[:64])
    if not struct.unpack_from("<I", challenge, 20)[0] & _CARRIES_VERSION:
        return ""
    major, minor, number = struct.unpack_from("<BBH", challenge, 48)
    return f"{major}.{minor}.{number}"


def kerberos(raw: bytes) -> str:
    """Code and text of an error (RFC 4120, 5.9.1)."""
    if raw[:1] != b"\x7e":
        return decode(raw[:512])
    fields = dict(ber.elements(ber.first(ber.first(raw[:4096], 0x7E), ber.SEQUENCE)))
    code = int.from_bytes(ber.first(fields.get(0xA6, b""), ber.INTEGER)[:4], "big")
    return f"error: {code}\ntext: {_line(ber.first(fields.get(0xAB, b''), 0x1B))}"


def numbers(raw: bytes) -> str:
    """One number for each byte: `types: 1 2 19`."""
    return decode(raw) if raw.startswith(b"types: ") else f"types: {' '.join(map(str, raw[:64]))}"


def long_numbers(raw: bytes) -> str:
    """One number for every four bytes: `types: 258 2`."""
    if raw.startswith(b"types: "):
        return decode(raw[:512])
    return f"types: {' '.join(str(int.from_bytes(raw[at : at + 4], 'big')) for at in range(0, min(len(raw), 128), 4))}"


def hexadecimal(raw: bytes) -> str:
    """`hex: 00ff`."""
    return decode(raw[:512]) if raw.startswith(b"hex: ") else f"hex: {raw[:128].hex()}"


def certificate(raw: bytes) -> str:
    """Subject and issuer of a certificate, as RFC 4514 writes them."""
    if raw[:1] != b"\x30":
        return decode(raw[:4096])
    from scanner.identify.tls import distinguished

    found = distinguished(raw)
    return "" if found is None else f"subject: {found[0]}\nissuer: {found[1]}"


def _line(raw: bytes) -> str:
    return " ".join(decode(raw[:_VALUE].split(b"\0")[0]).split())


READERS: dict[str, Callable[[bytes], str]] = {
    "ldap.rootdse": rootdse,
    "x11": x11,
    "pptp": pptp,
    "l2tp": l2tp,
    "ike": ike,
    "openvpn": hexadecimal,
    "kerberos": kerberos,
    "vnc.security": numbers,
    "vnc.vencrypt": long_numbers,
    "netbios.statistics": hexadecimal,
    "rdp.credssp": hexadecimal,
    "rdp": hexadecimal,
    "radmin": hexadecimal,
    "rustdesk": hexadecimal,
    "teamviewer": hexadecimal,
    "dameware": hexadecimal,
    "winbox": hexadecimal,
    "tls.cert": certificate,
    "ntlm": windows_build,
}
