"""What a service says by itself, told apart by its first bytes: the one place that knows which protocol a greeting is.

Services live on ports that are not theirs, so a greeting decides, and the port only breaks a tie (`220 Welcome`).
"""

from __future__ import annotations

import re
from collections.abc import Generator

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Read, Steps
from scanner.probes import telnet_text
from scanner.probes.http_text import http_readings

LINE = 2048
"""Bytes of a greeting that are kept."""

_CODE = re.compile(rb"[1-5]\d\d[ -]")
_SSH = re.compile(rb"(?:\A|\n)(SSH-[^\r\n\0]{1,512})")
_FTP = re.compile(rb"ftp|file ?zilla|serv-u", re.IGNORECASE)
_SMTP = re.compile(rb"smtp|postfix|exim|sendmail|mail", re.IGNORECASE)
_FTP_PORTS = frozenset({21, 990, 2121, 2100})
_SMTP_PORTS = frozenset({25, 465, 587, 2525})


def listen(seconds: float) -> Generator[Read, bytes, bytes]:
    """Read a greeting and write nothing."""
    return (yield Read(enough=complete, limit=8192, seconds=seconds))


def listening(peer: Peer, seconds: float = 8.0, asked: str = "") -> Steps:
    """A whole probe that only listens. Mail servers that make a newcomer wait do so for about six seconds.

    `asked` is the protocol to take an ambiguous greeting for.
    """
    data = yield from listen(seconds)
    return classify(data, peer.port, asked)


def complete(data: bytes) -> bool:
    """Whether a greeting has been said to its end, as far as its protocol shows; a prompt never ends, time does."""
    if data[:3].isdigit() and _CODE.match(data):
        start = data.rfind(b"\n", 0, len(data) - 1) + 1
        return data.endswith(b"\n") and data[start + 3 : start + 4] != b"-"
    if data[3:4] == b"\0" and data[4:5] in (b"\x09", b"\x0a", b"\xff"):
        return len(data) >= 4 + int.from_bytes(data[:3], "little")
    if data.startswith(b"SSH-"):
        return b"\n" in data
    return data.endswith(b"\n") and not data.startswith((b"HTTP/", b"\xff"))


def classify(data: bytes, port: int = 0, asked: str = "") -> tuple[Reading, ...]:
    """The readings in what a service said first, `()` for nothing and for a TLS alert. Never raises.

    `port`, and `asked` where a probe for one protocol listened, break ties only.
    """
    if not data or data[:2] == b"\x15\x03":
        return ()
    if found := _SSH.search(data[:8192]):
        return (Reading("ssh", found[1]),)
    if data.startswith(b"RFB "):
        return (Reading("vnc", data[:12].rstrip()),)
    if greeting := mysql(data):
        return greeting
    if data.startswith((b"HTTP/1.", b"HTTP/0.")):
        return http_readings(data)
    if data.startswith(b"RTSP/1."):
        return (Reading("rtsp", data[:LINE]),)
    if data.startswith(b"\xff") and data[1:2] >= b"\xf0":
        return (Reading("telnet", telnet_text.text(data)[:LINE]),)
    return (Reading(_line_kind(data, port, asked), data[:LINE].rstrip(b"\r\n")),)


def _line_kind(data: bytes, port: int, asked: str) -> str:
    if data.startswith((b"* OK", b"* PREAUTH", b"* BYE")):
        return "imap"
    if data.startswith(b"+OK"):
        return "pop3"
    if data.startswith((b"-DENIED", b"-NOAUTH")):
        return "redis"
    if data.startswith(b"@RSYNCD:"):
        return "rsync"
    if _CODE.match(data):
        return _reply_kind(data[:LINE], port, asked)
    return "telnet" if port in (23, 2323) else "banner"


def _reply_kind(head: bytes, port: int, asked: str) -> str:
    """Whose greeting a reply code begins: FTP and SMTP share the form, so words decide, then the port."""
    if b"VMware Authentication Daemon" in head:
        return "vmauthd"
    ftp, smtp = bool(_FTP.search(head)), bool(_SMTP.search(head))
    if ftp != smtp:
        return "ftp" if ftp else "smtp"
    if asked in ("ftp", "smtp"):
        return asked
    if port in _FTP_PORTS or port in _SMTP_PORTS:
        return "ftp" if port in _FTP_PORTS else "smtp"
    if ftp:
        return "smtp" if b"SMTP" in head.upper() else "ftp"
    return "banner"


def mysql(data: bytes) -> tuple[Reading, ...]:
    """The version string of a MySQL greeting, or the text of an error packet sent in its place."""
    size = int.from_bytes(data[:3], "little")
    if len(data) < 6 or data[3] not in (0, 1) or not 2 <= size <= 4096:
        return ()
    body = data[4 : 4 + size]
    if body[0] in (9, 10):
        version, nul, _ = body[1:].partition(b"\0")
        if nul and 1 <= len(version) <= 256 and version.isascii() and version[:1].isdigit():
            return (Reading("mysql", version),)
    if body[0] == 0xFF and len(body) > 3:
        # An error packet: two bytes of code, and from protocol 4.1 on `#` and five of state.
        code = int.from_bytes(body[1:3], "little")
        text = body[9:] if body[3:4] == b"#" else body[3:]
        if 1000 <= code < 5000 and text:
            return (Reading("mysql.error", text[:LINE]),)
    return ()


def stranger(data: bytes, port: int = 0) -> tuple[Reading, ...]:
    """The readings in an answer that is not the asked protocol's: another protocol's if it is clear which, else `()`.

    An answer nobody knows is no greeting: it may only echo what we sent.
    """
    return tuple(reading for reading in classify(data, port) if reading.kind not in ("banner", "telnet"))
