"""Ports asked by ordinary sockets from one source port, where the system lets this user have it."""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import time
from collections.abc import Iterator, Mapping, Sequence

from scanner.dressing import told
from scanner.model.addresses import AddressSet
from scanner.model.base import Transport
from scanner.model.network import Knock, Pace
from scanner.model.observation import Event, Vantage
from scanner.net.carrier import Carrier
from scanner.net.packets.trusted import why
from scanner.net.raw.dressed import not_asked
from scanner.net.route import Hop, Interface
from scanner.net.sockets.errqueue import QUEUE, complaints
from scanner.net.sockets.opening import aimed, descriptors, endpoint, open_socket, refuse_unreached
from scanner.net.sockets.udp import DatagramWire
from scanner.net.volley.passes import Arrival, volley
from scanner.net.volley.tally import Answer, Question, Tally

_UNDER_WAY = frozenset({0, errno.EINPROGRESS, getattr(errno, "WSAEWOULDBLOCK", 0)})
_MOST = 2048
"""Connections of one volley, each of which keeps its socket to the end."""


def knock(
    request: Knock, port: int, pace: Pace, vantage: Vantage, interface: Interface, payloads: Mapping[int, bytes]
) -> Iterator[Event]:
    """Ask the ports from `port`; what cannot be asked so is a Limitation."""
    kinds: tuple[tuple[Transport, socket.SocketKind, tuple[int, ...]], ...] = (
        ("tcp", socket.SOCK_STREAM, request.tcp),
        ("udp", socket.SOCK_DGRAM, request.udp),
    )
    for transport, kind, ports in kinds:
        if not ports:
            continue
        refused = _refused(kind, port, vantage, interface)
        if refused is None and transport == "udp" and not QUEUE:
            refused = "this system does not tell ordinary programs of ICMP errors; Linux does"
        if refused is not None:
            yield not_asked(request.via, transport, refused)
            continue
        questions: list[Question] = [(transport, each) for each in ports]
        yield from told(_ask(request, questions, port, pace, vantage, interface, payloads), request.via)


def _ask(
    request: Knock,
    questions: Sequence[Question],
    port: int,
    pace: Pace,
    vantage: Vantage,
    interface: Interface,
    payloads: Mapping[int, bytes],
) -> Iterator[Event]:
    with descriptors() as limit:
        size = max(1, min(_MOST, limit) // len(questions))
        for part in AddressSet.parse(request.addresses).chunks(size):
            step = min(_MOST, limit)
            for start in range(0, len(questions), step):
                tally, ways = aimed(part, questions[start : start + step], request.tries, vantage, interface)
                tally.know(request.known)
                stream = questions[0][0] == "tcp"
                wire = (
                    _Connecting(tally, ways, interface, port)
                    if stream
                    else DatagramWire(tally, ways, interface, payloads, port)
                )
                with contextlib.closing(wire):
                    yield from volley(wire, tally, pace, stage="knock", patience=request.patience)
                refuse_unreached(tally, ways, interface)
                yield from tally.rows(time.time())


def _refused(kind: socket.SocketKind, port: int, vantage: Vantage, interface: Interface) -> str | None:
    """Why the port is not to be had, or None. Nothing is sent."""
    for address in filter(None, (vantage.address, vantage.address6)):
        try:
            open_socket(address, interface.name, kind, 0, port).close()
        except OSError as error:
            return why(error, port)
    return None


class _Connecting:
    """A wire of connections, each begun by one try and closed as soon as it comes to something."""

    def __init__(self, tally: Tally, ways: Sequence[Hop | None], interface: Interface, port: int) -> None:
        self._tally = tally
        self._ways = ways
        self._interface = interface
        self._carrier = Carrier(interface)
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._out: dict[int, socket.SocketType] = {}

    def close(self) -> None:
        for index in list(self._out):
            self._end(index)
        self._selector.close()

    def send(self, index: int, attempt: int) -> None:
        host, asked = divmod(index, len(self._tally.questions))
        hop, port = self._ways[host], self._tally.questions[asked][1]
        if hop is None:
            return
        if index in self._out:
            self._end(index)  # its SYN went unanswered; the next one has the same four numbers
        address = self._tally.addresses[host]
        device = "" if hop.kind == "self" else self._interface.name
        try:
            sock = open_socket(hop.to(address).source, device, socket.SOCK_STREAM, 0, self._port)
        except OSError:
            self._carrier.check()
            return
        code = sock.connect_ex(endpoint(address, port, self._interface))
        if code not in _UNDER_WAY:
            sock.close()  # the laptop itself would not: a connection between the same four numbers is just being closed
            return
        self._out[index] = sock
        self._selector.register(sock.fileno(), selectors.EVENT_WRITE, index)

    def receive(self, timeout: float) -> Iterator[Arrival]:
        if not self._out:
            time.sleep(min(timeout, 0.05))
            return
        for key, _ in self._selector.select(timeout):
            yield from self._settled(key.data)

    def check(self) -> None:
        self._carrier.check()

    def _settled(self, index: int) -> Iterator[Arrival]:
        sock, at = self._out[index], time.time()
        said = [each.answer for each in complaints(sock, at) if each.answer is not None]
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self._end(index)
        if said:
            hop = self._ways[index // len(self._tally.questions)]
            if hop is None or hop.kind == "self" or not self._interface.has(said[-1].source or ""):
                yield Arrival(index, None, said[-1])
        elif code == 0:
            yield Arrival(index, None, Answer("open", "connected", at))
        elif code == errno.ECONNREFUSED:
            yield Arrival(index, None, Answer("closed", "refused", at))

    def _end(self, index: int) -> None:
        sock = self._out.pop(index)
        self._selector.unregister(sock.fileno())
        sock.close()
