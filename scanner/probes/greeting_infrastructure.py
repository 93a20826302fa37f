"""What infrastructure daemons say first, by their first bytes: monitoring, storage, clocks, voice."""

from __future__ import annotations

import re

from scanner.model.observation import Reading

LINE = 2048

_STARTS = (
    # How it begins, and the kind of reading; the first line is kept.
    (b"OK MPD ", "mpd"),
    (b"# munin node at ", "munin"),
    (b'{"class":"VERSION",', "gpsd"),
    (b">INFO:OpenVPN Management Interface", "openvpn-management"),
    (b"TS3\n\r", "teamspeak"),
    (b"Asterisk Call Manager/", "asterisk"),
    (b"Network UPS Tools upsd ", "nut"),
    (b"ERR UNKNOWN-COMMAND\n", "nut.error"),
    (b"UNKNOWN COMMAND\n", "clamd.error"),
    (b"SPAMD/", "spamd"),
    (b"error\x01Generic bzr smart protocol error", "bzr"),
    (b'ERROR: unknown command, type "help" to get a list of commands.', "liquidsoap"),
    (b"520 command could not be executed, unknown command", "mon"),
)
_NBD = b"NBDMAGIC"
_ZMTP = re.compile(rb"\xff[\s\S]{8}\x7f")
_OMAPI = b"\0\0\0\x64\0\0\0\x18"
"""Version 100 and the size of a header: ISC's dhcpd greets so on its control port."""
_NSCA = 132
_NSCA_PORT = 5667


def spoken(data: bytes, port: int = 0) -> tuple[Reading, ...]:
    """The readings in what a service said, `()` if it is none of these protocols. Never raises."""
    for start, kind in _STARTS:
        if data.startswith(start):
            return (Reading(kind, data.partition(b"\n")[0][:LINE].rstrip() or start),)
    if data.startswith(_NBD):
        return (Reading("nbd", data[:18]),)
    if _ZMTP.match(data):
        return (Reading("zmtp", data[:64]),)
    if data == _OMAPI:
        return (Reading("omapi", data),)
    if len(data) == _NSCA and port == _NSCA_PORT and 0x40000000 < int.from_bytes(data[128:], "big") < 0xF0000000:
        # Random bytes for the cipher, then the server's clock.
        return (Reading("nsca", data[128:]),)
    return ()


def whole(data: bytes) -> bool | None:
    """Whether a greeting of a binary protocol has come to its end, None if it is none of these."""
    if data.startswith(_NBD):
        return len(data) >= 18
    if data == _OMAPI or _ZMTP.match(data):
        return True
    return None
