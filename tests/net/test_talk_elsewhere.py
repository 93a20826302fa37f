"""UDP whose answers come from another port than the one that was asked: with real sockets on loopback."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import msgspec

from scanner.model.network import Converse, Talk
from scanner.model.observation import Conversation, Event, PortState, Reading, Vantage
from scanner.model.probe import Elsewhere, Peer, Probe, Read, Send, Steps
from scanner.net.pace import TokenBucket
from scanner.net.talk.converse import converse

VANTAGE = Vantage("lab", "lo", "127.0.0.1", "::1")
OWN = 29999
SOURCE = 21234


def asking(peer: Peer) -> Steps:
    yield Send(b"who?")
    first = yield Read(seconds=1.0)
    if not first:
        return ()
    yield Send(b"and?")
    return (Reading("answer", first + (yield Read(seconds=1.0))),)


PLAIN = Probe(name="plain", transport="udp", ports=(), writes=True, steps=asking)
ANY = msgspec.structs.replace(PLAIN, name="any", elsewhere=Elsewhere())
FIXED = msgspec.structs.replace(PLAIN, name="fixed", elsewhere=Elsewhere(source=SOURCE, own=OWN))


@contextlib.contextmanager
def served(host: str, answer: Callable[[bytes, tuple[str, int]], None]) -> Iterator[int]:
    """A UDP port of `host` that leaves answering to `answer`."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((host, 0))
        listener.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    data, peer = listener.recvfrom(2048)
                    answer(data, (peer[0], peer[1]))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            thread.join()


def from_a_new_port(host: str) -> Callable[[bytes, tuple[str, int]], None]:
    def answer(data: bytes, peer: tuple[str, int]) -> None:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((host, 0))
            sock.sendto(data.upper(), peer)

    return answer


def hold(probe: Probe, *talks: tuple[str, int]) -> list[Event]:
    request = Converse(tuple(Talk(host, "udp", port) for host, port in talks))
    return list(converse(request, TokenBucket(100_000), VANTAGE, [probe]))


def said(events: list[Event]) -> list[tuple[str, str, bytes]]:
    talks = [each for each in events if isinstance(each, Conversation)]
    return sorted((each.address, each.outcome, b"".join(r.raw for r in each.readings)) for each in talks)


def opened(events: list[Event]) -> list[tuple[str, str, str, str]]:
    return [(e.address, e.ports, e.state, e.reason) for e in events if isinstance(e, PortState)]


def test_an_answer_from_any_port_counts_and_opens_the_port() -> None:
    with served("127.0.0.1", from_a_new_port("127.0.0.1")) as port:
        events = hold(ANY, ("127.0.0.1", port))
        assert said(events) == [("127.0.0.1", "answered", b"WHO?AND?")]
        assert opened(events) == [("127.0.0.1", str(port), "open", "udp-reply")]
        assert said(hold(PLAIN, ("127.0.0.1", port))) == [("127.0.0.1", "silent", b"")]


def test_version_6_as_well() -> None:
    with served("::1", from_a_new_port("::1")) as port:
        assert said(hold(ANY, ("::1", port))) == [("::1", "answered", b"WHO?AND?")]


def test_somebody_else_is_not_listened_to() -> None:
    """However many datagrams another address sends to the port that asked."""

    def answer(data: bytes, peer: tuple[str, int]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.9", 0))
            for _ in range(2000):
                sock.sendto(b"not me", peer)

    with served("127.0.0.1", answer) as port:
        events = hold(ANY, ("127.0.0.1", port))
    assert said(events) == [("127.0.0.1", "silent", b"")]
    assert opened(events) == []


def test_answers_to_one_port_of_ours_reach_the_conversation_that_asked() -> None:
    """Several peers answer to the same port at once, each from the same port of its own."""
    hosts = [f"127.0.0.{last}" for last in range(11, 19)]
    with contextlib.ExitStack() as stack:
        talks = []
        for host in hosts:

            def answer(data: bytes, peer: tuple[str, int], host: str = host) -> None:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    sock.bind((host, SOURCE))
                    sock.sendto(data + host.encode(), ("127.0.0.1", OWN))

            talks.append((host, stack.enter_context(served(host, answer))))
        events = hold(FIXED, *talks)
    assert said(events) == [(host, "answered", f"who?{host}and?{host}".encode()) for host in hosts]


def test_a_port_of_ours_that_is_taken_is_no_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", OWN))
        assert [outcome for _, outcome, _ in said(hold(FIXED, ("127.0.0.1", 9)))] == ["failed"]
