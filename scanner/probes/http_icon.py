"""The favicon: where a page says that it is, and the hash by which its product is known.

Nothing here is fetched from elsewhere. A picture that stands in the page itself needs no request at all.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import html
import re
from collections.abc import Iterator, Sequence

import msgspec

from scanner.model.observation import Reading
from scanner.model.probe import Peer
from scanner.probes.http_message import HEAD, LIMIT, Response, fields, split, whole_body
from scanner.probes.http_target import here
from scanner.probes.http_text import telling

KIND = "http.favicon"
USUAL = "/favicon.ico"
"""Where a browser looks if the page names no other place."""
_TAGS = 64
_ATTRIBUTES = 16
_LINK = 1024
_TAG = re.compile(rb"<(link|base)(?=[\s/])", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    rb"[\s/]{0,64}([A-Za-z:_-]{1,32})(?:\s{0,16}=\s{0,16}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+)))?"
)
_DATA = re.compile(rb"data:image/[a-z.+-]{1,32}(?:;[a-z0-9=-]{1,32}){0,4};base64,", re.IGNORECASE)
_OK = re.compile(rb"HTTP/\d(?:\.\d)? 200\b")
_MAGIC = (b"\0\0\1\0", b"\x89PNG\r\n", b"GIF8", b"\xff\xd8\xff", b"BM", b"RIFF")
_GENERIC = re.compile(
    rb"(?i)apache(?:/|$| )|nginx|openresty|tengine|microsoft-(?:iis|httpapi)|lighttpd|litespeed|caddy|h2o|cherokee|"
    rb"jetty|gunicorn|werkzeug|twisted|cherrypy|cheroot|tornado|uvicorn|hypercorn|aiohttp|daphne|waitress|wsgi|python|"
    rb"webrick|puma|thin|passenger|cowboy|mochiweb|kestrel|express|node|undertow|wildfly|glassfish|coyote|openssl|boa|"
    rb"thttpd|mini_httpd|micro_httpd|goahead|embedthis|appweb|mbedthis|mongoose|civetweb|httpd|web ?server|perl|php"
)
"""Servers that anything may stand on or behind."""
_NAMED = re.compile(rb"\d\.\d")


class Icon(msgspec.Struct, frozen=True):
    """Where the favicon is: at `path`, or its bytes stand in the page. Neither: there is none that may be had."""

    path: str = ""
    inline: bytes = b""
    linked: bool = False
    """The page itself says so."""


def icon(pages: Sequence[tuple[str, Response]], peer: Peer, tls: bool) -> Icon:
    """The favicon of these (path, answer), if the last page that is one leaves it open what it belongs to."""
    if not _nameless([answer for _, answer in pages]):
        return Icon()
    shown = [(path, answer) for path, answer in pages if _is_page(answer)]
    for path, answer in reversed(shown):
        for link in _links(answer.body):
            return _linked(link, _base(answer.body, path, peer, tls), peer, tls)
    usual = [answer for _, answer in shown if answer.status == 200]
    return Icon(USUAL) if usual and not any(telling(answer) for _, answer in pages) else Icon()


def enough(data: bytes) -> bool:
    """Whether a favicon has come whole, or what comes is none."""
    head, blank, rest = split(data)
    if not blank:
        return len(data) > HEAD or data[:5] != b"HTTP/"[: len(data[:5])]
    told = dict(fields(head))
    if not _OK.match(head) or _encoded(told) or (len(rest) >= 8 and not _begins(rest, told)):
        return True
    length = told.get(b"content-length", b"")
    if length.isdigit():
        return len(length) > 6 or len(rest) >= int(length) or len(head) + int(length) > LIMIT - 4
    # Where the chunks really end is for `hashed`: this is asked once for every packet.
    return b"chunked" in told.get(b"transfer-encoding", b"").lower() and rest.endswith(b"0\r\n\r\n")


def hashed(data: bytes) -> tuple[Reading, ...]:
    """The reading of a response that is a whole picture, `()` for anything else. Never raises."""
    head, _, _ = split(data)
    if not _OK.match(head) or _encoded(dict(fields(head))):
        return ()
    return of(whole_body(data))


def of(picture: bytes) -> tuple[Reading, ...]:
    """The reading of a picture's bytes: their MD5 in hexadecimal, as collections of favicons have it."""
    if not picture or not _is_picture(picture):
        return ()
    return (Reading(KIND, hashlib.md5(picture, usedforsecurity=False).hexdigest().encode()),)


def _encoded(told: dict[bytes, bytes]) -> bool:
    """No encoding was asked for; unpacked bytes would not be those that came."""
    return told.get(b"content-encoding", b"identity").lower() != b"identity"


def _begins(rest: bytes, told: dict[bytes, bytes]) -> bool:
    """Whether a body may become a picture; a chunk's length stands before the first bytes."""
    return b"transfer-encoding" in told or rest.startswith(_MAGIC) or rest.lstrip(b"\xef\xbb\xbf\r\n\t ")[:1] in b"<"


def _is_picture(data: bytes) -> bool:
    if data.startswith(_MAGIC):
        return True
    start = data[:1024].lstrip(b"\xef\xbb\xbf\r\n\t ").lower()
    return start.startswith((b"<svg", b"<?xml", b"<!--")) and b"<svg" in start and b"<html" not in start


def _nameless(heard: Sequence[Response]) -> bool:
    """Whether no head names a product with its version that is more than a server anything may stand on."""
    servers = [value for answer in heard for value in answer.values("server")]
    return not any(_NAMED.search(value) and not _GENERIC.search(value) for value in servers)


def _is_page(answer: Response) -> bool:
    return answer.text and answer.status in (200, 403, 404) and b"<" in answer.body[:512]


def _linked(link: bytes, base: str, peer: Peer, tls: bool) -> Icon:
    if link[:5].lower() == b"data:":
        return Icon(inline=_inline(link), linked=True)
    path = here(link, peer, tls, base) if len(link) <= _LINK else ""
    return Icon(path, linked=True) if path else Icon()


def _inline(link: bytes) -> bytes:
    found = _DATA.match(link)
    try:
        return base64.b64decode(link[found.end() :], validate=True) if found else b""
    except (binascii.Error, ValueError):
        return b""


def _links(page: bytes) -> Iterator[bytes]:
    for tag, told in _tags(page):
        if tag == b"link" and b"icon" in told.get(b"rel", b"").lower().split() and told.get(b"href"):
            yield told[b"href"]


def _base(page: bytes, path: str, peer: Peer, tls: bool) -> str:
    """What the page's relative links start from."""
    for tag, told in _tags(page):
        if tag == b"base" and (link := told.get(b"href")):
            return (here(link, peer, tls, path) if len(link) <= _LINK else "") or path
    return path


def _tags(page: bytes) -> Iterator[tuple[bytes, dict[bytes, bytes]]]:
    """The first links and bases, with their attributes. Each byte is read once, however they are written."""
    at = 0
    for _ in range(_TAGS):
        tag = _TAG.search(page, at)
        if tag is None:
            return
        told: dict[bytes, bytes] = {}
        at = tag.end()
        for _ in range(_ATTRIBUTES):
            found = _ATTRIBUTE.match(page, at)
            if found is None:
                break
            at = found.end()
            value = found[2] or found[3] or found[4] or b""
            told.setdefault(found[1].lower(), html.unescape(value.decode("latin-1")).encode("utf-8").strip())
        yield tag[1].lower(), told
