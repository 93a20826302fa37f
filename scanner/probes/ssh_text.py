"""SSH's packets before encryption (RFC 4253, 5656, 8731), as far as the server's host key, which it sends in clear.

Our half of the key exchange is a public constant: no secret is agreed on, as nothing is ever said under it.
"""

from __future__ import annotations

import re

KEXINIT, _EXCHANGE, _REPLY = 20, 30, 31
LARGEST = 35000
"""What RFC 4253 obliges an implementation to accept as one packet."""

_P256 = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
"""The curve's generator."""
_X25519 = b"\x09" + bytes(31)
_MODULAR = b"\x5a" * 125
"""A number below the primes of all the groups."""
_KEX = {
    "curve25519-sha256": _X25519,
    "curve25519-sha256@libssh.org": _X25519,
    "ecdh-sha2-nistp256": _P256,
    "diffie-hellman-group14-sha256": _MODULAR,
    "diffie-hellman-group16-sha512": _MODULAR,
    "diffie-hellman-group18-sha512": _MODULAR,
    "diffie-hellman-group14-sha1": _MODULAR,
    "diffie-hellman-group1-sha1": _MODULAR,
}
# Our order decides which of a server's keys we see, so it never changes: the same machine shows the same key.
_HOST_KEYS = (
    "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256,ssh-rsa,ssh-dss"
)
_CIPHERS = (
    "aes128-ctr,aes192-ctr,aes256-ctr,chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes256-gcm@openssh.com,"
    "aes128-cbc,aes256-cbc,3des-cbc"
)
_MACS = (
    "hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha1,"
    "hmac-sha1-etm@openssh.com,umac-64@openssh.com,umac-128@openssh.com,hmac-md5"
)
_COMPRESSION = "none,zlib@openssh.com,zlib"
_WEAK = re.compile(
    r"diffie-hellman-group1-sha1|diffie-hellman-group-exchange-sha1|ssh-dss|none|arcfour\w*|(?:3des|des|blowfish|cast128)-cbc"
    r"|des-cbc@ssh\.com|hmac-md5(?:-96)?(?:-etm@openssh\.com)?|hmac-sha1-96(?:-etm@openssh\.com)?"
)
"""Broken, or with keys too short for this decade. SHA-1 inside HMAC is neither."""
_FINGERPRINT = 4096


def packet(data: bytes, kind: int) -> tuple[bytes, bytes]:
    """The payload of the first whole packet of this kind in `data`, and what follows it; `(b"", data)` if none is.

    Packets of other kinds before it (IGNORE, DEBUG) are passed over.
    """
    at = 0
    while len(data) - at >= 6:
        length, padding = int.from_bytes(data[at : at + 4], "big"), data[at + 4]
        if not 12 <= length <= LARGEST or padding >= length - 1 or len(data) - at < 4 + length:
            break
        end = at + 4 + length
        if data[at + 5] == kind:
            return data[at + 5 : end - padding], data[end:]
        at = end
    return b"", data


def hello(kexinit: bytes) -> bytes:
    """Our lists and our half of the exchange, for a server that sent `kexinit`; `b""` if it takes none of ours."""
    theirs = algorithms(kexinit)
    chosen = next((name for name in _KEX if theirs and name in theirs[0]), None)
    if chosen is None:
        return b""
    lists = (",".join(_KEX), _HOST_KEYS, *(_CIPHERS,) * 2, *(_MACS,) * 2, *(_COMPRESSION,) * 2, "", "")
    ours = bytes([KEXINIT]) + b"fencewalk-cookie" + b"".join(_string(each.encode()) for each in lists) + bytes(5)
    return _wrap(ours) + _wrap(bytes([_EXCHANGE]) + _string(_KEX[chosen]))


def algorithms(kexinit: bytes) -> tuple[tuple[str, ...], ...]:
    """The ten lists of a KEXINIT: exchange, host key, ciphers, MACs and compression out and in, languages.

    `()` if it is cut off or malformed.
    """
    lists: list[tuple[str, ...]] = []
    at = 17
    for _ in range(10):
        if len(kexinit) < at + 4:
            return ()
        size = int.from_bytes(kexinit[at : at + 4], "big")
        if len(kexinit) < at + 4 + size:
            return ()
        names = kexinit[at + 4 : at + 4 + size].decode("ascii", "replace")
        lists.append(tuple(names.split(",")) if names else ())
        at += 4 + size
    return tuple(lists)


def fingerprint(lists: tuple[tuple[str, ...], ...]) -> bytes:
    """What the server offers, in its order: exchange, cipher, MAC and compression of its own direction, and the host
    keys. The MD5 of the first four, joined by `;`, is what is known as HASSH-server."""
    chosen = (lists[0], lists[3], lists[5], lists[7], lists[1])
    return ";".join(",".join(each) for each in chosen).encode("ascii", "replace")[:_FINGERPRINT]


def weaknesses(lists: tuple[tuple[str, ...], ...]) -> bytes:
    """What is offered and should not be, in words with a space between: names of algorithms, and `terrapin` where the
    prefix of a session can be cut (CVE-2023-48795). `b""` if nothing is."""
    exchange, keys, ciphers, macs = lists[0], lists[1], lists[3], lists[5]
    found = [each for each in (*exchange, *keys, *ciphers, *macs) if _WEAK.fullmatch(each)]
    cbc = any(each.endswith("-cbc") for each in ciphers)
    etm = any("-etm@" in each for each in macs)
    if "kex-strict-s-v00@openssh.com" not in exchange and ("chacha20-poly1305@openssh.com" in ciphers or (cbc and etm)):
        found.insert(0, "terrapin")
    return " ".join(dict.fromkeys(found)).encode("ascii", "replace")[:_FINGERPRINT]


def host_key(data: bytes) -> bytes:
    """The host key (RFC 4253's public key blob) in the server's half of the exchange, `b""` if it is not there."""
    reply, _ = packet(data, _REPLY)
    size = int.from_bytes(reply[1:5], "big")
    key = reply[5 : 5 + size]
    return key if reply and 16 <= size == len(key) else b""


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _wrap(payload: bytes) -> bytes:
    padding = 8 - (5 + len(payload)) % 8
    padding += 8 if padding < 4 else 0
    return (1 + len(payload) + padding).to_bytes(4, "big") + bytes([padding]) + payload + bytes(padding)
