"""Certificates by the day they are judged on, by their keys and by whom they name."""

from __future__ import annotations

import datetime
from functools import cache

import pytest
from assess.exposed import HOST, KNOWN, exposures, service, visit
from assess.scene import SERVERS, TODAY, site
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tables import for_every

from scanner.assess import assess
from scanner.model.report import FindingRow

DAY = datetime.timedelta(days=1)


@cache
def key(kind: str) -> rsa.RSAPrivateKey | dsa.DSAPrivateKey | ec.EllipticCurvePrivateKey:
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "dsa":
        return dsa.generate_private_key(1024)
    return rsa.generate_private_key(65537, int(kind))


def der(
    subject: str = "files.example.net", start: int = -30, end: int = 300, kind: str = "ec", issuer: str = ""
) -> bytes:
    """`start` and `end` in days from TODAY."""

    def name(text: str) -> x509.Name:
        attribute = NameOID.ORGANIZATION_NAME if text.startswith("O=") else NameOID.COMMON_NAME
        return x509.Name([x509.NameAttribute(attribute, text.removeprefix("O="))])

    midnight = datetime.datetime.combine(TODAY, datetime.time(), datetime.UTC)
    private = key(kind)
    made = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer or subject))
        .public_key(private.public_key())
        .serial_number(7)
        .not_valid_before(midnight + start * DAY)
        .not_valid_after(midnight + end * DAY)
        .sign(private, hashes.SHA256())
    )
    return made.public_bytes(Encoding.DER)


def seen(*certificates: bytes) -> list[FindingRow]:
    """One host that shows them on ports from 443 on."""
    said = [
        each
        for number, raw in enumerate(certificates, 443)
        for each in service(HOST[SERVERS], number, ("tls.cert", raw), tls=True)
    ]
    return exposures(visit(SERVERS, *said))


@for_every(
    ("raw", "severity", "what"),
    [
        (der(start=-400, end=-1), "medium", "ran out on 2026-11-19"),
        (der(start=2), "low", "is not valid before 2026-11-22"),
        (der(kind="1024"), "medium", "weak (rsa-1024)"),
        (der(kind="dsa"), "medium", "weak (dsa)"),
        (der("www.hikvision.com"), "low", "came with"),
        (der("routerlogin.net"), "low", "came with"),
        (der("localhost.localdomain"), "low", "the certificate that it came with (localhost.localdomain)"),
        (der("192.168.168.168"), "low", "came with"),
        (der("IOS-Self-Signed-Certificate-1234567890"), "low", "came with"),
        (der("QNAP NAS"), "low", "came with"),
        (der("pfSense-5f3c1a2b3c4d5"), "low", "came with"),
        (der("ILOCZ1234ABCD", issuer="Default Issuer (Do not trust)"), "low", "came with"),
        (der("esx1", issuer="O=VMware Installer"), "low", "came with"),
        (der("AnyDesk Client"), "low", "AnyDesk is a remote-access tool"),
    ],
    ids=[
        "ran out yesterday", "not yet valid", "weak", "DSA", "Hikvision", "Netgear",
        "localhost", "SonicWall", "Cisco", "QNAP", "pfSense", "iLO",
        "ESXi", "AnyDesk",
    ],
)  # fmt: skip
def test_a_bad_certificate_is_a_finding(raw: bytes, severity: str, what: str) -> None:
    [found] = seen(raw)
    assert found.severity == severity
    assert what in found.title
    assert "sha256 " in found.evidence or "AnyDesk Client" in found.evidence
    assert found.controls


@pytest.mark.parametrize(
    "raw",
    [
        der(end=0),
        der(start=0),
        der(kind="2048"),
        der("DESKTOP-4J2K9QX"),
        der("nas.example.net"),
        der("fortigate.example.net"),
        der("web", issuer="Example Issuing CA"),
    ],
    ids=["runs out today", "valid from today", "RSA 2048", "a PC's own for RDP", "a name", "a device's own name", "CA"],
)  # fmt: skip
def test_a_good_certificate_is_no_finding(raw: bytes) -> None:
    assert [each.title for each in seen(raw)] == []


def test_one_certificate_on_several_ports_is_one_finding() -> None:
    old = der(start=-400, end=-1)
    [found] = seen(old, old)
    assert "tcp/443, tcp/444" in found.title


def test_two_certificates_that_ran_out_are_two_findings() -> None:
    assert len({each.id for each in seen(der(start=-400, end=-1), der("b.example.net", start=-400, end=-2))}) == 2


def test_the_day_of_the_assessment_decides() -> None:
    session = visit(SERVERS, *service(HOST[SERVERS], 443, ("tls.cert", der(end=10)), tls=True))

    def judged(later: int) -> list[str]:
        return [each.kind for each in assess(site(critical=()), [session], KNOWN, TODAY + later * DAY).findings]

    assert [judged(10), judged(11)] == [[], ["exposure"]]
