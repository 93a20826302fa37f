"""The readings in an HTTP response: its head, the headers that name products, the title and the start of the body."""

from __future__ import annotations

import re

from scanner.model.observation import Reading
from scanner.model.probe import Peer

HEAD = 8192
BODY = 4096
VALUE = 1024

_KINDS = {
    b"server": "http.server",
    b"x-powered-by": "http.powered-by",
    b"www-authenticate": "http.www-authenticate",
    b"location": "http.location",
    b"via": "http.via",
    b"x-generator": "http.generator",
    b"x-owa-version": "http.x-owa-version",
    b"x-feserver": "http.x-feserver",
    b"x-aspnet-version": "http.x-aspnet-version",
    b"x-aspnetmvc-version": "http.x-aspnetmvc-version",
    b"x-jenkins": "http.x-jenkins",
    b"x-influxdb-version": "http.x-influxdb-version",
    b"microsoftsharepointteamservices": "http.sharepoint",
}
"""Header to reading. `set-cookie` is apart: a cookie's value may be a secret, so only its name is kept."""

_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{0,1024})", re.IGNORECASE)
_GENERATOR = re.compile(rb"<meta name=[\"']generator[\"'] content=[\"']([^\"'<>]{1,256})", re.IGNORECASE)
_COOKIE = re.compile(rb"(?im)^(set-cookie:[^=\r\n]*=)[^\r\n]*")
_HTTP = re.compile(rb"HTTP/\d(?:\.\d)? \d\d\d")


def request(peer: Peer) -> bytes:
    """A GET of `/`. The peer's own address is the Host: a name would be a guess."""
    host = f"[{peer.address}]" if ":" in peer.address else peer.address
    if peer.port not in (80, 443):
        host = f"{host}:{peer.port}"
    return (
        f"GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: fencewalk\r\nAccept: */*\r\nConnection: close\r\n\r\n".encode()
    )


def answered(data: bytes) -> bool:
    """Whether a response has come far enough: its head, and its body or the title in it."""
    if data[:5] != b"HTTP/"[: len(data[:5])]:
        return True
    head, end, body = _head(data)
    if not end:
        return len(data) > HEAD
    if len(body) >= BODY or b"</title" in body.lower():
        return True
    length = re.search(rb"(?im)^content-length:[ \t]*(\d{1,9})", head)
    if length:
        return len(body) >= int(length[1])
    return bool(re.match(rb"HTTP/\d(?:\.\d)? (?:1\d\d|204|304)", head)) or body.endswith(b"0\r\n\r\n")


def http_readings(data: bytes) -> tuple[Reading, ...]:
    """Everything worth identifying in a response, `()` if it is none. Each value is bounded; never raises.

    `http.response` is the head, `http.body` the first bytes after it; a header given twice gives two readings.
    """
    if not _HTTP.match(data):
        return ()
    head, _, body = _head(data)
    body = body[:BODY]
    readings = [Reading("http.response", _COOKIE.sub(rb"\1(withheld)", head[:HEAD]))]
    for line in head[:HEAD].split(b"\n")[1:65]:
        name, colon, value = line.partition(b":")
        name, value = name.strip().lower(), value.strip()[:VALUE]
        if not colon or not value:
            continue
        if kind := _KINDS.get(name):
            readings.append(Reading(kind, value))
        elif name == b"set-cookie":
            cookie = value.partition(b"=")[0].strip()[:128]
            if cookie:
                readings.append(Reading("http.cookie", cookie))
    for pattern, kind in ((_TITLE, "http.title"), (_GENERATOR, "http.generator")):
        found = pattern.search(body)
        text = b" ".join(found[1].split()) if found else b""
        if text:
            readings.append(Reading(kind, text))
    if body:
        readings.append(Reading("http.body", body))
    return tuple(readings)


def _head(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Head, the blank line (empty if it never came) and body; small devices end lines with a bare LF."""
    found = re.search(rb"\r?\n\r?\n", data[: HEAD * 2])
    if not found:
        return data[:HEAD], b"", b""
    return data[: found.start()], found[0], data[found.end() :]
