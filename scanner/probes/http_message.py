"""HTTP messages as bytes: a request, whether a response has ended, and a response taken apart. All of it bounded.

No content encoding is asked for, and none is undone.
"""

from __future__ import annotations

import re

import msgspec

from scanner.model.observation import Reading
from scanner.model.probe import Peer

HEAD = 8192
LIMIT = 65536
"""Bytes of a response that are read, its head and chunks included."""
PAGE = 57344
"""Bytes of a body that are read."""
FOREIGN = 256
"""Bytes that are read of a body that is no text: a picture, or a stream without an end."""
_CHUNKS = 4096

_HTTP = re.compile(rb"HTTP/\d(?:\.\d)? (\d\d\d)")
_BLANK = re.compile(rb"\r?\n\r?\n")
_MARKUP = re.compile(rb"\A\s{0,64}<(?:!doctype html|html|head|\?xml)", re.IGNORECASE)
_TEXT = re.compile(rb"text/(?!event-stream)|json|xml|html|javascript|x-www-form", re.IGNORECASE)
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})[^\r\n]{0,256}\r?\n")


class Response(msgspec.Struct, frozen=True):
    """One response: its head as it came, and its body out of its chunks, as far as it was read."""

    status: int
    head: bytes
    body: bytes
    whole: bool
    """It was read to its end, and its connection takes another request."""
    text: bool
    """Its body says that it is text."""
    ended: bool
    """It was read to its end, as far as it says where that is."""

    def values(self, name: str) -> tuple[bytes, ...]:
        """Every value of a header, in its order."""
        wanted = name.lower().encode()
        return tuple(value for found, value in fields(self.head) if found == wanted)


def request(peer: Peer, path: str = "/", method: str = "GET", headers: str = "", body: bytes = b"") -> bytes:
    """A request that leaves the connection open. The peer's own address is the Host: a name would be a guess.

    `headers` are whole lines, each with its line end.
    """
    if body or method == "POST":
        headers += f"Content-Length: {len(body)}\r\n"
    return (
        f"{method} {path} HTTP/1.1\r\nHost: {authority(peer)}\r\nUser-Agent: fencewalk\r\nAccept: */*\r\n{headers}"
        "Connection: keep-alive\r\n\r\n"
    ).encode() + body


def authority(peer: Peer, usual: int = 0) -> str:
    """`10.0.0.1:8080`, `[fd20::1]`: the port is left out where it is the `usual` one (80 and 443 if not given)."""
    address = peer.address.partition("%")[0]
    host = f"[{address}]" if ":" in address else address
    return host if peer.port in ((usual,) if usual else (80, 443)) else f"{host}:{peer.port}"


def answered(data: bytes, page: int = PAGE) -> bool:
    """Whether a response has come to its end, or as far as it is worth reading: `page` bytes of its body."""
    if data[:5] != b"HTTP/"[: len(data[:5])]:
        # Not HTTP, or a server so old that it sends a page and nothing else.
        return not _MARKUP.match(data) or b"</html" in data[-256:].lower()
    head, blank, rest = split(data)
    if not blank:
        return len(data) > HEAD
    if not _is_text(head) and len(rest) >= FOREIGN:
        return True
    if len(rest) >= page:
        return True
    if _chunked(head):
        # Whether it really ends there is for `parse`: this is asked once for every packet.
        return rest.endswith((b"0\r\n\r\n", b"0\n\n"))
    if _length(head) is None and not _empty(head):
        return b"</html>" in rest[-64:].lower()
    return _ended(head, rest) is not None


def parse(data: bytes, page: int = PAGE) -> Response | None:
    """The response at the start of these bytes, with `page` bytes of its body; None if there is none. Never raises."""
    found = _HTTP.match(data)
    if not found:
        return None
    head, _, rest = split(data)
    body = _ended(head, rest)
    # Without a length or chunks, the end of the connection is the end: whoever has not got there cannot know it.
    ended = body is not None or not (_chunked(head) or _length(head))
    whole = body is not None and _stays(head)
    if body is None:
        body = _unchunked(rest)[0] if _chunked(head) else rest
    return Response(int(found[1]), head[:HEAD], body[:page], whole, _is_text(head), ended)


def whole_body(data: bytes) -> bytes:
    """The body of a response that says where it ends and did, `b""` of any other. Never raises."""
    head, blank, rest = split(data)
    return (_ended(head, rest) or b"") if blank else b""


def bare(data: bytes) -> tuple[Reading, ...]:
    """The page of a server that sends no head at all (HTTP/0.9), if these bytes begin like one."""
    return (Reading("http.body", data[:4096]),) if _MARKUP.match(data) else ()


def fields(head: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """(name in lower case, value) of the first 64 headers that have a value."""
    found = []
    for line in head[:HEAD].split(b"\n")[1:65]:
        name, colon, value = line.partition(b":")
        name, value = name.strip(), value.strip()
        if colon and name and value:
            found.append((name.lower(), value))
    return tuple(found)


def split(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Head, the blank line (empty if it never came) and the rest; small devices end lines with a bare LF."""
    found = _BLANK.search(data[: HEAD * 2])
    if not found:
        return data[:HEAD], b"", b""
    return data[: found.start()], found[0], data[found.end() :]


def _header(head: bytes, name: bytes) -> bytes:
    return next((value for found, value in fields(head) if found == name), b"")


def _chunked(head: bytes) -> bool:
    return b"chunked" in _header(head, b"transfer-encoding").lower()


def _is_text(head: bytes) -> bool:
    kind = _header(head, b"content-type")
    return (not kind or bool(_TEXT.search(kind))) and _header(head, b"content-encoding") in (b"", b"identity")


def _stays(head: bytes) -> bool:
    """Whether the server leaves the connection open behind this response."""
    connection = _header(head, b"connection").lower()
    return b"keep-alive" in connection if head.startswith(b"HTTP/1.0") else b"close" not in connection


def _ended(head: bytes, rest: bytes) -> bytes | None:
    """The body, if its end is known and has come; None else."""
    if _empty(head):
        return b""
    if _chunked(head):
        body, done = _unchunked(rest)
        return body if done else None
    length = _length(head)
    return rest[:length] if length is not None and len(rest) >= length else None


def _empty(head: bytes) -> bool:
    """Whether a response of this status has no body."""
    status = _HTTP.match(head)
    return status is not None and (status[1][:1] == b"1" or status[1] in (b"204", b"304"))


def _length(head: bytes) -> int | None:
    length = _header(head, b"content-length")
    return int(length) if length.isdigit() and len(length) < 10 else None


def _unchunked(rest: bytes) -> tuple[bytes, bool]:
    """What came of a chunked body, and whether its last chunk has."""
    body, at = bytearray(), 0
    for _ in range(_CHUNKS):
        found = _CHUNK.match(rest, at)
        if not found:
            return bytes(body), False
        size = int(found[1], 16)
        if not size:
            return bytes(body), True
        body += rest[found.end() : found.end() + size]
        at = found.end() + size
        if at >= len(rest):
            return bytes(body), False
        at += 2 if rest[at : at + 1] == b"\r" else 1
    return bytes(body), False
