"""A host name is its owner's to choose: whatever word stands in it, what greets is what it was."""

from __future__ import annotations

import re

import pytest
from tables import for_every

from scanner.identify import database, identify

KINDS = ("smtp", "lmtp", "ftp", "imap", "pop3", "nntp", "telnet")
HOSTS = re.compile(
    r"(?<![\w./-])(?:mx(?:\.corp)?|mail|box|foo\.bar|host|x\.y\.z|smtp|a\.b)(?:\.example(?:\.com)?)?(?![\w./-])"
)
"""The names that examples use for a host."""
WORDS = (
    *(
        "Exim",
        "Postfix",
        "Sendmail",
        "Dovecot",
        "Cyrus",
        "Courier",
        "OpenSMTPD",
        "hMailServer",
        "MailEnable",
        "MDaemon",
    ),
    *("SmarterMail", "Axigen", "IceWarp", "Zimbra", "Kerio", "GroupWise", "Stalwart", "Haraka", "perdition", "msmtpd"),
    *(
        "amavisd-new",
        "Barracuda",
        "ProFTPD",
        "Pure-FTPd",
        "vsFTPd",
        "FileZilla",
        "Synology",
        "Serv-U",
        "bftpd",
        "glFTPd",
    ),
    *(
        "CrushFTP",
        "NcFTPd",
        "BusyBox",
        "OpenWrt",
        "VxWorks",
        "FRITZ!Box",
        "DiskStation",
        "Qpopper",
        "IMail",
        "Symantec",
    ),
)
SHAPES = ("{}", "{}.example.org", "mail.{}.example.org", "{}-1.example.org", "old-{}.example.org", "{}4.example.org")


def spoken(kind: str, text: str) -> list[tuple[str, str, str | None]]:
    return [(each.vendor, each.name, each.version) for each in identify(kind, text.encode())]


def with_hosts() -> list[tuple[str, str]]:
    found = []
    for kind in KINDS:
        for fingerprint in database(kind).fingerprints:
            for example in fingerprint.examples:
                text = example.text.decode()
                if HOSTS.search(text):
                    found.append((kind, text))
    return found


@pytest.mark.parametrize(("kind", "text"), with_hosts())
def test_a_product_in_the_name_of_a_host_is_not_what_runs_there(kind: str, text: str) -> None:
    truth = spoken(kind, text)
    for word in WORDS:
        for name in {word, word.lower(), word.upper()}:
            for shape in SHAPES:
                said = HOSTS.sub(lambda _: shape.format(name), text)  # noqa: B023
                assert spoken(kind, said) == truth, said


@for_every("kind", ["smtp", "ftp", "imap", "pop3", "lmtp", "nntp"])
@for_every(
    "text",
    [
        *("{} ESMTP", "{} ready", "{} FTP server ready.", "Welcome to {}", "{} ESMTP at your service"),
        *("{} server ready <1.2@{}>", "[CAPABILITY IMAP4rev1] {} is here"),
    ],
)
def test_a_name_alone_is_no_product(kind: str, text: str) -> None:
    for word in WORDS:
        for shape in SHAPES[1:]:
            said = text.replace("{}", shape.format(word))
            assert spoken(kind, said) == [], said


@pytest.mark.parametrize(
    "comment",
    [
        *("Bitvise SSH Server (WinSSHD) 9.32", "sshlib GlobalSCAPE", "sshlib: MOVEit DMZ SSH 3.0.5.0"),
        *("dropbear_2022.83", "OpenSSH_9.9p1", "FlowSsh: WinSSHD 5.09"),
    ],
)
def test_the_comment_of_an_ssh_server_is_anybodys(comment: str) -> None:
    assert spoken("ssh", f"SSH-2.0-OpenSSH_9.2p1 {comment}")[0] == ("openbsd", "openssh", "9.2p1")
    assert spoken("ssh", f"SSH-2.0-Something {comment}") == []
