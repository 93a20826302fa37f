"""Readings of services that greet in text: reply codes off, line ends plain, what is no text written out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from scanner.identify.matcher import decode

_CODE = re.compile(r"^\d{3}(?:[ -]|$)", re.MULTILINE)
_NUMBER = 1_000_000
_COMMANDS = re.compile(rb"\xff(?:[\xfb-\xfe].?|\xfa(?:(?!\xff\xf0).)*(?:\xff\xf0)?|[\xf0-\xf9])", re.DOTALL)
"""Telnet's, of which a server sends some before it greets."""


def _plain(raw: bytes) -> str:
    return decode(raw).replace("\r", "").strip("\n\t \0")


def _reply(raw: bytes) -> str:
    return "\n".join(line.rstrip() for line in _CODE.sub("", _plain(raw)).split("\n")).strip()


def _terminal(raw: bytes) -> str:
    """What a terminal would show of a telnet server's first bytes."""
    return _plain(_COMMANDS.sub(b"", raw))


def _options(raw: bytes) -> str:
    """Telnet's commands in hexadecimal."""
    return raw.hex() if raw.startswith(b"\xff") else decode(raw)


def _machine(raw: bytes) -> str:
    """`7.2.22 Debian 1:7.2+dfsg-7+deb12u18+b3` of QEMU's greeting, as it is if it is another."""
    try:
        found = json.loads(raw)["QMP"]["version"]
        numbers = [found["qemu"][each] for each in ("major", "minor", "micro")]
        package = found["package"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return _plain(raw)
    if not all(type(each) is int and 0 <= each < _NUMBER for each in numbers) or not isinstance(package, str):
        return _plain(raw)
    return f"{'.'.join(map(str, numbers))} {package}".strip()


GREETINGS: dict[str, Callable[[bytes], str]] = {
    **dict.fromkeys(
        (
            *("smtp.ehlo", "smtp.help", "lmtp", "lmtp.lhlo", "ftp.feat", "ftp.help", "ftp.stat", "ftp.syst"),
            *("nntp", "dict", "hylafax", "svdrp", "icecc"),
        ),
        _reply,
    ),
    **dict.fromkeys(
        (
            *("imap.capability", "imap.id", "pop3.capa", "nntp.capabilities", "sieve", "mupdate", "irc", "irc.welcome"),
            *(
                "irc.version",
                "xmpp",
                "svn",
                "cvs",
                "gopher",
                "ganglia",
                "varnish.cli",
                "vlc",
                "babel",
                "yate",
            ),
        ),
        _plain,
    ),
    "telnet": _terminal,
    "telnet.options": _options,
    "qemu.qmp": _machine,
}
"""Kind to the one text that its fingerprints are tried on."""
