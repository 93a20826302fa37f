"""The loop of connections on its own, on the loopback, with and without what only Linux has."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Iterator

import pytest

from scanner.net.sockets.dial import GAVE_UP, Local, Route
from scanner.net.sockets.dial_child import Frames, framed

HERE = Route("127.0.0.1", "127.0.0.1", "", 0)
HERE6 = Route("::1", "::1", "", 0)


@pytest.fixture
def services() -> Iterator[tuple[socket.socket, int, int]]:
    """A listener that nobody accepts from, its port, and a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        yield listener, listener.getsockname()[1], other.getsockname()[1]


def settled(dialler: Local, seconds: float = 30.0) -> dict[int, int]:
    """What came of each, when all are over."""
    found: dict[int, int] = {}
    until = time.monotonic() + seconds
    while dialler.busy and time.monotonic() < until:
        for done in dialler.settle(0.1):
            for index, code, _ in done.plain:
                assert index not in found
                found[index] = code
    assert not dialler.busy
    return found


@pytest.mark.parametrize("portable", [False, True], ids=["epoll", "portable"])
def test_open_and_refused(services: tuple[socket.socket, int, int], portable: bool) -> None:
    listener, open_port, closed_port = services
    dialler = Local([HERE], [open_port, closed_port], 10, portable=portable)
    try:
        dialler.start([0, 1], 2.0)
        assert dialler.room <= 9
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(30.0)
            # Our FIN comes first; what is said then is read, and no RST answers it.
            until = time.monotonic() + 30
            found: dict[int, int] = {}
            while len(found) < 2 and time.monotonic() < until:
                for done in dialler.settle(0.1):
                    found.update({index: code for index, code, _ in done.plain})
            connection.sendall(b"220 hello")
            assert connection.recv(10) == b""
        assert settled(dialler) == {}
        assert found == {0: 0, 1: errno.ECONNREFUSED}
        assert dialler.room == 10
    finally:
        dialler.close()


@pytest.mark.parametrize("portable", [False, True], ids=["epoll", "portable"])
def test_what_is_never_answered_is_given_up_in_time(services: tuple[socket.socket, int, int], portable: bool) -> None:
    """A full backlog drops SYNs."""
    _, open_port, _ = services
    fill = [socket.socket() for _ in range(4)]
    dialler = Local([HERE], [open_port], 10, portable=portable)
    try:
        for each in fill:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", open_port))
        began = time.monotonic()
        dialler.start([0], 0.4)
        assert settled(dialler) == {0: GAVE_UP}
        assert time.monotonic() - began >= 0.4
    finally:
        dialler.close()
        for each in fill:
            each.close()


@pytest.mark.parametrize("portable", [False, True], ids=["epoll", "portable"])
def test_sockets_are_used_again_and_never_mixed_up(services: tuple[socket.socket, int, int], portable: bool) -> None:
    listener, open_port, closed_port = services
    listener.listen(100)
    routes = [HERE, Route("127.0.0.2", "127.0.0.3", "", 0)]
    with socket.create_server(("127.0.0.2", 0), backlog=100) as second:
        ports = [closed_port, open_port, second.getsockname()[1]]
        dialler = Local(routes, ports, 100, portable=portable)
        try:
            for _ in range(5):
                dialler.start([0, 1, 2, 3, 4, 5], 2.0)
                found = settled(dialler)
                assert {index for index, code in found.items() if code == 0} == {1, 5}
                assert {index for index, code in found.items() if code == errno.ECONNREFUSED} == {0, 2, 3, 4}
            assert second.accept()[1][0] == "127.0.0.3"
        finally:
            dialler.close()


def test_frames_are_put_together_again_whatever_the_pieces() -> None:
    data = b"".join(framed(each) for each in ([1, 2], "x" * 300, []))
    for size in (1, 3, 7, len(data)):
        frames = Frames()
        got = [each for start in range(0, len(data), size) for each in frames.feed(data[start : start + size])]
        assert [framed_ for each in got for framed_ in [len(each).to_bytes(4, "big") + each]] == [
            framed(each) for each in ([1, 2], "x" * 300, [])
        ]
