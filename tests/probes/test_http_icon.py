"""The favicon: where it is looked for, what is left alone, and what a hostile one costs."""

from __future__ import annotations

import base64
import hashlib
import time

import pytest
from tables import for_every

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Read, Reconnect, Send, StartTls
from scanner.probes import probes
from scanner.probes.http_icon import enough, hashed
from scanner.probes.http_message import LIMIT

PEER = Peer("10.20.30.40", 8080)
ICON = b"\0\0\1\0\1\0\x10\x10" + bytes(64)
HASH = hashlib.md5(ICON).hexdigest().encode()
INLINE = b"data:image/x-icon;base64," + base64.b64encode(ICON)


def page(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: text/html", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def picture(body: bytes = ICON, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: image/x-icon", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def visit(answers: dict[str, bytes], name: str = "http", peer: Peer = PEER) -> tuple[list[bytes], list[str]]:
    """The favicons' hashes, and what was asked: paths, and the steps that cost a connection."""
    steps = probes()[name].steps(peer)
    asked: list[str] = []
    path, data = "", b""
    readings: tuple[Reading, ...] = ()
    try:
        step = next(steps)
        for _ in range(64):
            data = b""
            if isinstance(step, Send):
                path = step.data.split(b" ")[1].decode()
                asked.append(path)
            elif isinstance(step, Read):
                data = answers.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")[: step.limit]
            else:
                asked.append({Reconnect: "again", StartTls: "tls"}[type(step)])
                data = b"DER"
            step = steps.send(data)
        raise AssertionError("it does not end")
    except StopIteration as done:
        readings = done.value
    return [each.raw for each in readings if each.kind == "http.favicon"], asked


def linked(link: str, more: str = "") -> bytes:
    return f'<html><head>{more}<link rel="shortcut icon" href="{link}"></head>'.encode()


@for_every(
    ("link", "path"),
    [
        ("/img/a.ico", "/img/a.ico"),
        ("img/a.ico?v=1", "/img/a.ico?v=1"),
        ("../../a.ico", "/a.ico"),
        ("./a.ico#x", "/a.ico"),
        ("/a.ico?a=1&amp;b=2", "/a.ico?a=1&b=2"),
        ("http://10.20.30.40:8080/a.ico", "/a.ico"),
        ("//10.20.30.40:8080/a.ico", "/a.ico"),
        ("http://10.20.30.41:8080/a.ico", ""),
        ("https://10.20.30.40:8080/a.ico", ""),
        ("http://10.20.30.40/a.ico", ""),
        ("//evil.example/a.ico", ""),
        ("http://10.20.30.40:8080@evil.example/a.ico", ""),
        ("javascript:alert(1)", ""),
        ("/a b.ico", ""),
        ("/a\r\nHost: evil.example", ""),
        ("/" + "a" * 2000, ""),
        ("data:,", ""),
    ],
)
def test_where_a_page_says_that_it_is(link: str, path: str) -> None:
    found, asked = visit({"/": page(linked(link), "Server: nginx/1.22.1"), path: picture()} if path else {
        "/": page(linked(link), "Server: nginx/1.22.1"), "/favicon.ico": picture()})  # fmt: skip
    assert asked == (["/", path] if path else ["/"])
    assert found == ([HASH] if path else [])


@pytest.mark.parametrize(
    ("first", "asked"),
    [
        pytest.param(page(b"<html>", "Server: nginx/1.22.1"), ["/", "/favicon.ico"], id="a server of anything"),
        pytest.param(page(b"<html>", "Server: App/1.2"), ["/"], id="a product that says its name and version"),
        pytest.param(page(b"hello", "Server: nginx/1.22.1"), ["/"], id="no page"),
        pytest.param(page(b"<html>", "Server: nginx/1.2", status="404 Not Found"), ["/"], id="an error without a link"),
        pytest.param(page(linked("/i.ico"), "Server: nginx/1.2", status="403 No"), ["/", "/i.ico"], id="with one"),
        pytest.param(page(linked("/i.ico"), "Server: nginx/1.2", status="401 No"), ["/"], id="a login"),
        pytest.param(page(b"<html>", "Server: nginx/1.2", "Connection: close"), ["/"], id="closed, and no link"),
        pytest.param(
            page(linked("/i.ico"), "Server: nginx/1.2", "Connection: close"), ["/", "again", "/i.ico"], id="closed"
        ),
        pytest.param(page(linked(INLINE.decode()), "Server: nginx/1.2"), ["/"], id="in the page"),
        pytest.param(page(linked("i.ico", '<base href="/b/c">'), "Server: nginx/1.2"), ["/", "/b/i.ico"], id="a base"),
    ],
)
def test_when_it_is_asked(first: bytes, asked: list[str]) -> None:
    assert visit({"/": first})[1] == asked


def test_one_in_the_page_and_one_over_a_second_tls_connection() -> None:
    assert visit({"/": page(linked(INLINE.decode()), "Server: nginx/1.2")})[0] == [HASH]
    closing = page(linked("/i.ico"), "Server: nginx/1.2", "Connection: close")
    assert visit({"/": closing, "/i.ico": picture()}, "https") == ([HASH], ["tls", "/", "again", "tls", "/i.ico"])


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@for_every(
    ("answer", "counts"),
    [
        pytest.param(picture(), True, id="whole"),
        pytest.param(picture(b"\xef\xbb\xbf<?xml version='1.0'?><svg/>"), True, id="svg"),
        pytest.param(CHUNKED + b"%x\r\n" % len(ICON) + ICON + b"\r\n0\r\n\r\n", True, id="chunked"),
        pytest.param(picture()[:-1], False, id="cut off"),
        pytest.param(picture(b""), False, id="empty"),
        pytest.param(picture(b"<html><svg/></html>"), False, id="a page"),
        pytest.param(picture(status="302 Found"), False, id="elsewhere"),
        pytest.param(picture(ICON, "Content-Encoding: gzip"), False, id="packed, though nobody asked"),
        pytest.param(picture(ICON * 4000)[:LIMIT], False, id="huge"),
        pytest.param(CHUNKED + b"ffffffff\r\n" + ICON * 900, False, id="a chunk without an end"),
        pytest.param(CHUNKED + b"1\r\n\0\r\n" * 9000, False, id="chunks without an end"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + ICON, False, id="an end that nobody knows"),
        pytest.param(b"", False, id="nothing"),
    ],
)
def test_only_a_whole_picture_counts(answer: bytes, counts: bool) -> None:
    assert bool(hashed(answer)) == counts
    if counts:
        assert enough(answer)
        assert not any(enough(answer[:size]) for size in range(len(answer) - 1) if size != 5)


def test_what_is_none_is_not_read_to_its_end() -> None:
    for answer in (picture(ICON * 4000), picture(status="404 X"), picture(b"\x1f\x8b" * 99), page(b"hello there")):
        assert enough(answer[:300])


def test_a_hostile_page_takes_little_time() -> None:
    visit({"/": page(b"<html>", "Server: nginx/1.2")})
    for body in (
        b"<link " * 9000,
        b"<link rel=icon href=" * 2800,
        b"<link " + b"a='" * 18000,
        b"<link " + b"a=\" '" * 10000,
        b"<link" + b" " * 55000,
        b"<link " + b"a" * 55000,
        b'<link rel=icon href="' + b"&amp;" * 11000 + b'">',
        b'<link rel=icon href="data:image/png;base64,' + b"A" * 55000 + b'">',
    ):
        answers = {"/": page(b"<html>" + body[:57000], "Server: nginx/1.2")}
        began = time.thread_time()
        visit(answers)
        assert time.thread_time() - began < 0.15, body[:30]
