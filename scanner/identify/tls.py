"""What a TLS certificate says of itself. Nothing is verified here: who signed it, and whether it may, is not asked."""

from __future__ import annotations

import datetime
import hashlib
from functools import lru_cache

from scanner.identify import foretold
from scanner.identify.foretold import CERTIFICATE, Read
from scanner.model.base import Frozen

KIND = CERTIFICATE
"""Of the readings that are certificates."""
_KNOWN = 1 << 16
"""Certificates that are remembered: several questions are asked of each, and a large site has one on every host."""


class Certificate(Frozen, frozen=True):
    """The fields worth reporting, text made visible. Times are UTC."""

    subject: str
    """The common name; empty where it has none."""
    issuer: str
    """The issuer's common name, or its whole name where it has none."""
    names: tuple[str, ...]
    """Subject alternative names: DNS names and addresses, at most 64."""
    not_before: datetime.datetime
    not_after: datetime.datetime
    key: str
    """`rsa-2048`, `ec-secp256r1`, `ed25519`; the algorithm's identifier where it is none of those."""
    self_signed: bool
    """Whether it names itself as its issuer."""
    der: bytes

    @property
    def sha256(self) -> str:
        """Fingerprint of the whole certificate, lower-case hexadecimal: equal on two addresses means one machine, or
        one key handed round."""
        return hashlib.sha256(self.der).hexdigest()


def certificate(der: bytes) -> Certificate | None:
    """The certificate in these bytes (DER), None if there is none that can be read. Never raises."""
    read = _read(der)
    return read.certificate if read else None


def distinguished(der: bytes) -> tuple[str, str] | None:
    """Subject and issuer in full, as RFC 4514 writes them, visible; None as with `certificate`. Never raises."""
    read = _read(der)
    return read.distinguished if read else None


class _Read(Frozen, frozen=True):
    """All that is ever asked of a certificate."""

    certificate: Certificate | None
    """None where its dates cannot be read."""
    distinguished: tuple[str, str]


def read(der: bytes) -> Read | None:
    """What these bytes say, None if no certificate can be read in them. Never raises."""
    if not 64 <= len(der) <= 65536:
        return None
    from scanner.identify.x509 import fields

    return fields(der)


@lru_cache(maxsize=_KNOWN)
def _read(der: bytes) -> _Read | None:
    known, found = foretold.certificate(der)
    if not known:
        found = read(der)
    if found is None:
        return None
    fields, (subject, issuer) = found
    full = subject, subject if issuer == subject else issuer
    return _Read(None if fields is None else Certificate(*fields, der), full)
