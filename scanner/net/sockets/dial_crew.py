"""Connections made by several processes, one for each core: the kernel's share of the work is theirs, too."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence

import msgspec

from scanner.errors import NetworkFailed
from scanner.net.sockets.dial import Done, Route
from scanner.net.sockets.dial_child import Frames, Job, News, Start, framed

PORTION = 128
"""Connections ordered at once."""
_LEAD = 2 * PORTION
"""Connections ordered and not yet started, at most: what is ordered leaves at once, or the pace would be a fiction."""
_MOST_BYTES = 1 << 20
_UNHEARD = 0.1
"""Seconds after which a member that says nothing has nothing to say."""


class Crew:
    """A `Dialler` of `members` processes."""

    def __init__(
        self, members: int, routes: Sequence[Route], ports: Sequence[int], limit: int, said: Sequence[bytes] = ()
    ) -> None:
        job = framed(Job(list(routes), list(ports), limit, list(said)))
        self._poll = select.poll()
        self._members: dict[int, _Member] = {}
        try:
            for _ in range(members):
                member = _Member()
                self._members[member.number] = member
                self._poll.register(member.number, select.POLLIN)
            for member in self._members.values():
                member.write(job)
        except BaseException:
            self.close()
            raise

    @property
    def room(self) -> int:
        return max(member.room for member in self._members.values())

    @property
    def busy(self) -> int:
        return sum(member.busy for member in self._members.values())

    @property
    def read(self) -> float:
        quiet = time.time() - _UNHEARD
        return min(max(quiet, member.read_to) for member in self._members.values())

    def start(self, indices: Sequence[int], seconds: float) -> None:
        """To whoever has most room; no more than `room`."""
        member = max(self._members.values(), key=lambda each: each.room)
        member.busy += len(indices)
        member.lead += len(indices)
        member.write(framed(Start(list(indices), seconds)))

    def settle(self, timeout: float) -> list[Done]:
        done: list[Done] = []
        for number, _ in self._poll.poll(max(0.0, timeout) * 1000):
            done.extend(self._members[number].read())
        return done

    def close(self) -> None:
        for member in self._members.values():
            member.close()
        self._members.clear()


class _Member:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "scanner.net.sockets.dial_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )
        assert self._process.stdout is not None
        self.number = self._process.stdout.fileno()
        self.busy = 0
        """Connections ordered and not over."""
        self.lead = 0
        """Connections ordered and not started."""
        self.read_to = 0.0
        """When it last looked, as far as it told."""
        self._limit = 0
        self._frames = Frames()

    @property
    def room(self) -> int:
        return min(self._limit - self.busy, _LEAD - self.lead)

    def write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        view = memoryview(data)
        try:
            while view:
                view = view[self._process.stdin.write(view) or 0 :]
        except BrokenPipeError:
            raise self._ended() from None

    def read(self) -> list[Done]:
        done: list[Done] = []
        data = os.read(self.number, _MOST_BYTES)
        if not data:
            raise self._ended()
        for message in self._frames.feed(data):
            news = msgspec.msgpack.decode(message, type=News)
            if news.errno:
                raise OSError(news.errno, os.strerror(news.errno))
            self._limit = news.limit or self._limit
            self.lead -= news.started
            for each in news.done:
                self.busy -= len(each.ended)
                self.read_to = each.at
                done.append(each)
        return done

    def close(self) -> None:
        self._process.kill()
        for end in (self._process.stdin, self._process.stdout):
            if end is not None:
                with contextlib.suppress(BrokenPipeError):
                    end.close()
        self._process.wait()

    def _ended(self) -> NetworkFailed:
        return NetworkFailed("a process that makes connections has ended unexpectedly; go on with --resume")
