"""A server that never lets anybody wait for long, and never comes to an end."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from scanner.tickets.wire import Patience, Unavailable, Wire

HASTY = Patience(timeout=0.2, attempts=1, first_wait=0.01, longest_wait=0.1)
STEP = 0.02
PIECES = 1500
"""Half a minute of them."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

DRIPS: dict[str, tuple[bytes, bytes]] = {
    "a status line": (b"HTTP/1.1 200 ", b"O"),
    "a header": (HEAD + b"X-Slow: ", b"x"),
    "headers without end": (HEAD, b"X: y\r\n"),
    "answers that say to go on": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body": (HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
    "a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "a refusal's body": (b"HTTP/1.1 400 Bad\r\nContent-Length: 100000\r\n\r\n", b" "),
}


class Dripping:
    """Says `first`, and then `piece` again and again."""

    def __init__(self, first: bytes, piece: bytes) -> None:
        self.first, self.piece = first, piece
        self.asked = self.ended = 0
        self._over = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                peer, _ = self._listening.accept()
            except OSError:
                return
            with peer, contextlib.suppress(OSError):
                self.asked += 1
                peer.recv(65536)
                peer.sendall(self.first)
                for _ in range(PIECES):
                    if self._over.wait(STEP):
                        return
                    peer.sendall(self.piece)
                self.ended += 1

    def end(self) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)


@contextlib.contextmanager
def dripping(name: str, patience: Patience = HASTY) -> Iterator[tuple[Dripping, Wire]]:
    server, wire = Dripping(*DRIPS[name]), Wire("The desk", {}, (), patience)
    try:
        yield server, wire
    finally:
        wire.end()
        server.end()


@pytest.mark.parametrize("name", DRIPS)
def test_a_request_ends_although_something_comes_all_the_time(name: str) -> None:
    with dripping(name) as (server, wire):
        with pytest.raises(Unavailable, match=r"^The desk did not come to the end of its answer in time \(1 attempt\)"):
            wire.ask("GET", server.url)
        assert (server.asked, server.ended) == (1, 0)


def test_what_may_have_been_taken_is_looked_for_before_it_is_sent_again() -> None:
    looked: list[str] = []

    def taken() -> str:
        looked.append("asked")
        return "there"

    def read(_: Any) -> str:
        return "new"

    with dripping("a header", Patience(timeout=0.2, attempts=2, first_wait=0.01)) as (server, wire):
        assert wire.put(server.url, {}, taken, read) == "there"
        assert (server.asked, wire.unsure, looked) == (1, 1, ["asked"])
