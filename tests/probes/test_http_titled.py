"""The place of a page where its own name stands before a version: found behind tags, and only there."""

from __future__ import annotations

import time

import pytest

from scanner.probes.http_text import http_readings


def texts(page: str) -> list[bytes]:
    raw = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n\r\n{page}".encode()
    return [each.raw for each in http_readings(raw) if each.kind == "http.text"]


@pytest.mark.parametrize(
    ("page", "place"),
    [
        ("<title>weaver</title><h1><span>weaver</span> <i>v1.9.8.2</i></h1>", b"weaver</span> <i>v1.9.8.2"),
        ("<title>Weaver - Login</title> about: Weaver version 0.7.2.", b"Weaver version 0.7.2."),
        ("<title>Welcome to Weaver!</title><p>weaver&nbsp;-&nbsp;3.4.2</p>", b"weaver&nbsp;-&nbsp;3.4.2"),
        ("<title>Weaver - 10.66.0.11:8080</title><a>Weaver 3.3.11</a>", b"Weaver 3.3.11"),
        ("<title>Weaver | 192.168.7.9</title><a>Weaver 172.66.0.1</a>", b"Weaver 172.66.0.1"),
        ("<title>News: Weaver</title><a href='/weaver'>x</a> (WEAVER 1.2.3)", b"WEAVER 1.2.3"),
    ],
)
def test_a_page_s_own_name_and_version(page: str, place: bytes) -> None:
    [found] = texts(page)
    assert found.startswith(place)


@pytest.mark.parametrize(
    "page",
    [
        "<title>Weaver</title> Licensed under the Apache License, 2.0",
        "<title>Weaver</title><a href='/weaver-1.2.3.js'>weaver</a>",
        "<title>Weaver</title><p>weaver 2.0 is near",
        "<title>Loom</title> weaver v1.2.3",
        "<title>ab</title> ab v1.2.3",
        "weaver v1.2.3",
        "<title>Weaver</title> interweaver v1.2.3",
        "<title>Weaver - 172.16.0.1</title>",
    ],
)
def test_where_none_is_shown(page: str) -> None:
    assert texts(page) == []


@pytest.mark.parametrize("page", ["<title>aaa</title>" + "aaa " * 16000, "<title>" + "a: " * 20000 + "</title>"])
def test_a_long_page_takes_no_time(page: str) -> None:
    started = time.process_time()
    texts(page)
    assert time.process_time() - started < 0.05


@pytest.mark.parametrize(
    "page",
    [
        "<meta name='generator' content='Weaver 3.4'>",
        '<META  name="generator"\n content="Weaver  3.4" />',
        '<meta content="Weaver 3.4" name="generator">',
    ],
)
def test_a_page_s_generator_in_either_order(page: str) -> None:
    raw = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n\r\n{page}".encode()
    assert [each.raw for each in http_readings(raw) if each.kind == "http.generator"] == [b"Weaver 3.4"]
