"""Where an HTTP response ends, and what garbage makes of it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every

from scanner.probes.http_message import LIMIT, PAGE, answered, parse
from scanner.probes.http_text import http_readings

HEAD = b"HTTP/1.1 200 OK\r\n"


@for_every(
    ("data", "ended"),
    [
        (b"", False),
        (b"HT", False),
        (HEAD, False),
        (HEAD + b"Content-Length: 3\r\n\r\nab", False),
        (HEAD + b"Content-Length: 3\r\n\r\nabc", True),
        (HEAD + b"Content-Length: 3\n\nabc", True),
        (HEAD + b"Content-Length: 40\r\n\r\n<html></html>", False),
        (HEAD + b"\r\n<html></html>", True),
        (HEAD + b"\r\n<html>", False),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", False),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", True),
        (HEAD + b"Content-Type: video/mp4\r\n\r\n" + b"x" * 300, True),
        (HEAD + b"\r\n" + b"x" * PAGE, True),
        (HEAD + b"a: b\r\n" * 3000, True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"SSH-2.0-x\r\n", True),
        (b"<html>", False),
        (b"<html></html>\n", True),
    ],
)
def test_whether_it_has_ended(data: bytes, ended: bool) -> None:
    assert answered(data) is ended


@given(
    st.sampled_from([b"", HEAD, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", HEAD + b"Content-Length: 9\r\n\r\n"]),
    st.binary(max_size=200),
)
@settings(max_examples=200, deadline=None)
def test_any_bytes(start: bytes, rest: bytes) -> None:
    answered(start + rest)
    response = parse(start + rest)
    assert (response is None) == (not http_readings(start + rest))
    if response is not None:
        assert len(response.body) <= len(rest)


@pytest.mark.parametrize(
    "flood",
    [
        b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 11000,
        b"\r\n" + b"<title" * 11000,
        b"\r\n" + b"<meta name=" * 6000,
        b"\r\n" + b"Powered by " * 6000,
        b"\r\n" + b'"buildInfo":{' * 5000,
        b"Location: http://" + b"a" * 60000,
    ],
    ids=["chunks", "titles", "metas", "marks", "braces", "location"],
)
def test_a_flood_costs_little(flood: bytes) -> None:
    started = time.process_time()
    found = http_readings((HEAD + flood)[:LIMIT])
    assert time.process_time() - started < 0.1
    assert all(len(each.raw) <= 8192 for each in found)
