"""Which protocol a greeting belongs to, wherever it is heard."""

from __future__ import annotations

import pytest

from scanner.probes.greeting import classify, complete

KINDS = [
    (b"SSH-2.0-OpenSSH_9.2p1\r\n", 4242, "ssh"),
    (b"SSH-2.0-OpenSSH_9.2p1", 25, "ssh"),
    (b"220 (vsFTPd 3.0.3)\r\n", 4242, "ftp"),
    (b"220 ProFTPD Server ready\r\n", 4242, "ftp"),
    (b"220 box FTP server (MikroTik 6.49.10) ready\r\n", 25, "ftp"),
    (b"220 mx.example.com ESMTP Postfix\r\n", 4242, "smtp"),
    (b"220 mx.example.com ESMTP Postfix\r\n", 21, "smtp"),
    (b"554 no mail here\r\n", 4242, "smtp"),
    (b"220 Welcome\r\n", 21, "ftp"),
    (b"220 Welcome\r\n", 25, "smtp"),
    (b"220 Welcome\r\n", 4242, "banner"),
    (b"220 ftp.example.com ESMTP\r\n", 4242, "smtp"),
    (b"220 VMware Authentication Daemon Version 1.10: SSL Required\r\n", 902, "vmauthd"),
    (b"* OK Dovecot ready.\r\n", 4242, "imap"),
    (b"+OK Dovecot ready.\r\n", 4242, "pop3"),
    (b"RFB 003.008\n", 4242, "vnc"),
    (b"\x4a\x00\x00\x00\x0a5.5.5-10.11.6-MariaDB-0+deb12u1\0" + bytes(60), 4242, "mysql"),
    (b"\x10\x00\x00\x00\xff\x6a\x04Host is not a", 4242, "mysql.error"),
    (b"\x10\x00\x00\x01\xff\x15\x04#28000Host is", 4242, "mysql.error"),
    (b"@RSYNCD: 31.0\n", 873, "rsync"),
    (b"-DENIED Redis is running in protected mode\r\n", 4242, "redis"),
    (b"\xff\xfb\x01\xff\xfb\x03login: ", 4242, "telnet"),
    (b"User Access Verification\r\n", 23, "telnet"),
    (b"HTTP/1.1 408 Request Timeout\r\n\r\n", 4242, "http.response"),
    (b"whatever\r\n", 4242, "banner"),
]


@pytest.mark.parametrize(("data", "port", "kind"), KINDS)
def test_kind(data: bytes, port: int, kind: str) -> None:
    assert classify(data, port)[0].kind == kind


def test_nothing_and_a_tls_alert_are_no_reading() -> None:
    assert classify(b"") == ()
    assert classify(b"\x15\x03\x03\x00\x02\x02\x28") == ()


@pytest.mark.parametrize(
    ("data", "ends"),
    [
        (b"", False),
        (b"220-first\r\n", False),
        (b"220-first\r\n220 last\r\n", True),
        (b"220 hel", False),
        (b"SSH-2.0-x", False),
        (b"SSH-2.0-x\r\n", True),
        (b"\x4a\x00\x00\x00\x0a8.0", False),
        (b"\x03\x00\x00\x00\x0a8\0", True),
        (b"login: ", False),
        (b"\xff\xfd\x18", False),
    ],
)
def test_when_a_greeting_has_ended(data: bytes, ends: bool) -> None:
    assert complete(data) is ends
