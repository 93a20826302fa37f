"""What a TLS certificate says of itself. Nothing is verified here: who signed it, and whether it may, is not asked."""

from __future__ import annotations

import datetime
import hashlib
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

from scanner.model.base import Frozen
from scanner.model.text import visible

if TYPE_CHECKING:
    from cryptography import x509

_NAMES = 64
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
    sha256: str
    """Fingerprint of the whole certificate, lower-case hexadecimal: equal on two addresses means one machine, or one
    key handed round."""
    key: str
    """`rsa-2048`, `ec-secp256r1`, `ed25519`; the algorithm's identifier where it is none of those."""
    key_sha256: str
    """Fingerprint of the public key alone: it outlives a renewal. Empty where the key cannot be read."""
    self_signed: bool
    """Whether it names itself as its issuer."""


def certificate(der: bytes) -> Certificate | None:
    """The certificate in these bytes (DER), None if there is none that can be read. Never raises."""
    read = _read(der)
    return read.certificate if read else None


def distinguished(der: bytes) -> tuple[str, str] | None:
    """Subject and issuer in full, as RFC 4514 writes them, visible; None as with `certificate`. Never raises."""
    read = _read(der)
    return read.distinguished if read else None


class _Read(Frozen, frozen=True):
    certificate: Certificate | None
    distinguished: tuple[str, str]


@lru_cache(maxsize=_KNOWN)
def _read(der: bytes) -> _Read | None:
    """All that is ever asked of a certificate, as most of the time goes into reading it."""
    if not 64 <= len(der) <= 65536:
        return None
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    with warnings.catch_warnings():
        # Old devices break rules (negative serials, odd encodings); that is for the report, not for stderr.
        warnings.simplefilter("ignore")
        try:
            found = x509.load_der_x509_certificate(der)
            subject, issuer = found.subject, found.issuer
            alike = subject == issuer
            whole = visible(subject.rfc4514_string(), 1024)
            full = whole, whole if alike else visible(issuer.rfc4514_string(), 1024)
        except (ValueError, TypeError, OverflowError, x509.InvalidVersion, UnsupportedAlgorithm):
            return None
        try:
            times = found.not_valid_before_utc, found.not_valid_after_utc
        except (ValueError, TypeError, OverflowError):
            return _Read(None, full)
        key, key_digest = _key(found)
        name = _common(subject)
        made = Certificate(
            subject=name,
            issuer=(name if alike else _common(issuer)) or visible(issuer.rfc4514_string(), 256),
            names=_alternatives(found),
            not_before=times[0],
            not_after=times[1],
            sha256=hashlib.sha256(der).hexdigest(),
            key=key,
            key_sha256=key_digest,
            self_signed=alike,
        )
        return _Read(made, full)


def _common(name: x509.Name) -> str:
    from cryptography.x509.oid import NameOID

    values = [each.value for each in name.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return visible(values[0], 256) if values else ""


def _alternatives(found: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return ()
    kept = [each.value for each in names if isinstance(each, x509.DNSName | x509.IPAddress)]
    return tuple(visible(str(each), 256) for each in kept[:_NAMES])


def _key(found: x509.Certificate) -> tuple[str, str]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    oid = found.public_key_algorithm_oid.dotted_string
    try:
        key = found.public_key()
        digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return oid, ""
    if isinstance(key, rsa.RSAPublicKey):
        return f"rsa-{key.key_size}", digest
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ec-{key.curve.name}", digest
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519", digest
    return ("ed448" if isinstance(key, ed448.Ed448PublicKey) else oid), digest
