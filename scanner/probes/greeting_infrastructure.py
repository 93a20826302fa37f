"""What infrastructure daemons say first, by their first bytes: monitoring, storage, clocks, voice."""

from __future__ import annotations

import re

from scanner.model.observation import Reading
from scanner.probes import coap_text, http2_text

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
    (b"PYRO\x00", "pyro"),
)
_NBD = b"NBDMAGIC"
_ZMTP = re.compile(rb"\xff[\s\S]{8}\x7f")
_OMAPI = b"\0\0\0\x64\0\0\0\x18"
"""Version 100 and the size of a header: ISC's dhcpd greets so on its control port."""
SPICE = b"REDQ"
_SPICE_HEAD = 16
_OPENFLOW = range(1, 7)
"""Its versions on the wire: 1.0 to 1.5."""
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
    if data.startswith(SPICE) and len(data) >= _SPICE_HEAD + 4:
        return (Reading("spice", data[: _SPICE_HEAD + 4]),)
    if _openflow(data):
        return (Reading("openflow", data),)
    if settings := http2_text.settings(data):
        return (Reading("http2", settings),)
    if settings := coap_text.settings(data):
        return (Reading("coap", settings),)
    if len(data) == _NSCA and port == _NSCA_PORT and 0x40000000 < int.from_bytes(data[128:], "big") < 0xF0000000:
        # Random bytes for the cipher, then the server's clock.
        return (Reading("nsca", data[128:]),)
    return ()


def whole(data: bytes) -> bool | None:
    """Whether a greeting of a binary protocol has come to its end, None if it is none of these."""
    if data.startswith(_NBD):
        return len(data) >= 18
    if data == _OMAPI or _ZMTP.match(data) or _openflow(data) or coap_text.settings(data) or http2_text.settings(data):
        return True
    if data.startswith(SPICE):
        return len(data) >= min(spice_size(data), LINE)
    return None


def spice_size(data: bytes) -> int:
    """Bytes of a whole answer of SPICE: a head, and as much as the head says."""
    return _SPICE_HEAD + int.from_bytes(data[12:16], "little")


def _openflow(data: bytes) -> bool:
    """Whether this is a Hello and nothing else: version, type 0, its length, a number; from 1.3 on, elements."""
    if not 8 <= len(data) <= 64 or data[0] not in _OPENFLOW or data[1] or int.from_bytes(data[2:4], "big") != len(data):
        return False
    if len(data) == 8:
        return True
    return data[8:10] == b"\0\1" and 8 <= int.from_bytes(data[10:12], "big") <= len(data) - 8
