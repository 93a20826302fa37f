"""How a probe to a canary is signed, so that the far side knows it again, whoever's address it arrives from.

Both laptops have the site file, and that is all they share. A signature tells our probes from a network's other
traffic; it is no protection against somebody who wants to be taken for us and has the site file as well.

A SYN has room in its sequence number: the scan's nonce, and the port that was asked, masked. A datagram and an echo
request carry MAGIC, nonce, port and a digest.
"""

from __future__ import annotations

import hashlib
import hmac
import struct

MAGIC = b"fencewlk"
_FORM = struct.Struct(f"!{len(MAGIC)}sHH8s")
SIZE = _FORM.size
"""Bytes of a signed payload."""


class Signer:
    """Signs and reads for one site. A nonce is four hexadecimal digits, and belongs to one scan."""

    def __init__(self, client: str, site: str) -> None:
        self._key = hashlib.blake2s(f"{client}\x1f{site}".encode(), person=b"canary").digest()

    def sequence(self, nonce: str, port: int) -> int:
        """The sequence number of a SYN, 32 bits."""
        return int(nonce, 16) << 16 | (port ^ self._mask(nonce))

    def read_sequence(self, sequence: int) -> tuple[str, int]:
        """(nonce, port that was asked) as it would be if the SYN were ours. It is, where the port is the one that it
        arrived at, by all but one chance in 65,536; and where the nonce is one known already, if not."""
        nonce = f"{sequence >> 16:04x}"
        return nonce, (sequence & 0xFFFF) ^ self._mask(nonce)

    def payload(self, nonce: str, port: int) -> bytes:
        """What a datagram, an echo request or the data of a connection carries; for icmp `port` is the type."""
        return _FORM.pack(MAGIC, int(nonce, 16), port, self._digest(nonce, port))

    def read_payload(self, data: bytes) -> tuple[str, int] | None:
        """(nonce, port that was asked) if the data begin with a signature of this site."""
        if len(data) < SIZE:
            return None
        magic, number, port, digest = _FORM.unpack_from(data)
        nonce = f"{number:04x}"
        if magic != MAGIC or not hmac.compare_digest(digest, self._digest(nonce, port)):
            return None
        return nonce, port

    def _digest(self, nonce: str, port: int) -> bytes:
        return hashlib.blake2s(f"{nonce}/{port}".encode(), key=self._key, digest_size=8).digest()

    def _mask(self, nonce: str) -> int:
        return int.from_bytes(hashlib.blake2s(nonce.encode(), key=self._key, digest_size=2).digest(), "big")
