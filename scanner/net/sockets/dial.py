"""Many connections at once, each opened, told of and closed in an orderly way: the loop under the connect engine.

    start ─> under way ─┬─ open ─> our FIN ─> what the host still says is dropped ─> its FIN (or it had its time)
                        ├─ refused, or an ICMP error
                        └─ its time is up

A connection that opens is closed by our FIN first, then what the host still has to say is read and dropped until its
own FIN, so that no RST is sent at a service that does not expect one. Nothing is written, but for a canary's signature.
"""

from __future__ import annotations

import contextlib
import errno
import select
import selectors
import socket
import time
from collections import deque
from collections.abc import Sequence
from typing import Protocol

import msgspec

from scanner.net.sockets.errqueue import complaints
from scanner.net.sockets.opening import open_socket

GAVE_UP = -1
"""Instead of an errno: no answer within the time given."""
BUSY = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EAGAIN, errno.EADDRINUSE, errno.EADDRNOTAVAIL}
)
"""The laptop itself had no room (descriptors, memory, local ports): nothing was sent."""
NO_SOURCE = -2
"""The address to send from is no longer the laptop's."""
_STREAM = int(socket.SOCK_STREAM)
_UNDER_WAY = frozenset({0, errno.EINPROGRESS, getattr(errno, "WSAEWOULDBLOCK", 0)})
"""Windows says that it would block; elsewhere that means that there is no room."""
_LINGER, _LINGER_GENTLE = 0.5, 2.0
_AT_ONCE = 4096
_STALLED = 0.2
"""Seconds without a look at the sockets after which the times of answers mean nothing."""

Told = tuple[str, str, int | None, str | None]
"""An ICMP error: state, reason, TTL, who sent it."""


class Route(msgspec.Struct, frozen=True, array_like=True):
    """Where one host is, and how it is reached."""

    address: str
    source: str
    device: str
    """The interface to leave by; empty for the laptop's own addresses."""
    scope: int
    """The interface's index where the address is link-local, else 0."""


class Done(msgspec.Struct, frozen=True, array_like=True):
    """What has happened since the last call. Times are those of the look at it."""

    at: float
    """Seconds since the epoch."""
    plain: list[tuple[int, int, float]] = []
    """(index, errno, milliseconds or negative where they are not known) of each connection that came to something; 0
    is open, GAVE_UP no answer."""
    told: list[tuple[int, int, float, list[Told]]] = []
    """The same for those that an ICMP error ended."""
    ended: list[int] = []
    """Connections that are over, closing included."""


class Dialler(Protocol):
    """Whoever makes the connections."""

    @property
    def room(self) -> int:
        """How many may be started now."""

    @property
    def busy(self) -> int:
        """How many are under way or being closed."""

    @property
    def read(self) -> float:
        """Seconds since the epoch up to which everything that arrived has been told."""

    def start(self, indices: Sequence[int], seconds: float) -> None:
        """Connect to these (host index * ports + port index); each has so many seconds."""

    def settle(self, timeout: float) -> list[Done]:
        """What has happened; waits up to `timeout` seconds for something. OSError: the laptop's own side failed."""

    def close(self) -> None:
        """Drop everything."""


class Local:
    """Connections of this process."""

    def __init__(
        self,
        routes: Sequence[Route],
        ports: Sequence[int],
        limit: int,
        said: Sequence[bytes] = (),
        *,
        gentle: bool = False,
        portable: bool = not hasattr(select, "epoll"),
    ) -> None:
        """`limit`: sockets at once. `said`: what each port is told once it has opened. `portable`: by nothing but what
        every operating system has."""
        self._routes = routes
        self._ports = ports
        self._limit = limit
        self._said = said
        self._linger = _LINGER_GENTLE if gentle else _LINGER
        self._portable = portable
        self._poller: _Poller = _Anywhere() if portable else _Epoll()
        self._live: dict[int, _Entry] = {}
        self._closing: dict[int, _Entry] = {}
        self._queues: dict[float, deque[tuple[float, int, _Entry]]] = {}
        self._spare: dict[tuple[str, str], list[socket.SocketType]] = {}
        """Sockets whose connection failed: Linux connects them once more, which costs half of a new one."""
        self._done = Done(0.0)
        self._looked = time.monotonic()
        self._watched = -1
        self.readable = False
        self.read = time.time()

    @property
    def room(self) -> int:
        return self._limit - len(self._live) - len(self._closing)

    @property
    def busy(self) -> int:
        return len(self._live) + len(self._closing)

    def watch(self, number: int) -> None:
        """Let `settle` return when that descriptor can be read, too; `readable` then says so."""
        self._watched = number
        self._poller.register(number, _READ)

    def start(self, indices: Sequence[int], seconds: float) -> None:
        width, routes, ports, live = len(self._ports), self._routes, self._ports, self._live
        queue = self._queues.setdefault(seconds, deque())
        began = time.monotonic()
        for index in indices:
            host, asked = divmod(index, width)
            route = routes[host]
            spare = self._spare.get((route.source, route.device))
            try:
                sock = spare.pop() if spare else self._new(route)
            except OSError as error:
                # To bind to an address that is not there (any more) is something else than to find no free port.
                code = NO_SOURCE if error.errno == errno.EADDRNOTAVAIL else error.errno or 0
                if code != NO_SOURCE and code not in BUSY:
                    raise
                self._drop_spare()
                self._done.plain.append((index, code, -1.0))
                self._done.ended.append(index)
                continue
            port = ports[asked]
            to = (route.address, port, 0, route.scope) if ":" in route.address else (route.address, port)
            entry = (sock, index, began, to)
            code = sock.connect_ex(to)
            if code in _UNDER_WAY:
                number = sock.fileno()
                live[number] = entry
                queue.append((began + seconds, number, entry))
            else:
                self._outcome(entry, code, time.time(), 0.0)

    def settle(self, timeout: float) -> list[Done]:
        now = time.monotonic()
        stalled = now - self._looked > _STALLED
        live, closing = self._live, self._closing
        if self._done.ended:
            timeout = 0.0
        elif timeout:
            timeout = max(0.0, min(timeout, self._next() - now))
        events = self._poller.wait(timeout)
        self._looked = now = time.monotonic()
        at = time.time()
        for number in events:
            entry = live.get(number)
            if entry is not None:
                code = self._result(entry)
                if code != errno.EALREADY:
                    del live[number]
                    self._outcome(entry, code, at, -1.0 if stalled else (now - entry[2]) * 1000)
            elif number in closing:
                self._drain(closing[number])
            elif number == self._watched:
                self.readable = True
        if len(events) < _AT_ONCE:
            self.read = at
            self._expire(now, at)
        done, self._done = self._done, Done(0.0, [], [], [])
        return [msgspec.structs.replace(done, at=at)] if done.ended or done.plain or done.told else []

    def close(self) -> None:
        for entry in (*self._live.values(), *self._closing.values()):
            entry[0].close()
        self._live.clear()
        self._closing.clear()
        self._drop_spare()
        self._poller.close()

    def _new(self, route: Route) -> socket.SocketType:
        sock = open_socket(route.source, route.device, _STREAM)
        self._poller.register(sock.fileno(), _WRITE)
        return sock

    def _result(self, entry: _Entry) -> int:
        """What has become of a connection, as errno; EALREADY while it is under way."""
        if self._portable:
            code = entry[0].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            return errno.EALREADY if code == 0 and not _has_peer(entry[0]) else code
        # Linux tells by a second connect, which makes the socket of a failed connection as good as new.
        code = entry[0].connect_ex(entry[3])
        return 0 if code == errno.EISCONN else code

    def _drop_spare(self) -> None:
        for socks in self._spare.values():
            for sock in socks:
                self._poller.forget(sock.fileno())
                sock.close()
        self._spare.clear()

    def _next(self) -> float:
        """When the next connection's time is up."""
        first = float("inf")
        for queue in self._queues.values():
            while queue and not self._holds(queue[0]):
                queue.popleft()
            if queue:
                first = min(first, queue[0][0])
        return first

    def _holds(self, item: tuple[float, int, _Entry]) -> bool:
        return self._live.get(item[1]) is item[2] or self._closing.get(item[1]) is item[2]

    def _expire(self, now: float, at: float) -> None:
        for queue in self._queues.values():
            while queue and queue[0][0] <= now:
                item = queue.popleft()
                _, number, entry = item
                if self._live.get(number) is entry:
                    del self._live[number]
                    # An answer that came this moment counts.
                    code = self._result(entry)
                    if code != errno.EALREADY:
                        self._outcome(entry, code, at, -1.0)
                    else:
                        self._done.plain.append((entry[1], GAVE_UP, -1.0))
                        self._end(entry)
                elif self._closing.get(number) is entry:
                    del self._closing[number]
                    self._end(entry)

    def _outcome(self, entry: _Entry, code: int, at: float, spent: float) -> None:
        sock, index, _, _ = entry
        told: list[Told] = []
        if code:
            told = [
                (each.answer.state, each.answer.reason, each.answer.ttl, each.answer.source)
                for each in complaints(sock, at)
                if each.answer is not None
            ]
        if told:
            self._done.told.append((index, code, spent, told))
        else:
            self._done.plain.append((index, code, spent))
        if code == 0:
            self._finish(entry)
        elif code == errno.ECONNREFUSED and not self._portable:
            route = self._routes[index // len(self._ports)]
            self._spare.setdefault((route.source, route.device), []).append(sock)
            self._done.ended.append(index)
        else:
            self._end(entry)

    def _finish(self, entry: _Entry) -> None:
        """Send our FIN and wait for theirs."""
        sock, index, _, to = entry
        number = sock.fileno()
        try:
            if self._said and (data := self._said[index % len(self._ports)]):
                sock.send(data)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._end(entry)
            return
        closing = (sock, index, 0.0, to)
        self._closing[number] = closing
        self._queues.setdefault(self._linger, deque()).append((time.monotonic() + self._linger, number, closing))
        self._poller.listen(number)

    def _drain(self, entry: _Entry) -> None:
        try:
            if entry[0].recv(16384):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        del self._closing[entry[0].fileno()]
        self._end(entry)

    def _end(self, entry: _Entry) -> None:
        self._poller.forget(entry[0].fileno())
        entry[0].close()
        self._done.ended.append(entry[1])


_Address = tuple[str, int] | tuple[str, int, int, int]
_Entry = tuple[socket.SocketType, int, float, _Address]
"""A socket, what it asks, when it started, and where it goes."""
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


def _has_peer(sock: socket.SocketType) -> bool:
    """Whether the handshake is over: "no error" alone is said of one that is under way, too."""
    try:
        sock.getpeername()
    except OSError as error:
        return error.errno != errno.ENOTCONN
    return True


class _Poller(Protocol):
    def register(self, number: int, event: int) -> None: ...
    def listen(self, number: int) -> None:
        """From now on for reading."""

    def forget(self, number: int) -> None: ...
    def wait(self, timeout: float) -> Sequence[int]: ...
    def close(self) -> None: ...


class _Anywhere:
    """What the operating system offers, by way of `selectors`."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def register(self, number: int, event: int) -> None:
        self._selector.register(number, event)

    def listen(self, number: int) -> None:
        self._selector.modify(number, selectors.EVENT_READ)

    def forget(self, number: int) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(number)

    def wait(self, timeout: float) -> Sequence[int]:
        return [key.fd for key, _ in self._selector.select(timeout)][:_AT_ONCE]

    def close(self) -> None:
        self._selector.close()


class _Epoll:
    """Linux: a closed socket leaves by itself, and a spare one stays without being reported all the time."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self.close = self._epoll.close

    def register(self, number: int, event: int) -> None:
        self._epoll.register(number, select.EPOLLIN if event == _READ else select.EPOLLOUT | select.EPOLLET)

    def listen(self, number: int) -> None:
        self._epoll.modify(number, select.EPOLLIN)

    def forget(self, number: int) -> None:
        """Closing it is enough."""

    def wait(self, timeout: float) -> Sequence[int]:
        return [number for number, _ in self._epoll.poll(timeout, _AT_ONCE)]
