"""Certificates as they come from the wire, whole and broken."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import warnings

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from fuzz import fuzz
from hypothesis import given
from hypothesis import strategies as st

from scanner.identify.tls import certificate

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
END = datetime.datetime(2026, 12, 31, tzinfo=datetime.UTC)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def make(key: Key, subject: str = "files.lab", issuer: str = "files.lab") -> bytes:
    names = [x509.DNSName("files.lab"), x509.IPAddress(ipaddress.ip_address("10.20.30.40"))]

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])

    return (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(4242)
        .not_valid_before(START)
        .not_valid_after(END)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


EC = ec.generate_private_key(ec.SECP256R1())
WHOLE = make(EC)


def test_fields() -> None:
    found = certificate(WHOLE)
    assert found is not None
    assert (found.subject, found.issuer, found.self_signed) == ("files.lab", "files.lab", True)
    assert found.names == ("files.lab", "10.20.30.40")
    assert (found.not_before, found.not_after) == (START, END)
    assert found.sha256 == hashlib.sha256(WHOLE).hexdigest()
    assert found.key == "ec-secp256r1"


def test_a_renewed_certificate_is_another_one() -> None:
    old, new = certificate(WHOLE), certificate(make(EC, "files.lab", "Lab CA"))
    assert old is not None
    assert new is not None
    assert old.sha256 != new.sha256
    assert (new.issuer, new.self_signed) == ("Lab CA", False)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (rsa.generate_private_key(65537, 1024), "rsa-1024"),
        (ed25519.Ed25519PrivateKey.generate(), "ed25519"),
    ],
    ids=["rsa", "ed25519"],
)
def test_keys(key: Key, name: str) -> None:
    found = certificate(make(key))
    assert found is not None
    assert found.key == name


def test_a_subject_without_a_common_name_and_one_that_hides() -> None:
    nameless, hiding = certificate(make(EC, "", "x")), certificate(make(EC, "a\u202eb\x1b[2J"))
    assert nameless is not None
    assert nameless.subject == ""
    assert hiding is not None
    assert hiding.subject == "a\\u202eb\\x1b[2J"


@given(st.binary(max_size=400))
@fuzz(50)
def test_garbage_is_none(raw: bytes) -> None:
    assert certificate(raw) is None


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
@fuzz(150)
def test_a_damaged_certificate_never_raises(at: int, byte: int) -> None:
    damaged = WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :]
    found = certificate(damaged)
    assert found is None or (found.subject.isprintable() and found.issuer.isprintable())
    assert certificate(damaged[:at]) is None


def test_one_that_breaks_rules_is_read_without_a_word_on_stderr() -> None:
    signed = make(ed25519.Ed25519PrivateKey.generate(), "abc", "abc")
    negative = signed.replace(b"\x02\x02\x10\x92", b"\x02\x02\x90\x92")
    three_letters = signed.replace(b"\x55\x04\x03\x0c\x03abc", b"\x55\x04\x06\x0c\x03abc")
    assert len({signed, negative, three_letters}) == 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning):
            _ = x509.load_der_x509_certificate(three_letters).subject
        found = [certificate(each) for each in (negative, three_letters)]
    assert [each and each.issuer for each in found] == ["abc", "C=abc"]
