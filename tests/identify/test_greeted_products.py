"""Products of services that greet in text: what Debian 12's daemons said, and what devices are known to say."""

from __future__ import annotations

from tables import for_every

from scanner.identify import identify

Row = tuple[str, str | None, str | None, str | None]

CYRUS: Row = ("cyrus_imap", "3.6.1", "3.6.1-4+deb12u5", "debian:12")
BUILD = b"3.6.1-Debian-3.6.1-4+deb12u5"
SENDMAIL = b"220 x ESMTP Sendmail 8.17.1.9/8.17.1.9/Debian-2+deb12u2; Sun, 22 Nov 2026 08:53:51 GMT; (No UCE/UBE)"
QMP = b'{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "%s"}, "capabilities": ["oob"]}}'
GANGLIA = b'<GANGLIA_XML VERSION="3.7.2" SOURCE="gmond"'

RECORDED: list[tuple[str, bytes, Row | None]] = [
    ("imap", b"* OK [CAPABILITY IMAP4rev1] cyrus Cyrus IMAP " + BUILD + b" server ready", CYRUS),
    ("imap.id", b'* ID ("name" "Cyrus IMAPD" "version" "' + BUILD + b'" "os" "Linux")\r\nf2 OK Completed', CYRUS),
    ("pop3", b"+OK cyrus Cyrus POP3 " + BUILD + b" server ready <29778.17953@cyrus>", CYRUS),
    ("pop3.capa", b"+OK List\r\nSTLS\r\nIMPLEMENTATION Cyrus POP3 " + BUILD + b"\r\n.", CYRUS),
    ("nntp", b"200 cyrus Cyrus NNTP " + BUILD + b" server ready, posting allowed", CYRUS),
    ("sieve", b'"IMPLEMENTATION" "Cyrus timsieved ' + BUILD + b'"\r\n"VERSION" "1.0"', CYRUS),
    ("lmtp", b"220 cyrus Cyrus LMTP " + BUILD + b" server ready", CYRUS),
    ("imap.id", b'* ID ("name" "Dovecot")\r\nf2 OK ID completed.', ("dovecot", None, None, None)),
    ("lmtp", b"220 x Dovecot (Debian) ready.", ("dovecot", None, None, "debian")),
    ("smtp", b"220 x Dovecot (Debian) ready.", ("dovecot", None, None, "debian")),
    ("sieve", b'"IMPLEMENTATION" "Dovecot (Debian) Pigeonhole"', ("dovecot", None, None, "debian")),
    ("smtp", SENDMAIL, ("sendmail", "8.17.1.9", "8.17.1.9-2+deb12u2", "debian:12")),
    ("smtp.help", b"214-2.0.0 This is sendmail version 8.17.1.9\r\n214 x", ("sendmail", "8.17.1.9", None, None)),
    ("smtp.help", b"214-2.0.0 This is OpenSMTPD\r\n214 2.0.0 End", ("opensmtpd", None, None, None)),
    ("smtp.help", b"500 5.5.2 Error: command not recognized", ("postfix", None, None, None)),
    ("smtp.help", b"214-Commands supported:\r\n214 AUTH STARTTLS HELO EHLO MAIL RCPT DATA", ("exim", None, None, None)),
    ("smtp", b"220 x Python SMTP 1.4.3", ("aiosmtpd", "1.4.3", None, None)),
    ("ftp", b"220 x FTP server (Version 6.4/OpenBSD/Linux-ftpd-0.17) ready.", ("linux-ftpd", "0.17", None, None)),
    ("ftp", b"220 pyftpdlib 1.5.7 ready.", ("pyftpdlib", "1.5.7", None, None)),
    ("ftp.stat", b"211- x FTP server status:\r\n   ftpd (GNU inetutils) 2.4\r\n", ("inetutils", "2.4", None, None)),
    ("ftp.help", b"214-The following SITE commands are recognized\r\n214 Pure-FTPd - http://pureftpd.org/",
     ("pure-ftpd", None, None, None)),
    ("nntp", b"201 x InterNetNews NNRP server INN 2.7.1 ready (no posting)", ("inn", "2.7.1", None, None)),
    ("nntp", b"200 Leafnode NNTP Daemon, version 1.12.0 running at x (my fqdn: x)", ("leafnode", "1.12.0", None, None)),
    ("nntp", b"200 Hi, you can post (sn version 0.3.8)", ("sn", "0.3.8", None, None)),
    ("irc.welcome", b":irc.x 002 fencewalk :Your host is irc.x, running version ngircd-26.1 (x86_64/pc/linux-gnu)",
     ("ngircd", "26.1", None, None)),
    ("irc.welcome", b":x 002 fencewalk :Your host is x, running version InspIRCd-3", ("inspircd", None, None, None)),
    ("irc.welcome", b":x 002 fencewalk :Your host is x[0.0.0.0/6667], running version ircd-hybrid-1:8.2.43+dfsg.1-1",
     ("ircd-hybrid", "8.2.43", "8.2.43+dfsg.1-1", None)),
    ("irc.welcome", b":x 002 fencewalk :Host x is running BitlBee 3.6-1.3.\n:x 004 fencewalk x 3.6-1.3 abiswRo ntC",
     ("bitlbee", "3.6", "3.6-1.3", None)),
    ("dict", b"220 x dictd 1.13.0/rf on Linux 6.1 <auth.mime> <1.3.1795337631@x>", ("dictd", "1.13.0", None, None)),
    ("ganglia", GANGLIA, ("ganglia", "3.7.2", None, None)),
    ("gopher", b"i   Gophered by Gophernicus/3.1.1 on Debian/12.15 x86_64\t\tnull.host\t1",
     ("gophernicus", "3.1.1", None, "debian:12")),
    ("qemu.qmp", QMP % b"Debian 1:7.2+dfsg-7+deb12u18+b3", ("qemu", "7.2.22", "7.2+dfsg-7+deb12u18+b3", "debian:12")),
    ("qemu.qmp", QMP % b"", ("qemu", "7.2.22", None, None)),
    ("telnet", b"Hello, this is FRRouting (version 8.4.4).\r\n\r\nUser Access Verification\r\n\r\nPassword:",
     ("frrouting", "8.4.4", None, None)),
    ("telnet", b"QEMU 7.2.22 monitor - type 'help' for more information\r\n(qemu)", ("qemu", "7.2.22", None, None)),
    ("telnet", b"Debian GNU/Linux 12\r\nbox login:", ("debian_linux", "12", None, "debian:12")),
    ("telnet.options", bytes.fromhex("fffb25fffb26fffd18fffd20fffd23fffd27fffd24"), ("inetutils", None, None, None)),
    ("telnet.options", bytes.fromhex("fffd01fffd1ffffb01fffb03"), ("busybox", None, None, None)),
    ("svn", b"( success ( 2 2 ( ) ( edit-pipeline svndiff1 absent-entries ) ) )", ("subversion", None, None, None)),
    ("cvs", b"cvs [pserver aborted]: bad auth protocol start: GET / HTTP/1.1", ("cvs", None, None, None)),
]  # fmt: skip

NAMELESS: list[tuple[str, bytes]] = [
    # Right answers to claim nothing about: numbers of protocols, words that anybody uses.
    ("imap", b"* OK IMAP4rev1"),
    ("imap.id", b"* ID NIL\r\nf2 OK"),
    ("pop3", b"+OK"),
    ("smtp", b"220 mx.example.com ESMTP"),
    ("smtp", b"220 1.2.3.4 ESMTP ready"),
    ("smtp.help", b"502 5.5.1 Command not implemented"),
    ("smtp.ehlo", b"250-mx\r\n250-SIZE 10240000\r\n250 8BITMIME"),
    ("ftp", b"220 FTP server ready 2.0"),
    ("ftp.syst", b"215 UNIX Type: L8"),
    ("nntp", b"400 load at 18.52, try later"),
    ("irc", b":irc.x NOTICE * :*** Looking up your hostname..."),
    ("xmpp", b"<?xml version='1.0'?><stream:stream id='abc' version='1.0' xmlns='jabber:client'>"),
    ("telnet", b"box login:"),
    ("telnet.options", b"\xff\xfd\x18"),
    ("qemu.qmp", b'{"QMP": {"version": {"qemu": {"micro": "x"}}}}'),
    ("sieve", b'"VERSION" "1.0"\r\nOK'),
]


@for_every(("kind", "raw", "expected"), RECORDED)
def test_recorded(kind: str, raw: bytes, expected: Row) -> None:
    found = [(each.name, each.version, each.revision, each.distro) for each in identify(kind, raw)]
    assert found[:1] == [expected]


@for_every(("kind", "raw"), NAMELESS)
def test_nothing_is_invented(kind: str, raw: bytes) -> None:
    assert identify(kind, raw) == ()
