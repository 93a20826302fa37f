"""The lab's certificates: one identity is the same bytes everywhere, and the options say what is in them."""

from __future__ import annotations

import datetime
import ssl
import tempfile

import pytest
from cryptography import x509

from scanner.lab.certificates import certificate, credential
from scanner.lab.topology import Service


def tls(**options: object) -> Service:
    return Service(port="tcp/443", tls=True, options=dict(options))


SHARED = tls(cn="pc.lab", key="imaging")

SAME = [
    ("a", tls(), "a", tls(title="another service of the host"), True),
    ("a", tls(), "b", tls(), False),
    ("near-leg", SHARED, "far-leg", SHARED, True),
    ("a", tls(days=10), "a", tls(), False),
]


@pytest.mark.parametrize(("left", "one", "right", "other", "same"), SAME)
def test_same_identity(left: str, one: Service, right: str, other: Service, same: bool) -> None:
    assert (certificate(left, one) == certificate(right, other)) == same


def test_contents() -> None:
    found = x509.load_der_x509_certificate(certificate("host", tls(cn="app.lab", days=100)))
    assert found.subject.rfc4514_string() == "CN=app.lab"
    assert found.not_valid_after_utc == datetime.datetime(2026, 4, 11, tzinfo=datetime.UTC)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["app.lab"]


def test_a_server_can_load_it() -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(credential("host", tls()).pem)
        file.flush()
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file.name)
