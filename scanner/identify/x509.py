"""Reading certificates by the library. Apart, as importing it takes long, and most commands never ask."""

from __future__ import annotations

import datetime
import re
import warnings
from functools import cache, lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import NameOID

from scanner.identify.foretold import Read
from scanner.model.text import visible

_NAMES = 64
_QUIET = ("ignore", None, Warning, re.compile(re.escape(__name__)), 0)
"""Old devices break rules (negative serials, odd encodings); that is for the report, not for stderr. The filter is of
what is warned of here alone, and stays: to set and undo it takes as long as half of the reading."""


def fields(der: bytes) -> Read | None:
    """The fields, None where its dates cannot be read, and subject and issuer in full; None where it is none."""
    if warnings.filters[:1] != [_QUIET]:
        warnings.filterwarnings("ignore", module=_QUIET[3].pattern)
    try:
        found = x509.load_der_x509_certificate(der)
        subject, issuer = found.subject, found.issuer
        alike = subject == issuer
        whole = visible(subject.rfc4514_string(), 1024)
        full = whole, whole if alike else visible(issuer.rfc4514_string(), 1024)
    except (ValueError, TypeError, OverflowError, x509.InvalidVersion, UnsupportedAlgorithm):
        return None
    try:
        times = _same(found.not_valid_before_utc), _same(found.not_valid_after_utc)
    except (ValueError, TypeError, OverflowError):
        return None, full
    name = _common(subject)
    by = (name if alike else _common(issuer)) or visible(issuer.rfc4514_string(), 256)
    return (name, by, _alternatives(found), *times, _key(found), alike), full


@lru_cache(maxsize=1024)
def _same(at: datetime.datetime) -> datetime.datetime:
    """The one object for a moment: an authority, or a firmware, dates many certificates alike."""
    return at


def _common(name: x509.Name) -> str:
    values = [each.value for each in name.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return visible(values[0], 256) if values else ""


def _alternatives(found: x509.Certificate) -> tuple[str, ...]:
    try:
        every = found.extensions
        if not len(every):
            return ()
        names = every.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return ()
    kept = [each.value for each in names if isinstance(each, x509.DNSName | x509.IPAddress)]
    return tuple(visible(str(each), 256) for each in kept[:_NAMES])


def _key(found: x509.Certificate) -> str:
    try:
        key = found.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return found.public_key_algorithm_oid.dotted_string
    kind = _kind(type(key))
    if kind == "rsa" and isinstance(key, rsa.RSAPublicKey):
        return f"rsa-{key.key_size}"
    if kind == "ec" and isinstance(key, ec.EllipticCurvePublicKey):
        return f"ec-{key.curve.name}"
    return kind or found.public_key_algorithm_oid.dotted_string


@cache
def _kind(key: type) -> str:
    """What kind of key a class is of, asked once a class: the library's own are abstract, and slow to ask."""
    kinds = (
        (rsa.RSAPublicKey, "rsa"),
        (ec.EllipticCurvePublicKey, "ec"),
        (ed25519.Ed25519PublicKey, "ed25519"),
        (ed448.Ed448PublicKey, "ed448"),
    )
    return next((name for each, name in kinds if issubclass(key, each)), "")
