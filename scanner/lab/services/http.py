"""An HTTP/1.1 server; with `tls: true` HTTPS. IPP on 631 and WinRM on 5985 are this, with their own headers.

Options: `status` (default 200), `server` (the Server header; default none), `headers` (a mapping; X-Powered-By and the
like), `title` (a page with this title), `body` (instead of a page; text), `type` (Content-Type; default
`text/html; charset=utf-8`), `close` (true: one answer a connection), `paths` (path -> a mapping of the same keys that
replaces them there). With `paths`, a path that it does not name gets 404 unless it is `/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from scanner.lab.services import Conversation, Options, Speaker

_METHODS = ("GET", "HEAD", "OPTIONS", "POST")
_LARGEST = 65536


def _start(options: Options) -> Conversation:
    pending = b""
    said = b""
    while len(pending) < _LARGEST:
        pending += yield said
        said = b""
        while b"\r\n\r\n" in pending:
            head, _, rest = pending.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            fields = {
                name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in lines[1:])
            }
            length = fields.get("content-length", "0")
            if length.isdecimal() and len(rest) < min(int(length), _LARGEST):
                break
            pending = rest[int(length) :] if length.isdecimal() else rest
            answer, keep = _answer(lines[0], fields, options)
            said += answer
            if not keep:
                yield said
                return
        if b"\n" in pending and not _is_request(pending):
            yield said + _response({**options, "status": 400, "title": "400 Bad Request", "body": None}, "GET", False)
            return


def _is_request(data: bytes) -> bool:
    words = data.split(b"\n", 1)[0].rstrip(b"\r").split(b" ")
    return len(words) == 3 and words[2].startswith(b"HTTP/")


def _answer(request: str, fields: Mapping[str, str], options: Options) -> tuple[bytes, bool]:
    words = request.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/"):
        return _response({**options, "status": 400, "title": "400 Bad Request", "body": None}, "GET", False), False
    method, target, version = words
    asked = fields.get("connection", "").lower()
    keep = not options.get("close") and (asked == "keep-alive" if version == "HTTP/1.0" else asked != "close")
    if method not in _METHODS:
        refusal = {**options, "status": 501, "title": "501 Not Implemented", "body": None}
        return _response(refusal, method, keep), keep
    paths = options.get("paths", {})
    path = target.partition("?")[0]
    page: Mapping[str, Any] = options
    if path in paths:
        page = {**options, **paths[path]}
    elif paths and path != "/":
        page = {**options, "status": 404, "title": "404 Not Found", "body": None}
    return _response(page, method, keep), keep


def _response(page: Mapping[str, Any], method: str, keep: bool) -> bytes:
    status = int(page.get("status", 200))
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = "Unknown"
    text = page.get("body")
    if text is None:
        title = page.get("title", "")
        text = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    body = str(text).encode()
    headers = {
        **({"Server": page["server"]} if page.get("server") else {}),
        "Content-Type": page.get("type", "text/html; charset=utf-8"),
        "Content-Length": len(body),
        "Connection": "keep-alive" if keep else "close",
        **page.get("headers", {}),
    }
    head = "".join(
        [f"HTTP/1.1 {status} {reason}\r\n", *(f"{name}: {value}\r\n" for name, value in headers.items()), "\r\n"]
    )
    return head.encode() + (b"" if method == "HEAD" else body)


SERVICE = Speaker(
    title="HTTP",
    start=_start,
    options=("status", "server", "headers", "title", "body", "type", "close", "paths"),
)
