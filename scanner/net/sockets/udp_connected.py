"""UDP where the kernel keeps no queue of ICMP errors: a connected socket for each probe, which an error then ends.

Which host and router said so it does not tell; that a port is closed it does.
"""

from __future__ import annotations

import errno
import selectors
import socket
import time
from collections.abc import Iterator, Mapping, Sequence

from scanner.errors import NetworkFailed
from scanner.net.carrier import Carrier
from scanner.net.route import Hop, Interface
from scanner.net.sockets.opening import ICMP_ERRORS, endpoint, open_socket, ready, refusal
from scanner.net.trouble import gone
from scanner.net.volley.passes import Arrival
from scanner.net.volley.tally import Answer, Tally

_REFUSED = frozenset({errno.ECONNREFUSED, errno.ECONNRESET})
"""Windows tells of a port unreachable as of a reset."""
_STAY = 1.0
"""Seconds for which an answer may come before another probe gets the room."""


class ConnectedWire:
    """Sends a tally's UDP probes, at most `limit` of them out at once."""

    def __init__(
        self,
        tally: Tally,
        ways: Sequence[Hop | None],
        interface: Interface,
        payloads: Mapping[int, bytes],
        limit: int,
    ) -> None:
        self._tally = tally
        self._ways = ways
        self._interface = interface
        self._carrier = Carrier(interface)
        self._payloads = payloads
        self._limit = limit
        self._out: dict[int, tuple[socket.SocketType, float]] = {}
        """The socket of each probe and when it left, the oldest first."""
        self._selector = selectors.DefaultSelector()
        self._early: list[Arrival] = []

    def close(self) -> None:
        for index in list(self._out):
            self._end(index)
        self._selector.close()

    def send(self, index: int, attempt: int) -> None:
        host, asked = divmod(index, len(self._tally.questions))
        hop, port = self._ways[host], self._tally.questions[asked][1]
        if hop is None:
            return
        address = self._tally.addresses[host]
        sock, _ = self._out.pop(index, (None, 0.0))
        if sock is None:
            sock = self._opened(index, hop.to(address).source, endpoint(address, port, self._interface))
        if sock is None:
            return
        self._out[index] = sock, time.monotonic()
        for _ in range(64):
            try:
                sock.send(self._payloads.get(port, b""))
                return
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS):
                    self._early.extend(self._said(index, error.errno or 0))
                    return
                ready([sock], selectors.EVENT_WRITE, 0.01)
        raise NetworkFailed(f"{self._interface.name} takes no packet to {address}")

    def receive(self, timeout: float) -> Iterator[Arrival]:
        early, self._early = self._early, []
        yield from early
        if not self._out:
            time.sleep(0.0 if early else min(timeout, 0.05))
        else:
            yield from self._read(0.0 if early else timeout)

    def check(self) -> None:
        self._carrier.check()

    def _read(self, timeout: float) -> Iterator[Arrival]:
        for key, _ in self._selector.select(timeout):
            index: int = key.data
            sock, _ = self._out[index]
            try:
                sock.recv(2048)
            except BlockingIOError:
                continue
            except OSError as error:
                yield from self._said(index, error.errno or 0)
            else:
                source = self._tally.addresses[index // len(self._tally.questions)]
                self._end(index)
                yield Arrival(index, None, Answer("open", "udp-reply", time.time(), None, source))

    def _opened(
        self, index: int, source: str, to: tuple[str, int] | tuple[str, int, int, int]
    ) -> socket.SocketType | None:
        while len(self._out) >= self._limit:
            oldest, (_, left) = next(iter(self._out.items()))
            wait = left + _STAY - time.monotonic()
            if wait <= 0:
                self._end(oldest)
            else:
                self._early.extend(self._read(wait))
        try:
            sock = open_socket(source, "", socket.SOCK_DGRAM)
        except OSError as error:
            raise NetworkFailed(f"{self._interface.name} cannot be used: {error.strerror}") from None
        code = sock.connect_ex(to)
        if code:
            sock.close()
            self._early.extend(self._said(index, code))
            return None
        self._selector.register(sock.fileno(), selectors.EVENT_READ, index)
        return sock

    def _said(self, index: int, code: int) -> Iterator[Arrival]:
        """What an error means; the probe is over."""
        self._end(index)
        if code in (errno.ENETDOWN, errno.ENODEV, errno.ENXIO):
            raise gone(self._interface.name)
        host = index // len(self._tally.questions)
        hop = self._ways[host]
        if code in _REFUSED:
            yield Arrival(index, None, Answer("closed", "refused", time.time()))
        elif code in ICMP_ERRORS and (code != errno.EACCES or ":" in self._tally.addresses[host]):
            if hop is not None and hop.kind == "routed":
                yield Arrival(index, None, Answer(*ICMP_ERRORS[code], time.time()))
        elif reason := refusal(code):
            self._tally.refuse(host, reason)

    def _end(self, index: int) -> None:
        sock, _ = self._out.pop(index, (None, 0.0))
        if sock is not None:
            self._selector.unregister(sock.fileno())
            sock.close()
