"""Certificates of the lab's TLS services: the same bytes for the same topology, in every process and on every leg.

Options of a service with `tls: true`: `cn` (the subject's and the DNS name; default: the host's name), `days` (of
validity, counted from 2026-01-01; default 730, so 100 is an expired one), `key` (services and hosts that name the same
key share it; default: the host's name). The keys are derived from their names: they protect nothing.
"""

from __future__ import annotations

import datetime
import hashlib
from functools import cache

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from scanner.lab.topology import Service

_START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
_DAYS = 730
_ORDER_BITS = 255
"""One less than P-256's order has, so that every digest is a valid private number."""


class Credential(msgspec.Struct, frozen=True):
    """A certificate and its key, self-signed."""

    der: bytes
    pem: bytes
    """The certificate and after it the private key, as a TLS server loads them."""


def credential(owner: str, service: Service) -> Credential:
    """What `service` of the host or router `owner` presents."""
    options = service.options
    return _issue(str(options.get("cn", owner)), int(options.get("days", _DAYS)), str(options.get("key", owner)))


def certificate(owner: str, service: Service) -> bytes:
    """The leaf certificate of `credential`, DER."""
    return credential(owner, service).der


@cache
def _issue(common_name: str, days: int, key_name: str) -> Credential:
    secret = int.from_bytes(hashlib.sha256(key_name.encode()).digest()) >> (256 - _ORDER_BITS)
    key = ec.derive_private_key(secret, ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    serial = hashlib.sha256(f"{common_name}/{days}/{key_name}".encode()).digest()[:16]
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(serial) | 1)
        .not_valid_before(_START)
        .not_valid_after(_START + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(common_name)]), critical=False)
        .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    private = key.private_bytes(Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Credential(der=built.public_bytes(Encoding.DER), pem=built.public_bytes(Encoding.PEM) + private)
