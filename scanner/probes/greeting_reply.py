"""Greetings that begin with a reply code, `220 ...`: FTP, SMTP, NNTP and others share the form, so words decide."""

from __future__ import annotations

import re

CODE = re.compile(rb"[1-5]\d\d(?:[ -]|\r?\n)")

_VARNISH = re.compile(rb"(\d{3}) (\d{1,8}) *\n")
"""Varnish's: a code, and the size of what follows, thirteen bytes with the line feed."""
_DICT = re.compile(rb"<(?:auth|mime|[a-z]+(?:\.[a-z]+)+)?> <[^<> ]+@[^<> ]+>")
"""The capabilities and the message id that end the greeting of a dictionary server (RFC 2229)."""
_CERTAIN = (
    # Words that only one protocol's servers say.
    (re.compile(rb"VMware Authentication Daemon"), "vmauthd"),
    (re.compile(rb"\bHylaFAX\b"), "hylafax"),
    (re.compile(rb"\bSVDRP\b"), "svdrp"),
    (re.compile(rb"\bICECC\b"), "icecc"),
    (re.compile(rb"\bdictd\b"), "dict"),
    (_DICT, "dict"),
    (re.compile(rb"\bLMTP\b"), "lmtp"),
    (re.compile(rb"\bNNTP\b|\bInterNetNews\b|\bNNRP\b|\bINN \d|\bleafnode\b|\bsnntpd?\b|\(sn version ", re.I), "nntp"),
    (re.compile(rb"\bnews\b.{0,120}\bposting\b|^20[01] .{0,120}\bpost(?:ing)?\b|^400 .{0,120}\bnews\b", re.I), "nntp"),
    (re.compile(rb"\bE?SMTP\b|\bPostfix\b|\bSendmail \d|\bExim \d|\bmsmtpd\b"), "smtp"),
    (re.compile(rb"vsFTPd|ProFTPD|Pure-FTPd|FileZilla|Serv-U|\bFTP\b|\bftpd\b|^500 OOPS:", re.I), "ftp"),
)
_NAME = re.compile(rb"(?m)^(\d{3}[ -])[\w-]+(?:\.[\w-]+)+[,;]?(?= )")
"""A host's own name at the start of a line: `ftp.example.com` and `mail.example.com` may run anything."""
_FTP = re.compile(rb"ftp", re.IGNORECASE)
_SMTP = re.compile(rb"smtp|\bmail", re.IGNORECASE)
_PORTS = {
    **dict.fromkeys((21, 990, 2121, 2100, 8021), "ftp"),
    **dict.fromkeys((25, 465, 587, 2525, 10025, 10024), "smtp"),
    **dict.fromkeys((119, 563, 433), "nntp"),
    24: "lmtp",
    2003: "lmtp",
    2628: "dict",
    4559: "hylafax",
    6419: "svdrp",
    902: "vmauthd",
}
_CODES = {
    # The codes with which a protocol's server may greet: RFC 959, 5321, 3977.
    "ftp": (b"120", b"220", b"421", b"500", b"530"),
    "smtp": (b"220", b"421", b"521", b"554", b"450", b"550", b"571"),
    "lmtp": (b"220", b"421", b"554"),
    "nntp": (b"200", b"201", b"400", b"502", b"480", b"503"),
    "dict": (b"220", b"420", b"421", b"530"),
    "hylafax": (b"220", b"120", b"421", b"130"),
    "svdrp": (b"220", b"550", b"554"),
    "vmauthd": (b"220",),
}


def reply_ended(data: bytes) -> bool:
    """Whether the last line of a reply has come: `220-` goes on up to a line `220 `."""
    if found := _VARNISH.match(data):
        return len(data) > found.end() + int(found[2])
    if not data.endswith(b"\n"):
        return False
    if data[3:4] != b"-":
        return True
    start = data.rfind(b"\n", 0, len(data) - 1) + 1
    return data.startswith((data[:3] + b" ", data[:3] + b"\r", data[:3] + b"\n"), start)


def reply_kind(head: bytes, port: int = 0, asked: str = "") -> str:
    """Whose greeting a reply code begins: by words, then by who was asked, then by the port; `reply`: undecided."""
    if _VARNISH.match(head):
        return "varnish.cli"
    anonymous = _NAME.sub(rb"\1", head)
    for pattern, kind in _CERTAIN:
        if pattern.search(anonymous):
            return kind
    for protocol in (asked, _PORTS.get(port, "")):
        if head[:3] in _CODES.get(protocol, ()):
            return protocol
    for text in (anonymous, head):
        ftp, smtp = bool(_FTP.search(text)), bool(_SMTP.search(text))
        if ftp != smtp:
            return "ftp" if ftp else "smtp"
    return "reply"
