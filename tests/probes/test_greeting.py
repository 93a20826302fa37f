"""Which protocol a greeting belongs to, wherever it is heard."""

from __future__ import annotations

from tables import for_every

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
    (b"220 Welcome\r\n", 4242, "reply"),
    (b"220 mail.example.com FTP server (Version 6.4/OpenBSD/Linux-ftpd-0.17) ready.\r\n", 25, "ftp"),
    (b"220 ftp.example.com Dovecot ready.\r\n", 587, "smtp"),
    (b"220 mail.example.com ready\r\n", 4242, "smtp"),
    (b"220 mail.example.com ready\r\n", 21, "ftp"),
    (b"220 pyftpdlib 1.5.7 ready.\r\n", 4242, "ftp"),
    (b"220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\r\n220 x\r\n", 4242, "ftp"),
    (b"500 OOPS: vsftpd: refusing to run with writable root inside chroot()\r\n", 4242, "ftp"),
    (b"220 x dictd 1.13.0/rf on Linux 6.1 <auth.mime> <1.3.1795337631@x>\r\n", 2628, "dict"),
    (b"220 x <auth.mime> <4.1234@x>\r\n", 4242, "dict"),
    (b"220 x server (HylaFAX (tm) Version 6.0.7) ready.\r\n", 4559, "hylafax"),
    (b"220 x SVDRP VideoDiskRecorder 2.6.0; Sun Nov 22 08:20:00 2026; UTF-8\r\n", 6419, "svdrp"),
    (b"220 x Cyrus LMTP 3.6.1-Debian-3.6.1-4+deb12u5 server ready\r\n", 4242, "lmtp"),
    (b"220 x Dovecot (Debian) ready.\r\n", 24, "lmtp"),
    (b"200 x InterNetNews server INN 2.7.1 ready (transit mode)\r\n", 4242, "nntp"),
    (b"201 x InterNetNews NNRP server INN 2.7.1 ready (no posting)\r\n", 4242, "nntp"),
    (b"200 Leafnode NNTP Daemon, version 1.12.0 running at x\r\n", 4242, "nntp"),
    (b"400 load at 18.52, try later\r\n", 119, "nntp"),
    (b"200 x Cyrus NNTP 3.6.1 server ready, posting allowed\r\n", 25, "nntp"),
    (b"200-ICECC 1.4.0: 0s uptime, 0 hosts, 0 jobs in queue (0 total).\n200 Use 'help'\n", 8766, "icecc"),
    (b"107 59      \nqakjjqcvmxpnlwlnhzfkpkqvnmcwbsqz\n\nAuthentication required.\n", 6082, "varnish.cli"),
    (b'* OK MUPDATE "x" "Cyrus" "3.6.1" "(master)"\r\n', 3905, "mupdate"),
    (b'"IMPLEMENTATION" "Dovecot (Debian) Pigeonhole"\r\n"SIEVE" "x"\r\nOK "ready."\r\n', 4242, "sieve"),
    (b'BYE (TRYLATER) "Auth process broken"\r\n', 4190, "sieve"),
    (b":irc.x NOTICE * :*** Looking up your hostname...\r\n", 4242, "irc"),
    (b"NOTICE AUTH :*** Looking up your hostname...\r\n", 4242, "irc"),
    (b'ERROR :"Oops, HTTP request received? This is IRC!"\r\n', 4242, "irc"),
    (b":irc.x 451 GET :Register first\r\n", 4242, "irc"),
    (b"<?xml version='1.0'?><stream:stream id='1' version='1.0'><stream:error/>", 4242, "xmpp"),
    (b"<?xml version='1.0'?><other/>", 4242, "banner"),
    (b"( success ( 2 2 ( ) ( edit-pipeline svndiff1 ) ) ) ", 4242, "svn"),
    (b"cvs [pserver aborted]: bad auth protocol start: GET / HTTP/1.1\r\n", 2401, "cvs"),
    (b"OK MPD 0.23.5\n", 4242, "mpd"),
    (b"Asterisk Call Manager/5.0.2\r\n", 4242, "asterisk"),
    (b"NBDMAGICIHAVEOPT\0\3", 4242, "nbd"),
    (b'{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}}}}\r\n', 4242, "qemu.qmp"),
    (b'<?xml version="1.0"?><!DOCTYPE GANGLIA_XML []><GANGLIA_XML VERSION="3.7.2" SOURCE="gmond">', 1, "ganglia"),
    (b"\r\nHello, this is FRRouting (version 8.4.4).\r\n\xff\xfb\x01Password: ", 4242, "telnet"),
    (b"Sun Nov 22 08:28:22 2026\r\n", 4242, "daytime"),
    (b"22 NOV 2026 08:28:22 UTC\r\n", 13, "daytime"),
    (b"\xee\xad&\x1c", 37, "time"),
    (b" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r\n", 4242, "chargen"),
    (b"_]-[?@{1U>1/LBT\r\n", 22, "banner"),
    (b"-ERR no mail for you\r\n", 110, "pop3"),
    (b"-ERR unknown command 'GET'\r\n", 4242, "redis.error"),
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


@for_every(("data", "port", "kind"), KINDS)
def test_kind(data: bytes, port: int, kind: str) -> None:
    assert kind in [reading.kind for reading in classify(data, port)][:2]


def test_nothing_and_a_tls_alert_are_no_reading() -> None:
    assert classify(b"") == ()
    assert classify(b"\x15\x03\x03\x00\x02\x02\x28") == ()


@for_every(
    ("data", "ends"),
    [
        (b"", False),
        (b"220-first\r\n", False),
        (b"220-first\r\n220 last\r\n", True),
        (b"220 hel", False),
        (b"220-first\r\n no code\r\n", False),
        (b"220-first\r\n no code\r\n220 last\r\n", True),
        (b"220-first\r\n220\r\n", True),
        (b"107 59      \nqakj", False),
        (b'"SIEVE" "fileinto"\r\n', False),
        (b'"SIEVE" "fileinto"\r\nOK\r\n', True),
        (b"<?xml version='1.0'?>\n<!DOCTYPE GANGLIA_XML [\n", False),
        (b"<?xml version='1.0'?>\n<GANGLIA_XML VERSION=\"3\">", True),
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
