"""TLS: versions that are broken, and certificates that have run out, are too weak, or came with the device."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.assess.exposures.rule import Exposure, Host, Rule, Scene, Service
from scanner.assess.machines.device_certificates import came_with_device
from scanner.identify.tls import Certificate, certificate
from scanner.model.base import Severity
from scanner.model.text import visible

_OLD = {"SSLV2": "SSL 2", "SSLV3": "SSL 3", "TLSV1": "TLS 1.0", "TLSV1.0": "TLS 1.0", "TLSV1.1": "TLS 1.1"}
_VERSION = re.compile(r"\b((?:SSL|TLS)V\d(?:\.\d)?)\b(?:=(\w+))?")

_DEFAULT_ISSUER = re.compile(
    r"(?x) Default\ Issuer\ \(Do\ not\ trust\) | VMware\ Installer | ^Synology\ Inc\.\ CA | ^FortiGate\ CA"
    r"| ^Proxmox\ Virtual\ Environment$"
)
_WEAK_RSA = 2048
_DSA = "1.2.840.10040.4.1"
"""Withdrawn for signatures at any size (FIPS 186-5), and 1024 bits as a rule."""
_WEAK_CURVES = frozenset({"ec-secp112r1", "ec-secp128r1", "ec-secp160r1", "ec-secp160k1", "ec-secp160r2"})


def _find(scene: Scene, host: Host) -> Iterator[Exposure]:
    for service in host.services:
        yield from _versions(service)
        for reading in service.every("tls.cert"):
            if found := certificate(reading.raw):
                yield from _certificate(scene, service, found)


def _versions(service: Service) -> Iterator[Exposure]:
    """`tls.version` is the best that both sides speak; `tls.versions` is everything that the server takes."""
    if service.kinds.isdisjoint(("tls.version", "tls.versions")):
        return
    best = _names(service.raw("tls.version"))
    every = _names(service.raw("tls.versions"))
    old = [_OLD[each] for each in dict.fromkeys([*every, *best]) if each in _OLD]
    if not old:
        return
    only = all(each in _OLD for each in (*best, *every))
    yield Exposure(
        "tls-old", "weak-protocol", "medium" if only else "low",
        f"speaks nothing newer than {max(old)}" if only else f"offers {' and '.join(sorted(set(old)))}",
        "Turn SSL and TLS below 1.2 off.", service, service.shown("tls.versions", "tls.version"), subject="",
        replay="openssl s_client -connect {h}:{p} -tls1_1 -cipher ALL@SECLEVEL=0 </dev/null",
    )  # fmt: skip


def _names(raw: bytes | None) -> list[str]:
    """`TLSV1.1` and so on: of `TLSv1.2=yes TLSv1.1=no` those that are taken."""
    text = (raw or b"")[:512].decode("ascii", "replace").upper()
    return [name for name, state in _VERSION.findall(text) if state in ("", "YES")]


def _certificate(scene: Scene, service: Service, found: Certificate) -> Iterator[Exposure]:
    def exposure(cause: str, severity: Severity, what: str, remedy: str) -> Exposure:
        return Exposure(
            f"certificate-{cause}", "certificate", severity, what, remedy, service, f"{service.label} {_said(found)}",
            replay="openssl s_client -connect {h}:{p} </dev/null | openssl x509 -noout -subject -issuer -dates",
            subject=found.sha256,
        )  # fmt: skip

    renew = "Renew certificates before they run out."
    if found.not_after.date() < scene.today:
        what = f"the certificate ran out on {found.not_after.date()}"
        yield exposure("expired", "medium", what, renew)
    elif found.not_before.date() > scene.today:
        what = f"the certificate is not valid before {found.not_before.date()}"
        yield exposure("early", "low", what, "Check the clocks of hosts whose certificates are not valid yet.")
    if weak := _weakness(found.key):
        what = f"the certificate's key is weak ({_named(found.key)})"
        yield exposure("weak", weak, what, "Replace keys below RSA 2048 or 224 bits on a curve, and DSA keys.")
    if came_with_device(found.subject) or _DEFAULT_ISSUER.search(found.issuer):
        what = f"shows the certificate that it came with ({visible(found.subject, 80) or 'no name'})"
        yield exposure("default", "low", what, "Replace the certificates that devices came with by some of your own.")


def _weakness(key: str) -> Severity | None:
    kind, _, size = key.partition("-")
    if kind == "rsa" and size.isdecimal() and int(size) < _WEAK_RSA:
        return "high" if int(size) < 1024 else "medium"
    return "medium" if key in _WEAK_CURVES or key == _DSA else None


def _named(key: str) -> str:
    return "dsa" if key == _DSA else key


def _said(found: Certificate) -> str:
    names = f", for {', '.join(found.names[:4])}" if found.names else ""
    return (
        f"tls.cert: {found.subject or '(no name)'}{names}, issued by {found.issuer or '(no name)'}, "
        f"{found.not_before.date()} to {found.not_after.date()}, {_named(found.key)}, sha256 {found.sha256[:16]}…"
    )


RULE = Rule(_find, frozenset({"tls.cert", "tls.version", "tls.versions"}))
