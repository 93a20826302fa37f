"""From a reading to products: who, which version, and who built it."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from fuzz import fuzz
from hypothesis import given
from hypothesis import strategies as st
from tables import for_every

from scanner.identify import FIELD, MOST, identify, kinds

NTLM = b"NTLMSSP\0\x02\0\0\0" + bytes(8) + b"\0\0\0\x02" + bytes(24)
"""A challenge up to its version."""

# kind, raw, then for each product: name, version, revision, distro
TRUTHS: list[tuple[str, bytes, list[tuple[str, str | None, str | None, str | None]]]] = [
    ("ssh", b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7\r\n", [("openssh", "9.2p1", "9.2p1-2+deb12u7", "debian:12")]),
    ("ssh", b"OpenSSH_9.2p1 Debian-2+deb12u7", [("openssh", "9.2p1", "9.2p1-2+deb12u7", "debian:12")]),
    ("ssh", b"SSH-1.99-OpenSSH_8.0\n", [("openssh", "8.0", None, None)]),
    ("ssh", b"SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10", [("openssh", "8.9p1", "8.9p1-3ubuntu0.10", "ubuntu:22.04")]),
    ("ssh", b"SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13.5", [("openssh", "9.6p1", "9.6p1-3ubuntu13.5", "ubuntu:24.04")]),
    ("ssh", b"SSH-2.0-OpenSSH_9.0p1 Ubuntu-1ubuntu7", [("openssh", "9.0p1", "9.0p1-1ubuntu7", "ubuntu:22.10")]),
    ("ssh", b"SSH-2.0-OpenSSH_10.0p2 Debian-7+deb13u1", [("openssh", "10.0p2", "10.0p2-7+deb13u1", "debian:13")]),
    ("ssh", b"SSH-2.0-OpenSSH_9.2p1 Raspbian-2+deb12u3", [("openssh", "9.2p1", "9.2p1-2+deb12u3", "raspbian:12")]),
    ("ssh", b"SSH-2.0-OpenSSH_8.4p1 Debian-5", [("openssh", "8.4p1", "8.4p1-5", "debian:11")]),
    (
        "ssh",
        b"SSH-2.0-OpenSSH_8.4p1 Debian-5+deb11u3~bpo10+1",
        [("openssh", "8.4p1", "8.4p1-5+deb11u3~bpo10+1", "debian")],
    ),
    # Newer than what Debian 12 patches, and no part of it.
    ("ssh", b"SSH-2.0-OpenSSH_9.9p1 Debian-1~bpo12+1", [("openssh", "9.9p1", "9.9p1-1~bpo12+1", "debian")]),
    ("ssh", b"SSH-2.0-OpenSSH_9.6p1 Debian-4", [("openssh", "9.6p1", "9.6p1-4", "debian")]),
    ("ssh", b"SSH-2.0-OpenSSH_9.3 FreeBSD-20230316", [("openssh", "9.3", "FreeBSD-20230316", "freebsd")]),
    ("ssh", b"SSH-2.0-OpenSSH_for_Windows_9.5", [("openssh", "9.5", None, "windows")]),
    ("ssh", b"Keep out\r\nSSH-2.0-dropbear_2022.83\r\n", [("dropbear", "2022.83", None, None)]),
    ("ssh", b"SSH-2.0-ROSSSH", [("routeros", None, None, None)]),
    ("ssh", b"SSH-2.0-MyOpenSSH_9.2p1", [("myopenssh", "9.2p1", None, None)]),
    (
        "http.server",
        b"Apache/2.4.57 (Debian) OpenSSL/3.0.11 PHP/8.2.7 mod_wsgi/4.9.4 Python/3.11",
        [
            ("http_server", "2.4.57", None, "debian"),
            ("openssl", "3.0.11", None, None),
            ("php", "8.2.7", None, None),
            ("mod_wsgi", "4.9.4", None, None),
            ("python", "3.11", None, None),
        ],
    ),
    ("http.server", b"Apache/2.4.37 (Red Hat Enterprise Linux)", [("http_server", "2.4.37", None, "el")]),
    ("http.server", b"Apache/2.4.49 (Win64)", [("http_server", "2.4.49", None, "windows")]),
    ("http.server", b"Apache", [("http_server", None, None, None)]),
    ("http.server", b"Apache-Coyote/1.1", [("tomcat", None, None, None)]),
    ("http.server", b"nginx/1.18.0 (Ubuntu)", [("nginx", "1.18.0", None, "ubuntu")]),
    ("http.server", b"nginx", [("nginx", None, None, None)]),
    ("http.server", b"Microsoft-IIS/10.0", [("iis", "10.0", None, None)]),
    ("http.server", b"(nginx/1.18.0 is a comment)", []),
    ("http.powered-by", b"PHP/8.1.2-1ubuntu2.14", [("php", "8.1.2", "8.1.2-1ubuntu2.14", "ubuntu:22.04")]),
    ("http.powered-by", b"PHP/7.0.33-0+deb9u12", [("php", "7.0.33", "7.0.33-0+deb9u12", "debian:9")]),
    ("http.powered-by", b"PHP/7.4.33", [("php", "7.4.33", None, None)]),
    (
        "http.powered-by",
        b"PHP/8.1.27-1+ubuntu22.04.1+deb.sury.org+1",
        [("php", "8.1.27", "8.1.27-1+ubuntu22.04.1+deb.sury.org+1", "sury")],
    ),
    ("http.powered-by", b"PHP/8.2.7, ASP.NET", [("php", "8.2.7", None, None), ("asp.net", None, None, None)]),
    ("mysql", b"5.5.5-10.11.6-MariaDB-0+deb12u1", [("mariadb", "10.11.6", "10.11.6-0+deb12u1", "debian:12")]),
    (
        "mysql",
        b"5.5.5-10.6.12-MariaDB-0ubuntu0.22.04.1-log",
        [("mariadb", "10.6.12", "10.6.12-0ubuntu0.22.04.1", "ubuntu:22.04")],
    ),
    ("mysql", b"5.5.5-10.6.16-MariaDB", [("mariadb", "10.6.16", None, None)]),
    ("mysql", b"10.11.6-MariaDB-1:10.11.6+maria~deb12", [("mariadb", "10.11.6", None, None)]),
    ("mysql", b"8.0.36-0ubuntu0.22.04.1", [("mysql", "8.0.36", "8.0.36-0ubuntu0.22.04.1", "ubuntu:22.04")]),
    ("mysql", b"5.7.44-log", [("mysql", "5.7.44", None, None)]),
    ("smtp", b"220 mx ESMTP Exim 4.96 Tue, 21 Nov 2023\r\n", [("exim", "4.96", None, None)]),
    ("smtp", b"220 mx ESMTP Exim 4.96 Debian Tue\r\n", [("exim", "4.96", None, "debian")]),
    ("smtp", b"220-mx.example.com\r\n220 ESMTP Postfix (Ubuntu)\r\n", [("postfix", None, None, "ubuntu")]),
    ("smtp", b"220 mx ESMTP Sendmail 8.15.2/8.15.2/Debian-22; x", [("sendmail", "8.15.2", "8.15.2-22", "debian")]),
    ("ftp", b"220 (vsFTPd 3.0.3)\r\n", [("vsftpd", "3.0.3", None, None)]),
    ("ftp", b"220 ProFTPD 1.3.8 Server (Debian) [::ffff:10.0.0.5]", [("proftpd", "1.3.8", None, "debian")]),
    ("ftp", b"220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------", [("pure-ftpd", None, None, None)]),
    ("ftp", b"220-FileZilla Server 1.7.3\r\n220 Please visit", [("filezilla_server", "1.7.3", None, None)]),
    ("imap", b"* OK [CAPABILITY IMAP4rev1] Dovecot (Debian) ready.", [("dovecot", None, None, "debian")]),
    ("pop3", b"+OK Dovecot ready.", [("dovecot", None, None, None)]),
    ("dns.version", b"9.18.24-1-Debian", [("bind", "9.18.24", "9.18.24-1", "debian:12")]),
    ("dns.version", b"9.16.50-1~deb11u2-Debian", [("bind", "9.16.50", "9.16.50-1~deb11u2", "debian:11")]),
    (
        "dns.version",
        b"9.18.28-0ubuntu0.22.04.1-Ubuntu",
        [("bind", "9.18.28", "9.18.28-0ubuntu0.22.04.1", "ubuntu:22.04")],
    ),
    (
        "dns.version",
        b"9.11.36-RedHat-9.11.36-11.el8_9.1",
        [("bind", "9.11.36", "9.11.36-11.el8_9.1", "el:8")],
    ),
    (
        "dns.version",
        b"9.11.4-P2-RedHat-9.11.4-26.P2.el7_9.15",
        [("bind", "9.11.4-P2", "9.11.4-26.P2.el7_9.15", "el:7")],
    ),
    ("dns.version", b"9.16.23-RH", [("bind", "9.16.23", None, "el")]),
    ("dns.version", b"dnsmasq-2.89", [("dnsmasq", "2.89", None, None)]),
    ("dns.version", b"unbound 1.17.1", [("unbound", "1.17.1", None, None)]),
    ("dns.version", b"Microsoft DNS 10.0.17763 (4563455D)", [("windows_server", "10.0.17763", None, None)]),
    ("snmp.sysdescr", b"FortiGate-60F v7.0.14,build0601,240206 (GA.M)", [("fortios", "7.0.14", None, None)]),
    (
        "snmp.sysdescr",
        b"Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(7)E10, RELEASE SOFTWARE (fc3)\r\n",
        [("ios", "15.2(7)E10", None, None)],
    ),
    ("telnet", b"MikroTik v6.49.7 (stable)\r\nLogin:", [("routeros", "6.49.7", None, None)]),
    ("redis", b"# Server\r\nredis_version:7.0.15\r\n", [("redis", "7.0.15", None, None)]),
    ("memcached", b"VERSION 1.6.18", [("memcached", "1.6.18", None, None)]),
    ("http.title", b"Apache Tomcat/9.0.65", [("tomcat", "9.0.65", None, None)]),
    ("http.x-owa-version", b"15.1.2507.35", [("exchange_server", "15.1.2507.35", None, None)]),
    ("mssql", b"15.0.2000.5", [("sql_server", "15.0.2000.5", None, None)]),
    ("ntlm", NTLM + b"\x0a\x00\x7c\x4f" + bytes(4), [("windows_server", "10.0.20348", None, None)]),
    ("ntlm", NTLM + b"\x0a\x00\x63\x45" + bytes(4), [("windows", "10.0.17763", None, None)]),
    ("ntlm", NTLM + b"\x06\x01\x00\x00" + bytes(4), [("samba", None, None, None)]),
    ("ntlm", NTLM + b"\xff\xff\xff\xff" + bytes(4), []),
    ("mysql", b"8.0.36-debug", [("mysql", "8.0.36", None, None)]),
    ("rdp", b"\x03\x00\x00\x13", []),
    ("no such kind", b"OpenSSH_9.2p1", []),
    ("../ssh", b"OpenSSH_9.2p1", []),
    ("ssh", b"", []),
    ("ssh", b"\0\0\0", []),
]


@for_every(("kind", "raw", "truth"), TRUTHS, ids=lambda each: repr(each)[:60])
def test_products(kind: str, raw: bytes, truth: list[tuple[str, str | None, str | None, str | None]]) -> None:
    assert [(p.name, p.version, p.revision, p.distro) for p in identify(kind, raw)] == truth


def test_a_version_that_may_be_bundled_is_not_certain() -> None:
    apache, openssl = identify("http.server", b"Apache/2.4.57 (Win64) OpenSSL/1.1.1k")
    assert apache.certain
    assert not openssl.certain


@pytest.mark.parametrize(
    ("kind", "raw", "cpe"),
    [
        ("ssh", b"OpenSSH_9.2p1", r"cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*"),
        ("ssh", b"dropbear_2022.83", r"cpe:2.3:a:dropbear_ssh_project:dropbear_ssh:2022.83:*:*:*:*:*:*:*"),
        ("ssh", b"ROSSSH", r"cpe:2.3:o:mikrotik:routeros:*:*:*:*:*:*:*:*"),
        ("http.server", b"Apache", r"cpe:2.3:a:apache:http_server:*:*:*:*:*:*:*:*"),
        (
            "snmp.sysdescr",
            b"Cisco IOS Software, x, Version 15.2(7)E10, y",
            r"cpe:2.3:o:cisco:ios:15.2\(7\)e10:*:*:*:*:*:*:*",
        ),
    ],
)
def test_cpe(kind: str, raw: bytes, cpe: str) -> None:
    assert identify(kind, raw)[0].cpe == cpe


_STARTS = [
    "",
    "SSH-2.0-OpenSSH_9.2p1 Debian-",
    "Apache/2.4.57 (",
    "PHP/8.1.2-",
    "5.5.5-10.11.6-MariaDB-",
    "220 Exim 4.96 ",
]


@given(
    st.sampled_from([*sorted(kinds()), "tls.cert", "no such kind"]), st.sampled_from(_STARTS), st.binary(max_size=300)
)
@fuzz(300)
def test_any_bytes(kind: str, start: str, rest: bytes) -> None:
    products = identify(kind, start.encode() + rest)
    assert len(products) <= MOST
    for product in products:
        for field in (product.vendor, product.name, product.version, product.revision, product.distro):
            assert field is None or (0 < len(field) <= FIELD * 10 and field.isprintable())
        assert product.cpe is None or product.cpe.isprintable()


@for_every("kind", sorted(kinds()))
def test_64_kilobytes_are_no_burden(kind: str) -> None:
    identify(kind, b"x")
    for flood in (
        b"a" * 65536,
        b"Apache/2.4.1 (" * 4681,
        b"\0" * 65536,
        b"1." * 32768,
        b"220 " * 16384,
        b"\xff" * 65536,
    ):
        started = time.process_time()
        identify(kind, flood)
        assert time.process_time() - started < 0.1


def test_one_kind_alone_is_read_and_quickly() -> None:
    """Measured in a process of its own: this one has read them all."""
    program = (
        "import time, scanner.identify as i; i.kinds(); t = time.process_time();"
        "assert i.identify('ssh', b'OpenSSH_9.2p1 Debian-2+deb12u7');"
        "print(time.process_time() - t, i.database.cache_info().currsize)"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=99).stdout
    seconds, read = out.split()
    assert float(seconds) < 0.05
    assert int(read) == 1


def test_importing_it_is_light() -> None:
    program = "import sys, scanner.identify; print([m for m in ('netaddr', 'cryptography', 're2') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=99).stdout
    assert out.strip() == "[]"
