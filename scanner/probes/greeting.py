"""What a service says by itself, told apart by its first bytes: the one place that knows which protocol a greeting is.

Services live on ports that are not theirs, so a greeting decides, and the port only breaks a tie (`220 Welcome`). Each
protocol has a kind of its own, for which fingerprints may be added; `banner` is what nobody knows, `reply` a reply
code that leaves it open whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Generator

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Read, Steps
from scanner.probes import greeting_data, greeting_infrastructure, greeting_remote, telnet_text
from scanner.probes.greeting_reply import CODE, reply_ended, reply_kind
from scanner.probes.http_text import http_readings

LINE = 2048
"""Bytes of a greeting that are kept."""
PATIENCE = 8.0
"""Seconds for a greeting where a service greets. Mail servers that make a newcomer wait do so for about six; one that
looks our name up first, and has no name server, for ten: `listen` waits once more."""

_SSH = re.compile(rb"(?:\A|\n)(SSH-[^\r\n\0]{1,512})")
_SIEVE_END = re.compile(rb"(?:\A|\n)(?:OK|NO|BYE)\b[^\n]{0,1024}\n\Z")
_XML = re.compile(rb"\s{0,8}<(?:\?xml|stream:stream)\b")
_XMPP = re.compile(rb"<stream:stream\b[^>]{0,1024}\b(?:id|from)=|<stream:(?:error|features)\b")
_DAYTIME = re.compile(
    rb"(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,? [^\n]{0,60}\d\d:\d\d:\d\d"
    rb"|\d\d [A-Z][A-Z]{2} \d{4} \d\d:\d\d:\d\d)[^\n]{0,40}\r?\n\r?\Z"
)
_CHARGEN = bytes(range(32, 96))
_OPTION = re.compile(rb"[\t\r\n -~]{0,1024}\xff[\xfb-\xfe][\0-\x31]")
"""Telnet's options, first or behind some text."""
_GANGLIA = b"<GANGLIA_XML "
_LINES = (
    # How a greeting of text begins, and its kind. Longer beginnings stand before shorter ones.
    (re.compile(rb"\* (?:AUTH\b[^\n]*\n(?:\* [^\n]*\n)*\* )?OK MUPDATE\b"), "mupdate"),
    (re.compile(rb"\* (?:OK|PREAUTH|BYE)\b"), "imap"),
    (re.compile(rb"\+OK\b"), "pop3"),
    (re.compile(rb"@RSYNCD:"), "rsync"),
    (re.compile(rb"\( success \( "), "svn"),
    (re.compile(rb":[^ \r\n]{1,255} (?:NOTICE|PING|ERROR|CAP|\d{3}) |NOTICE (?:AUTH|\*) :|ERROR :|PING :"), "irc"),
    (re.compile(rb'"IMPLEMENTATION"|"(?:SIEVE|SASL|VERSION|STARTTLS)"[ \r]|BYE(?: \([A-Z/-]+\))? "'), "sieve"),
    (re.compile(rb'\{"QMP": ?\{"version"'), "qemu.qmp"),
    (re.compile(rb"QEMU \d[\d.]* monitor "), "qemu.monitor"),
    (re.compile(rb"Content-Type: (?:auth/request|text/rude-rejection)\n"), "freeswitch"),
    (re.compile(rb"YATE \d"), "yate"),
    (re.compile(rb"cvs(?:-pserver)? (?:\[|pserver)"), "cvs"),
    (re.compile(rb"BABEL \d"), "babel"),
    (re.compile(rb"Welcome to PulseAudio "), "pulseaudio"),
    (re.compile(rb"VLC media player "), "vlc"),
    (re.compile(rb"RTL0[\s\S]{8}\Z"), "rtl_tcp"),
)


def listen(seconds: float) -> Generator[Read, bytes, bytes]:
    """Read a greeting and write nothing. Who has said nothing within `PATIENCE` gets half of it more."""
    data = yield Read(enough=complete, limit=8192, seconds=seconds)
    if not data and seconds >= PATIENCE:
        data = yield Read(enough=complete, limit=8192, seconds=seconds / 2)
    if data and complete(data) and _unknown(data):
        # A text of several lines, of which the first one may say nothing.
        data += yield Read(enough=lambda more: len(more) >= LINE, limit=LINE, seconds=0.4)
    return data


def listening(peer: Peer, seconds: float = PATIENCE, asked: str = "") -> Steps:
    """A whole probe that only listens. `asked` is the protocol to take an ambiguous greeting for."""
    data = yield from listen(seconds)
    return classify(data, peer.port, asked)


def complete(data: bytes) -> bool:
    """Whether a greeting has been said to its end, as far as its protocol shows; a prompt never ends, time does."""
    if CODE.match(data):
        return reply_ended(data)
    if data[3:4] == b"\0" and data[4:5] in (b"\x09", b"\x0a", b"\xff"):
        return len(data) >= 4 + int.from_bytes(data[:3], "little")
    for whole in (greeting_data.whole, greeting_infrastructure.whole):
        if (ended := whole(data)) is not None:
            return ended
    if data.startswith(b'"'):
        return bool(_SIEVE_END.search(data[-1100:]))
    if _XML.match(data):
        return b"</stream:" in data or b">" in data.partition(_GANGLIA)[2]
    if data.startswith(b"* AUTH"):
        return b"* OK MUPDATE" in data and data.endswith(b"\n")
    if data.startswith(b"SSH-"):
        return b"\n" in data
    return data.endswith(b"\n") and not data.startswith((b"HTTP/", b"\xff"))


def classify(data: bytes, port: int = 0, asked: str = "") -> tuple[Reading, ...]:
    """The readings in what a service said first, `()` for nothing and for TLS. Never raises.

    `port`, and `asked` where a probe for one protocol listened, break ties only.
    """
    if not data or data[:2] in (b"\x15\x03", b"\x16\x03"):
        return ()
    if data.startswith((b"HTTP/1.", b"HTTP/0.")):
        return http_readings(data)
    if data.startswith(b"RTSP/1."):
        return (Reading("rtsp", data[:LINE]),)
    if found := _SSH.search(data[:8192]):
        return (Reading("ssh", found[1]),)
    if data.startswith(b"RFB "):
        return (Reading("vnc", data[:12].rstrip()),)
    known = mysql(data) or greeting_data.spoken(data) or greeting_infrastructure.spoken(data, port)
    known = known or greeting_remote.spoken(data)
    if known:
        return known
    if (data.startswith(b"\xff") and data[1:2] >= b"\xf0") or _OPTION.match(data):
        return telnet(data, telnet_text.first_options(data))
    kind = _text_kind(data, port, asked)
    if kind == "ganglia":
        # A long document type stands before what counts.
        data = data[data.find(_GANGLIA) :].partition(b">")[0]
    return (Reading(kind, data[:LINE].rstrip(b"\r\n") if kind not in ("chargen", "time") else data[:72]),)


def telnet(data: bytes, options: bytes) -> tuple[Reading, ...]:
    """What a terminal would show, behind the options that came first, which are each implementation's own."""
    text = Reading("telnet", telnet_text.text(data)[:LINE])
    return (Reading("telnet.options", options), text) if options else (text,)


def _text_kind(data: bytes, port: int, asked: str) -> str:
    for pattern, kind in _LINES:
        if pattern.match(data[:1024]):
            return kind
    if _XML.match(data):
        return _xml_kind(data[:8192])
    if CODE.match(data):
        return reply_kind(data[:LINE], port, asked)
    if data.startswith(b"-ERR") and (port in (110, 995) or asked == "pop3"):
        return "pop3"
    return _simple_kind(data, port)


def _xml_kind(head: bytes) -> str:
    if _GANGLIA in head:
        return "ganglia"
    return "xmpp" if _XMPP.search(head) else "banner"


def _simple_kind(data: bytes, port: int) -> str:
    """The small services of old (RFC 862 to 868), and text that nobody knows."""
    if port == 37 and len(data) == 4:
        return "time"
    if len(data) >= 72 and (data[:64] in _CHARGEN * 2 or data[1:60] in _CHARGEN * 2):
        return "chargen"
    if _DAYTIME.match(data):
        return "daytime"
    return "telnet" if port in (23, 2323) else "banner"


def _unknown(data: bytes) -> bool:
    readings = classify(data)
    return len(data) < LINE and bool(readings) and readings[0].kind == "banner" and not CODE.match(data)


def mysql(data: bytes) -> tuple[Reading, ...]:
    """The version string of a MySQL greeting, or the text of an error packet sent in its place."""
    size = int.from_bytes(data[:3], "little")
    if len(data) < 6 or data[3] not in (0, 1) or not 2 <= size <= 4096:
        return ()
    body = data[4 : 4 + size]
    if body[0] in (9, 10):
        version, nul, _ = body[1:].partition(b"\0")
        if nul and 1 <= len(version) <= 256 and version.isascii() and version[:1].isdigit():
            return (Reading("mysql", version), *greeting_data.mysql_tls(body[len(version) + 2 :]))
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
    found = classify(data, port)
    return () if found and found[0].kind in ("banner", "reply", "telnet", "time", "chargen", "daytime") else found
