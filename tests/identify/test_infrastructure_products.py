"""Products out of infrastructure's readings: versions as they stand there, and none out of a protocol's number."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every

from scanner.identify import identify
from scanner.identify.octets import WRITTEN_OUT

Said = tuple[str, str | None, str | None, str | None]

CASES: list[tuple[str, bytes, Said | None]] = [
    ("apcupsd", b"APC      : 001\nVERSION  : 3.14.14 (31 May 2016) debian\n", ("apcupsd", "3.14.14", None, "debian")),
    ("apcupsd", b"APC      : 001\nVERSION  : 3.14.14 (31 May 2016) redhat\n", ("apcupsd", "3.14.14", None, "el")),
    ("apcupsd", b"APC      : 001\nSTATUS   : VERSION 3.14.14\n", None),
    ("mumble", b"1.3.4-4\nX11\nLinux 6.1", ("mumble", "1.3.4", "1.3.4-4", None)),
    ("mumble", b"1.4.287", ("mumble", "1.4.287", None, None)),
    ("mumble", b"1.3.0~2870~g4f19cd91a~snapshot", ("mumble", "1.3.0", None, None)),
    ("dns.version", b"gdnsd/3", ("gdnsd", None, None, None)),
    ("dns.version", b"9.9.9.9 is not BIND", None),
    ("dns.version", b"none of your business", None),
    ("mpd", b"OK MPD 0.23.5", ("music_player_daemon", None, None, None)),
    ("asterisk", b"Asterisk Call Manager/5.0.2", ("asterisk", None, None, None)),
    ("spamd", b"SPAMD/1.5 0 PONG", ("spamassassin", None, None, None)),
    ("rsync", b"@RSYNCD: 32.0 sha512 sha256", ("rsync", None, None, None)),
    ("sane", bytes.fromhex("0000000001010003"), ("sane_backends", None, None, None)),
    ("omapi", bytes.fromhex("0000006400000018"), ("dhcp", None, None, None)),
    ("libvirt.version", (9000000).to_bytes(8, "big"), ("libvirt", "9.0.0", None, None)),
    ("libvirt.version", (10010003).to_bytes(8, "big"), ("libvirt", "10.10.3", None, None)),
    ("snmp.sysobjectid", bytes.fromhex("2b06010401bf0803020a"), ("net-snmp", None, None, None)),
    ("snmp.sysobjectid", bytes.fromhex("2b060104010901"), None),
    ("rpc.programs", b"portmapper 100000 v2 tcp/111", None),
    (
        "snmp.sysdescr",
        b"Linux gw 6.1.0-37-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22) x86_64",
        ("linux_kernel", "6.1.0-37-amd64", "6.1.140-1", "debian:12"),
    ),
    (
        "snmp.sysdescr",
        b"Linux gw 6.1.0-0.deb11.21-amd64 #1 SMP Debian 6.1.90-1~bpo11+1 (2024-05-13) x86_64",
        ("linux_kernel", "6.1.0-0.deb11.21-amd64", "6.1.90-1~bpo11+1", "debian"),
    ),
    (
        "snmp.sysdescr",
        b"Linux b 5.15.0-91-generic #101-Ubuntu SMP Tue Nov 14 13:30:08 UTC 2023 x86_64",
        ("linux_kernel", "5.15.0-91-generic", "5.15.0-91.101", "ubuntu:22.04"),
    ),
    (
        "snmp.sysdescr",
        b"Linux b 5.15.0-91-generic #101~20.04.1-Ubuntu SMP Thu Nov 16 14:22:28 UTC 2023 x86_64",
        ("linux_kernel", "5.15.0-91-generic", None, "ubuntu:20.04"),
    ),
    (
        "snmp.sysdescr",
        b"Linux c 3.10.0-1160.el7.x86_64 #1 SMP Mon Oct 19 16:18:59 UTC 2020 x86_64",
        ("linux_kernel", "3.10.0-1160.el7.x86_64", "3.10.0-1160.el7", "el:7"),
    ),
    (
        "snmp.sysdescr",
        b"Hardware: Intel64 - Software: Windows Version 6.3 (Build 17763 Multiprocessor Free)",
        ("windows", None, None, None),
    ),
]


@for_every(("kind", "raw", "said"), CASES)
def test_first_product(kind: str, raw: bytes, said: Said | None) -> None:
    found = identify(kind, raw)
    first = (found[0].name, found[0].version, found[0].revision, found[0].distro) if found else None
    assert first == said


@pytest.mark.parametrize("kind", sorted(WRITTEN_OUT))
@given(raw=st.binary(max_size=64))
@settings(max_examples=60, deadline=None)
def test_numbers_of_any_bytes(kind: str, raw: bytes) -> None:
    for product in identify(kind, raw):
        assert product.name
        assert product.version is None or product.version[0].isdigit()
