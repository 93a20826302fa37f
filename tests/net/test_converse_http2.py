"""Servers of HTTP/2 on loopback that answer nothing older, in clear and inside TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator, Sequence

import pytest
from peers import Peers, peers, server_tls

from scanner.model.network import Converse, Talk
from scanner.model.observation import Conversation, Vantage
from scanner.model.probe import Probe
from scanner.net.pace import TokenBucket
from scanner.net.talk.converse import converse
from scanner.probes import http2_text as h2
from scanner.probes import probes

VANTAGE = Vantage("lab", "lo", "127.0.0.1", "::1")
PAGE = b"<hr><center>nginx/1.22.1</center>"
SETTINGS = h2.frame(4, 0, 0, b"\0\3\0\0\0\x80")
ANSWER = SETTINGS + b"".join(h2.frame(1, 4, each, b"\x8d") + h2.frame(0, 1, each, PAGE) for each in (1, 3))


@pytest.fixture(scope="module")
def served() -> Iterator[Peers]:
    with peers() as started:
        yield started


async def speaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """To who begins as a client of HTTP/2, and asked for it by its name if this is TLS."""
    tls = writer.get_extra_info("ssl_object")
    if tls is not None and tls.selected_alpn_protocol() != "h2":
        return
    data = await reader.read(4096)
    writer.write(ANSWER if data.startswith(b"PRI * HTTP/2.0\r\n") else SETTINGS + h2.frame(7, 0, 0, bytes(8)))
    await writer.drain()
    await reader.read()


def hold(port: int, names: Sequence[str]) -> list[Conversation]:
    given: list[Probe] = [probes()[name] for name in names]
    events = converse(Converse((Talk("127.0.0.1", "tcp", port),), False), TokenBucket(100_000), VANTAGE, given)
    return [each for each in events if isinstance(each, Conversation)]


def kinds(found: Conversation) -> list[str]:
    return [each.kind for each in found.readings]


def test_a_server_that_is_not_asked_in_its_language_is_asked_again_in_it(served: Peers) -> None:
    found = hold(served.tcp(speaks), ["http", "http2"])
    assert [each.probe for each in found] == ["http", "http2"]
    assert kinds(found[0]) == ["http2"]
    assert kinds(found[1]) == ["http.response", "http.error", "http2"]
    assert [each.raw for each in found[1].readings if each.kind == "http.error"] == [PAGE]


def test_inside_tls_it_is_asked_for_by_its_name(served: Peers) -> None:
    context, certificate = server_tls()
    context.set_alpn_protocols(["h2"])
    [found] = hold(served.tcp(speaks, context), ["https"])
    assert {"tls.cert", "http.error", "http2"} <= set(kinds(found))
    assert [each.raw for each in found.readings if each.kind == "tls.cert"] == [certificate]
    assert kinds(found).count("tls.fingerprint") == 1


@pytest.mark.parametrize("offered", [[], ["http/1.1"]])
def test_who_does_not_agree_to_it_is_left_with_the_certificate(served: Peers, offered: list[str]) -> None:
    context, _ = server_tls()
    heard: list[bytes] = []

    async def listens(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(4096))

    if offered:
        context.set_alpn_protocols(offered)
    [found] = hold(served.tcp(listens, context), ["https"])
    assert set(kinds(found)) == {"tls.cert", "tls.version", "tls.fingerprint"}
    assert not any(each.startswith(b"PRI") for each in heard)


def test_a_server_of_old_is_not_asked_for_what_it_does_not_know(served: Peers) -> None:
    context, _ = server_tls()
    seen: list[str | None] = []

    async def serves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
        seen.append(tls.selected_alpn_protocol())
        while b"\r\n\r\n" in await reader.read(4096):
            writer.write(b"HTTP/1.1 200 OK\r\nServer: x/1.2.3\r\nContent-Length: 2\r\n\r\nok")

    context.set_alpn_protocols(["h2", "http/1.1"])
    [found] = hold(served.tcp(serves, context), ["https"])
    assert "http.server" in kinds(found)
    assert seen == [None]
