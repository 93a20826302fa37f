"""What is asked of a service that has greeted: answers recorded from Debian 12's daemons, and the readings in them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tables import for_every

from scanner.model.probe import Peer, Read, Send, StartTls
from scanner.probes import probes

PEER = Peer("10.20.30.40", 4242)


def play(
    name: str, answers: Sequence[bytes], peer: Peer = PEER, whole: bool = True
) -> tuple[dict[str, bytes], list[bytes]]:
    """The readings by kind, and what was sent; `<TLS>` stands for the handshake. `whole`: each answer ends its read."""
    left, sent = list(answers), []
    steps = probes()[name].steps(peer)
    step = next(steps)
    for _ in range(32):
        data = b""
        if isinstance(step, Send):
            sent.append(step.data)
        elif isinstance(step, Read):
            data = left.pop(0) if left else b""
            assert not (data and whole) or step.enough(data), data
        else:
            assert isinstance(step, StartTls)
            sent.append(b"<TLS>")
            data = b"DER"
        try:
            step = steps.send(data)
        except StopIteration as done:
            return {reading.kind: reading.raw for reading in done.value}, sent
    raise AssertionError("the probe goes on for ever")


EHLO = b"250-mx.lab.example Hello x [10.66.0.2]\r\n250-SIZE 52428800\r\n250-STARTTLS\r\n250 HELP\r\n"
CYRUS_CAPA = (
    b"+OK List of capabilities follows\r\nSTLS\r\nIMPLEMENTATION Cyrus POP3 3.6.1-Debian-3.6.1-4+deb12u5\r\n.\r\n"
)
CYRUS_NEWS = b"101 Capability list follows:\r\nVERSION 2\r\nIMPLEMENTATION Cyrus NNTP 3.6.1\r\nSTARTTLS\r\n.\r\n"
CYRUS_SIEVE = b'"IMPLEMENTATION" "Cyrus timsieved 3.6.1-Debian-3.6.1-4+deb12u5"\r\n"STARTTLS"\r\nOK\r\n'
HELP = b"214-Commands supported:\r\n214 AUTH STARTTLS HELO EHLO MAIL RCPT DATA BDAT NOOP QUIT RSET HELP\r\n"
FTP_STAT = b"211- box FTP server status:\r\n     ftpd (GNU inetutils) 2.4\r\n211 End of status\r\n"
XMPP = (
    b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' from='10.66.1.1' version='1.0' id='b0599003'>"
    b"<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"
)
MENU = b"i   Gophered by Gophernicus/3.1.1 on Debian/12.15 x86_64\t\tnull.host\t1\r\n.\r\n"

CASES: dict[str, tuple[str, list[bytes], set[str], list[bytes]]] = {
    "smtp as far as the certificate": (
        "smtp",
        [b"220 mx ESMTP Exim 4.96 Sun\r\n", EHLO, HELP, b"220 TLS go ahead\r\n"],
        {"smtp", "smtp.ehlo", "smtp.help", "tls.cert"},
        [b"EHLO fencewalk\r\n", b"HELP\r\n", b"STARTTLS\r\n", b"<TLS>"],
    ),
    "smtp that refuses TLS after all": (
        "smtp",
        [b"220 mx ESMTP\r\n", EHLO, HELP, b"454 TLS not available\r\n"],
        {"smtp", "smtp.ehlo", "smtp.help"},
        [b"EHLO fencewalk\r\n", b"HELP\r\n", b"STARTTLS\r\n", b"QUIT\r\n"],
    ),
    "smtp that wants nobody is asked nothing": ("smtp", [b"554 no mail here\r\n"], {"smtp"}, []),
    "smtp that falls silent": ("smtp", [b"220 mx ESMTP\r\n"], {"smtp"}, [b"EHLO fencewalk\r\n"]),
    "ftp on smtp's port is left to ftp's probe": ("smtp", [b"220 (vsFTPd 3.0.3)\r\n"], {"ftp"}, []),
    "imap": (
        "imap",
        [b"* OK [CAPABILITY IMAP4rev1] ready.\r\n", b"* CAPABILITY IMAP4rev1\r\nf1 OK\r\n", b"* ID NIL\r\nf2 OK\r\n"],
        {"imap", "imap.capability", "imap.id"},
        [b"f1 CAPABILITY\r\n", b"f2 ID NIL\r\n", b"f4 LOGOUT\r\n"],
    ),
    "imap with STARTTLS": (
        "imap",
        [b"* OK [CAPABILITY STARTTLS] x\r\n", b"* CAPABILITY\r\nf1 OK\r\n", b"f2 BAD ID\r\n", b"f3 OK Begin TLS\r\n"],
        {"imap", "imap.capability", "imap.id", "tls.cert"},
        [b"f1 CAPABILITY\r\n", b"f2 ID NIL\r\n", b"f3 STARTTLS\r\n", b"<TLS>"],
    ),
    "pop3": (
        "pop3",
        [b"+OK ready <1.2@x>\r\n", CYRUS_CAPA, b"+OK Begin TLS negotiation now\r\n"],
        {"pop3", "pop3.capa", "tls.cert"},
        [b"CAPA\r\n", b"STLS\r\n", b"<TLS>"],
    ),
    "pop3 without CAPA": ("pop3", [b"+OK\r\n", b"-ERR\r\n"], {"pop3", "pop3.capa"}, [b"CAPA\r\n", b"QUIT\r\n"]),
    "ftp, every question answered": (
        "ftp",
        [b"220 x\r\n", b"530 Log in\r\n", b"215 UNIX\r\n", b"214-All\r\n214 Ok\r\n", FTP_STAT],
        {"ftp", "ftp.feat", "ftp.syst", "ftp.help", "ftp.stat"},
        [b"FEAT\r\n", b"SYST\r\n", b"HELP\r\n", b"STAT\r\n", b"QUIT\r\n"],
    ),
    "ftp without FEAT is asked for TLS all the same": (
        "ftp",
        [
            *(b"220 FTP server\r\n", b"500 'FEAT': command not understood.\r\n", b"530 x\r\n", b"214 x\r\n"),
            *(b"530 x\r\n", b"234 AUTH TLS OK.\r\n"),
        ],
        {"ftp", "ftp.feat", "ftp.syst", "ftp.help", "ftp.stat", "tls.cert"},
        [b"FEAT\r\n", b"SYST\r\n", b"HELP\r\n", b"STAT\r\n", b"AUTH TLS\r\n", b"<TLS>"],
    ),
    "nntp": (
        "nntp",
        [b"200 x Cyrus NNTP 3.6.1 server ready, posting allowed\r\n", CYRUS_NEWS, b"580 no\r\n"],
        {"nntp", "nntp.capabilities"},
        [b"CAPABILITIES\r\n", b"STARTTLS\r\n", b"QUIT\r\n"],
    ),
    "sieve": ("sieve", [CYRUS_SIEVE, b"OK go\r\n"], {"sieve", "tls.cert"}, [b"STARTTLS\r\n", b"<TLS>"]),
    "lmtp": (
        "lmtp",
        [b"220 x Dovecot (Debian) ready.\r\n", b"250-x\r\n250 PIPELINING\r\n"],
        {"lmtp", "lmtp.lhlo"},
        [b"LHLO fencewalk\r\n", b"QUIT\r\n"],
    ),
    "gopher": ("gopher", [MENU], {"gopher"}, [b"\r\n"]),
    "finger": ("finger", [b"\r\nNo one logged on.\r\n"], {"finger"}, [b"\r\n"]),
    "a web server on finger's port": ("finger", [b"HTTP/1.1 400 Bad\r\n\r\n"], {"http.response"}, [b"\r\n"]),
    "imap inside TLS is asked who it is, and not for TLS": (
        "tls",
        [b"* OK [CAPABILITY STARTTLS] x\r\n", b"* CAPABILITY\r\nf1 OK\r\n", b'* ID ("name" "Dovecot")\r\nf2 OK\r\n'],
        {"tls.cert", "imap", "imap.capability", "imap.id"},
        [b"<TLS>", b"f1 CAPABILITY\r\n", b"f2 ID NIL\r\n", b"f4 LOGOUT\r\n"],
    ),
}


@for_every("case", CASES)
def test_talk(case: str) -> None:
    name, answers, kinds, said = CASES[case]
    readings, sent = play(name, answers, whole=name != "finger")
    assert set(readings) == kinds
    assert sent == said


def test_xmpp_asks_for_the_address_in_the_right_namespace() -> None:
    for port, space in ((5222, b"jabber:client"), (5269, b"jabber:server")):
        readings, sent = play("xmpp", [XMPP], Peer("10.20.30.40", port))
        assert readings == {"xmpp": XMPP}
        assert len(sent) == 1
        assert b"to='10.20.30.40'" in sent[0]
        assert space in sent[0]


def test_an_echo_of_the_header_is_no_xmpp_server() -> None:
    _, sent = play("xmpp", [XMPP])
    steps = probes()["xmpp"].steps(PEER)
    next(steps)
    steps.send(b"")
    with pytest.raises(StopIteration) as done:
        steps.send(sent[0])
    assert done.value.value == ()


WELCOME = (
    b":irc.x NOTICE fencewalk :*** Could not resolve your hostname\r\n:irc.x 001 fencewalk :Welcome\r\n"
    b":irc.x 002 fencewalk :Your host is irc.x, running version ngircd-26.1 (x86_64/pc/linux-gnu)\r\n"
    b":irc.x 004 fencewalk irc.x ngircd-26.1 abB\r\n:irc.x 376 fencewalk :End\r\n"
)
REGISTER = b"NICK fencewalk\r\nUSER fencewalk 0 * :fencewalk\r\n"


@pytest.mark.parametrize(
    ("answers", "kinds", "said"),
    [
        pytest.param(
            [b"", WELCOME, b":irc.x 351 fencewalk ngircd-26.1.IPv6 irc.x :x\r\n"],
            {"irc", "irc.welcome", "irc.version"},
            [REGISTER, b"VERSION\r\n", b"QUIT\r\n"],
            id="a visit",
        ),
        pytest.param(
            [b":irc.x NOTICE * :*** Looking up your hostname...\r\n", b"", b"PING :42\r\n", WELCOME],
            {"irc", "irc.welcome"},
            [REGISTER, b"PONG :42\r\n", b"VERSION\r\n", b"QUIT\r\n"],
            id="a server that wants to know whether we hear",
        ),
        pytest.param(
            [b"", b":irc.znc.in 464 fencewalk :Password required\r\n"],
            {"irc"},
            [REGISTER, b"QUIT\r\n"],
            id="a password",
        ),
        pytest.param([b"SSH-2.0-x\r\n"], {"ssh"}, [], id="another protocol"),
        pytest.param([b"", b"HTTP/1.1 400 Bad\r\n\r\n"], {"http.response"}, [REGISTER], id="a web server"),
        pytest.param([], set(), [REGISTER], id="nobody"),
    ],
)
def test_irc(answers: list[bytes], kinds: set[str], said: list[bytes]) -> None:
    readings, sent = play("irc", answers, whole=False)
    assert set(readings) == kinds
    assert sent == said


@pytest.mark.parametrize(
    ("answers", "kinds"),
    [
        ([b"220 Welcome\r\n", b"250 x\r\n", b"250 x\r\n", b"502 x\r\n"], {"smtp", "smtp.ehlo", "smtp.help"}),
        ([b"220 Welcome\r\n", b"500 x\r\n", b"530 Please login with USER and PASS.\r\n"], {"ftp"}),
        ([b"220 Welcome\r\n", b"530 Log in\r\n", b"215 UNIX Type: L8\r\n", b"211 End\r\n"], {"ftp", "ftp.feat"}),
        ([b"220 Welcome\r\n", b"500 what?\r\n", b"500 what?\r\n"], {"reply"}),
        ([b"220 Welcome\r\n"], {"reply"}),
        ([b"220 mx ESMTP\r\n"], {"smtp"}),
    ],
)
def test_a_greeting_that_leaves_it_open_is_decided_by_a_question(answers: list[bytes], kinds: set[str]) -> None:
    assert set(play("reply", answers)[0]) == kinds
