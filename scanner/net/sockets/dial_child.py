"""A process of its own that makes connections: one core is not enough for as many as a network can answer.

Reads frames from stdin: first how to reach every host, then what to start; writes what has happened to stdout. When its
stdin closes, as it does when whoever started it was killed, it drops everything and ends.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator

import msgspec

from scanner.net.sockets.dial import Done, Local, Route
from scanner.net.sockets.opening import descriptors

_IDLE = 1.0


class Job(msgspec.Struct, frozen=True, array_like=True):
    """The first frame."""

    routes: list[Route]
    ports: list[int]
    limit: int
    said: list[bytes] = []
    """What each port is told once it has opened."""


class Start(msgspec.Struct, frozen=True, array_like=True):
    """Every other one: connect to these, each within so many seconds."""

    indices: list[int]
    seconds: float


class News(msgspec.Struct, frozen=True, array_like=True):
    """What the child says. `limit`: how many connections it can hold, in its first frame only."""

    started: int = 0
    """Connections started since the last frame."""
    done: list[Done] = []
    limit: int = 0
    errno: int = 0
    """The laptop's own side failed, and the child ends."""


def framed(message: object) -> bytes:
    """A message with its length before it."""
    data = msgspec.msgpack.encode(message)
    return len(data).to_bytes(4, "big") + data


class Frames:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._buffer += data
        while len(self._buffer) >= 4:
            end = 4 + int.from_bytes(self._buffer[:4], "big")
            if len(self._buffer) < end:
                return
            message = bytes(self._buffer[4:end])
            del self._buffer[:end]
            yield message


def main() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, sink = sys.stdin.fileno(), sys.stdout.fileno()
    frames = Frames()
    local: Local | None = None
    with descriptors() as most:
        while data := os.read(source, 1 << 16):
            started = 0
            try:
                for message in frames.feed(data):
                    if local is None:
                        job = msgspec.msgpack.decode(message, type=Job)
                        local = Local(job.routes, job.ports, min(most, job.limit), job.said)
                        local.watch(source)
                        _say(sink, News(limit=min(most, job.limit)))
                    else:
                        order = msgspec.msgpack.decode(message, type=Start)
                        local.start(order.indices, order.seconds)
                        started += len(order.indices)
                if local is None:
                    continue
                if started:
                    _say(sink, News(started))
                # Until there is something to read again.
                while not local.readable:
                    done = local.settle(_IDLE)
                    if done:
                        _say(sink, News(0, done))
                local.readable = False
            except OSError as error:
                _say(sink, News(errno=error.errno or 0))
                return 1
    if local is not None:
        local.close()
    return 0


def _say(sink: int, news: News) -> None:
    data = memoryview(framed(news))
    while data:
        data = data[os.write(sink, data) :]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        sys.exit(0)
