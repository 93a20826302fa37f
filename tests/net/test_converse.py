"""Conversations with real sockets on loopback, and with peers that misbehave."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from peers import Peers, closed_port, peers, server_tls

from scanner.errors import NetworkFailed
from scanner.model.network import Converse, Talk
from scanner.model.observation import Conversation, Progress, Reading, Vantage
from scanner.model.probe import Peer, Probe, Read, Send, StartTls, Steps
from scanner.net.pace import TokenBucket
from scanner.net.talk import converse as driver
from scanner.net.talk.converse import converse
from scanner.net.talk.wire import MOST_BYTES

VANTAGE = Vantage("lab", "lo", "127.0.0.1", "::1")


def listening(peer: Peer) -> Steps:
    data = yield Read(enough=lambda seen: seen.endswith(b"\n"), seconds=1.0)
    return (Reading("banner", data),) if data else ()


def asking(peer: Peer) -> Steps:
    yield Send(b"GET / HTTP/1.0\r\nHost: " + peer.address.encode() + b"\r\n\r\n")
    data = yield Read(enough=lambda seen: b"\r\n\r\n" in seen, seconds=1.0)
    return (Reading("http.response", data),) if data.startswith(b"HTTP/") else ()


def secretly(peer: Peer) -> Steps:
    certificate = yield StartTls()
    if not certificate:
        return ()
    return (yield from asking(peer))


def datagram(peer: Peer) -> Steps:
    yield Send(b"version?")
    data = yield Read(seconds=1.0)
    return (Reading("dns.version", data),) if data else ()


BANNER = Probe(name="banner", transport="tcp", ports=(), writes=False, steps=listening)
HTTP = Probe(name="http", transport="tcp", ports=(), writes=True, steps=asking)
HTTPS = Probe(name="https", transport="tcp", ports=(), writes=True, tls=True, steps=secretly)
UDP = Probe(name="version", transport="udp", ports=(), writes=True, steps=datagram)


@pytest.fixture(scope="module")
def served() -> Iterator[Peers]:
    with peers() as started:
        yield started


def hold(
    port: int, probes: Sequence[Probe], host: str = "127.0.0.1", udp: bool = False, gentle: bool = False
) -> list[Conversation]:
    request = Converse((Talk(host, "udp" if udp else "tcp", port),), gentle)
    events = converse(request, TokenBucket(100_000), VANTAGE, probes)
    return [each for each in events if isinstance(each, Conversation)]


async def greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 hello\r\n")
    await writer.drain()
    await reader.read()


async def serves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if await reader.read(4096):
        writer.write(b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n")
        await writer.drain()


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    return


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    plain = writer.get_extra_info("socket")
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def dribbles(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"y")
        await writer.drain()
        await asyncio.sleep(0.2)


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(bytes(range(256)) * 8 + b"\n")
    await writer.drain()
    await reader.read()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_greeting_is_read(served: Peers, host: str) -> None:
    (found,) = hold(served.tcp(greets, host=host), (BANNER, HTTP), host)
    assert (found.probe, found.outcome, found.received) == ("banner", "answered", 11)
    assert found.readings == (Reading("banner", b"220 hello\r\n"),)
    assert not found.tls


def test_the_next_probe_comes_on_a_new_connection(served: Peers) -> None:
    (found,) = hold(served.tcp(serves), (BANNER, HTTP))
    assert (found.probe, found.readings[0].kind) == ("http", "http.response")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")
@pytest.mark.parametrize(
    ("version", "name", "fingerprint"),
    [
        (ssl.TLSVersion.TLSv1_3, b"TLSv1.3", b"771,4866,43-51"),
        (ssl.TLSVersion.TLSv1_2, b"TLSv1.2", b"771,49196,65281-11-35-23"),
        (ssl.TLSVersion.TLSv1, b"TLSv1", b"769,49162,65281-11-35-22-23"),
    ],
)
def test_tls_gives_certificate_and_version_old_ones_too(
    served: Peers, version: ssl.TLSVersion, name: bytes, fingerprint: bytes
) -> None:
    context, certificate = server_tls(version)
    (found,) = hold(served.tcp(serves, context), (HTTPS,))
    assert found.tls
    assert {each.kind: each.raw for each in found.readings if each.kind.startswith("tls.")} == {
        "tls.cert": certificate,
        "tls.version": name,
        "tls.fingerprint": fingerprint,
    }
    assert found.readings[0].kind == "http.response"


def test_a_plain_answer_that_wants_tls_leads_to_tls(served: Peers) -> None:
    """As nginx does: plain HTTP on a TLS port is answered in plain, and only a second connection gets to TLS."""
    context, _ = server_tls()
    inner = served.tcp(serves, context)

    async def both(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(4096)
        if first.startswith(b"GET"):
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\nThe plain HTTP request was sent to HTTPS port\n")
            await writer.drain()
            return
        their_reader, their_writer = await asyncio.open_connection("127.0.0.1", inner)
        their_writer.write(first)
        await asyncio.gather(copy(their_reader, writer), copy(reader, their_writer))

    found = hold(served.tcp(both), (HTTP, BANNER, HTTPS))
    assert [(each.probe, each.tls) for each in found] == [("http", False), ("https", True)]
    assert found[1].readings[0].raw.startswith(b"HTTP/1.1 200")


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(4096):
        writer.write(data)
        await writer.drain()
    writer.close()


@pytest.mark.parametrize(
    ("talk", "outcome"), [(mute, "silent"), (hangs_up, "silent"), (resets, "reset")], ids=["mute", "hangs-up", "resets"]
)
def test_a_port_where_nobody_speaks_gets_one_row(served: Peers, talk: object, outcome: str) -> None:
    (found,) = hold(served.tcp(talk), (BANNER, HTTP))  # type: ignore[arg-type]
    assert (found.outcome, found.received, found.readings) == (outcome, 0, ())


def test_a_closed_port_is_refused_and_tried_once() -> None:
    start = time.monotonic()
    (found,) = hold(closed_port(), (BANNER, HTTP, HTTPS))
    assert (found.outcome, found.received) == ("refused", 0)
    assert time.monotonic() - start < 5, "nothing there is worth waiting for"


def test_udp_is_asked_and_answered(served: Peers) -> None:
    (found,) = hold(served.udp(lambda data: b"9.18" if data == b"version?" else None), (UDP, BANNER), udp=True)
    assert found.readings == (Reading("dns.version", b"9.18"),)


def test_a_lost_datagram_is_sent_again(served: Peers) -> None:
    seen: list[bytes] = []

    def second_only(data: bytes) -> bytes | None:
        seen.append(data)
        return b"late" if len(seen) == 2 else None

    (found,) = hold(served.udp(second_only), (UDP,), udp=True)
    assert found.readings == (Reading("dns.version", b"late"),)


def test_a_closed_udp_port_is_refused() -> None:
    (found,) = hold(closed_port(), (UDP,), udp=True)
    assert (found.outcome, found.received) == ("refused", 0)


def test_gentle_writes_nothing(served: Peers) -> None:
    heard: list[bytes] = []

    async def hears(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(100))

    forgetful = Probe(name="forgetful", transport="tcp", ports=(), writes=False, steps=asking)
    (found,) = hold(served.tcp(hears), (HTTP, BANNER, forgetful, HTTPS), gentle=True)
    assert found.outcome == "silent"
    assert set(heard) <= {b""}
    (found,) = hold(served.tcp(hears), (HTTP, HTTPS), gentle=True)
    assert found.outcome == "withheld"


@pytest.mark.parametrize("port", [515, 9100, 9107, 9112, 9116])
def test_printers_are_never_connected_to(port: int) -> None:
    (found,) = hold(port, (BANNER, HTTP))
    assert found.outcome == "withheld"


@pytest.mark.parametrize("talk", [endless, dribbles, garbage], ids=["endless", "dribbles", "garbage"])
def test_hostile_talkers_are_bounded(served: Peers, talk: object) -> None:
    start = time.monotonic()
    found = hold(served.tcp(talk), (BANNER, HTTP, HTTPS))  # type: ignore[arg-type]
    assert found
    assert all(each.received <= MOST_BYTES + 16384 for each in found)
    assert all(len(reading.raw) <= 65536 for each in found for reading in each.readings)
    assert time.monotonic() - start < 60, "they never end"


def test_a_handshake_that_never_ends_is_left(served: Peers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.net.talk.wire.TLS_SECONDS", 0.5)
    start = time.monotonic()
    (found,) = hold(served.tcp(mute), (HTTPS,))
    assert found.outcome == "failed"
    assert "did not finish" in found.detail
    assert time.monotonic() - start < 4.5


def test_a_probe_that_never_ends_is_left(served: Peers) -> None:
    def forever(peer: Peer) -> Steps:
        while True:
            yield Read(seconds=0.001)

    (found,) = hold(served.tcp(mute), (Probe(name="f", transport="tcp", ports=(), writes=False, steps=forever),))
    assert found.outcome == "silent"


@pytest.mark.parametrize(("gentle", "most"), [(False, driver.HOST_CONNECTIONS), (True, 1)])
def test_a_host_is_given_few_connections_at_once(served: Peers, gentle: bool, most: int) -> None:
    counts = {"now": 0, "most": 0}

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counts["now"] += 1
        counts["most"] = max(counts["most"], counts["now"])
        await asyncio.sleep(0.05)
        writer.write(b"220 hi\n")
        await writer.drain()
        await reader.read()
        counts["now"] -= 1

    talks = tuple(Talk("127.0.0.1", "tcp", served.tcp(counted)) for _ in range(9))
    events = list(converse(Converse(talks, gentle), TokenBucket(100_000), VANTAGE, (BANNER,)))
    assert sum(isinstance(each, Conversation) and each.outcome == "answered" for each in events) == 9
    assert counts["most"] <= most
    last = [each for each in events if isinstance(each, Progress)][-1]
    assert (last.done, last.total) == (9, 9)


def test_a_crowd_that_was_dropped_is_asked_again_alone(served: Peers) -> None:
    """As dropbear does: while somebody talks, everybody else is hung up on before a word."""
    busy = {"now": 0}

    async def one_at_a_time(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if busy["now"]:
            return
        busy["now"] = 1
        try:
            await asyncio.sleep(0.1)
            writer.write(b"SSH-2.0-dropbear\n")
            await writer.drain()
            await reader.read()
        finally:
            busy["now"] = 0

    talks = tuple(Talk("127.0.0.1", "tcp", served.tcp(one_at_a_time)) for _ in range(3))
    events = list(converse(Converse(talks), TokenBucket(100_000), VANTAGE, (BANNER,)))
    assert [each.outcome for each in events if isinstance(each, Conversation)] == ["answered"] * 3


def test_a_question_that_was_dropped_in_a_crowd_is_asked_again_alone(served: Peers) -> None:
    """The service is one that is asked first: that it hung up may be about the question or about the crowd."""
    busy = {"now": 0}

    async def one_at_a_time(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if busy["now"]:
            return
        busy["now"] = 1
        try:
            if await reader.read(4) == b"ask\n":
                await asyncio.sleep(0.1)
                writer.write(b"here\n")
                await writer.drain()
                await reader.read()
        finally:
            busy["now"] = 0

    def asking(_: Peer) -> Steps:
        yield Send(b"ask\n")
        data = yield Read(seconds=2.0)
        return (Reading("banner", data),) if data else ()

    asks = Probe(name="asks", transport="tcp", ports=(), writes=True, steps=asking)
    talks = tuple(Talk("127.0.0.1", "tcp", served.tcp(one_at_a_time)) for _ in range(3))
    events = list(converse(Converse(talks), TokenBucket(100_000), VANTAGE, (asks,)))
    assert [each.outcome for each in events if isinstance(each, Conversation)] == ["answered"] * 3


def test_closing_takes_every_connection_down(served: Peers) -> None:
    come, gone = threading.Semaphore(0), threading.Semaphore(0)

    async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        come.release()
        await reader.read()
        gone.release()

    patient = Probe(name="p", transport="tcp", ports=(), writes=False, steps=lambda _: waiting(90.0))
    talks = (Talk("127.0.0.1", "tcp", served.tcp(greets)), *(Talk("127.0.0.1", "tcp", served.tcp(waits)) for _ in "ab"))
    events = converse(Converse(talks), TokenBucket(100_000), VANTAGE, (patient,))
    next(events)
    assert come.acquire(timeout=60)
    start = time.monotonic()
    events.close()
    assert time.monotonic() - start < 30, "the probe waits for ninety seconds"
    assert gone.acquire(timeout=60)
    assert not any(thread.name == "converse" for thread in threading.enumerate())


def waiting(seconds: float) -> Steps:
    data = yield Read(seconds=seconds)
    return (Reading("banner", data),) if data else ()


def test_each_connection_asks_the_pace(served: Peers) -> None:
    start = time.monotonic()
    request = Converse(tuple(Talk("127.0.0.1", "tcp", served.tcp(greets)) for _ in range(5)))
    list(converse(request, TokenBucket(40), VANTAGE, (BANNER,)))
    assert time.monotonic() - start >= 0.9


def test_an_interface_that_is_gone_is_our_failure(served: Peers) -> None:
    events = converse(
        Converse((Talk("127.0.0.1", "tcp", served.tcp(greets)),)),
        TokenBucket(1000),
        Vantage("lab", "nosuch0", "192.0.2.1"),
        (BANNER,),
    )
    with pytest.raises(NetworkFailed, match="this laptop"):
        list(events)
