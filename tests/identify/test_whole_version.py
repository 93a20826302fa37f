"""What is attached to a version belongs to it, and what is no release is not taken for one."""

from __future__ import annotations

import time

import pytest
from tables import for_every

from scanner.identify import identify
from scanner.identify.whole import whole


@for_every(
    ("version", "text", "wanted", "released"),
    [
        ("2.4.71", "Apache/2.4.71 (Win64)", "2.4.71", True),
        ("2.4.71", "Apache/2.4.71-dev (Win64)", "2.4.71-dev", False),
        ("2.4.71", "Apache/2.4.71-rc1 (Win64)", "2.4.71-rc1", False),
        ("8.17.1", "Sendmail 8.17.1.9/8.17.1.9/Debian-2", "8.17.1.9", True),
        ("10.0.17763", "Version: 10.0.17763.1697 ready", "10.0.17763.1697", True),
        ("1.2.0p", "ProFTPD 1.2.0pre10 Server", "1.2.0pre10", False),
        ("1.3.0c", "ProFTPD 1.3.0cvs Server", "1.3.0cvs", False),
        ("1.3.9", "ProFTPD 1.3.9RC1 Server", "1.3.9RC1", False),
        ("6.1", "Gophernicus/6.1+b2 on", "6.1", True),  # Debian's own second build of a release
        ("2.92", "dnsmasq-pi-hole-v2.92test13", "2.92test13", False),
        ("3.13.0", "Python/3.13.0rc1 aiohttp/3.9.1", "3.13.0rc1", False),
        ("2.0.0", "SSHD-CORE-2.0.0-M1", "2.0.0-M1", False),
        ("7.0.0", "squid/7.0.0-20240101-r1", "7.0.0-20240101-r1", False),
        ("9.17.0", "9.17.0-rc1", "9.17.0-rc1", False),
        ("4.96.2", "Exim 4.96.2-58-g4e9ed49f8 ESMTP", "4.96.2-58-g4e9ed49f8", False),
        ("10.11.6", "5.5.5-10.11.6-MariaDB-0+deb12u1", "10.11.6", True),
        ("9.2p1", "OpenSSH_9.2p1 Debian-2+deb12u7", "9.2p1", True),
        ("9.4.50", "Jetty(9.4.50.v20221201)", "9.4.50", True),
        (
            "23.9.7.8804",
            "ScreenConnect/23.9.7.8804-3213579085 Microsoft",
            "23.9.7.8804",
            True,
        ),  # no day: whose copy it is
        ("23.9.7.8804", "ScreenConnect/23.9.7.8804-32135790", "23.9.7.8804", True),
        ("23.9.7.8804", "ScreenConnect/23.9.7.8804-2021357908", "23.9.7.8804", True),
        ("10.11.6", "10.11.6rc1 10.11.6", "10.11.6", True),
        ("7.0.15", "nothing of the kind", "7.0.15", True),
        ("1.1", "1.1.1 1.10 21.1", "1.1.1", True),
    ],
)
def test_whole(version: str, text: str, wanted: str, released: bool) -> None:
    assert whole(version, text) == (wanted, released)


@pytest.mark.parametrize("ending", ["rc" + "a" * 61 + "z", "-dev" + "-1" * 30 + "z", ".1" * 31 + "z", "1-" * 31 + "z"])
def test_an_ending_made_to_be_slow(ending: str) -> None:
    started = time.process_time()
    whole("8.3.0", f"PHP/8.3.0{ending}" * 16)
    assert time.process_time() - started < 0.05


@pytest.mark.parametrize(
    ("kind", "raw", "version"),
    [
        ("http.server", b"Apache/2.4.71-dev (Win64)", "2.4.71-dev"),
        ("ftp", b"220 ProFTPD 1.2.0pre10 Server (x) [::1]", "1.2.0pre10"),
        ("http.powered-by", b"PHP/8.4.0-dev", "8.4.0-dev"),
        ("http.powered-by", b"PHP/8.3.0beta2", "8.3.0beta2"),
    ],
)
def test_what_is_no_release_is_not_certain(kind: str, raw: bytes, version: str) -> None:
    found = next(each for each in identify(kind, raw) if each.version)
    assert found.version == version
    assert not found.certain
