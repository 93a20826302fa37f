"""A canary without privilege: ordinary sockets on as many of the ports as the system lets this user have.

A TCP probe is recognised by its data only, so the way back has to be open for it to be seen (`Listening.how`). Works on
every system that Python works on.
"""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence

from scanner.model.addresses import addresses_text, ports_text
from scanner.model.base import Transport
from scanner.model.nonce import SIZE, Signer
from scanner.model.observation import Arrival, HostSeen, Limitation, Listening, Via
from scanner.net.canary.answer import REPLY, TRUSTED_SOURCES
from scanner.net.canary.book import Book
from scanner.net.route import Hop, Interface, index_of, neighbours
from scanner.ports import TCP, UDP, Ports

_RESERVE = 96
_FEW = 400
"""Sockets where nobody tells a limit."""
_BACKLOG = 64
_MOST_OPEN, _SECONDS = 64, 5.0
"""Connections at once, and for how long one may say nothing."""
_MOST_TEXT = 60
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class SocketEars:
    """Listens on `addresses`. `said`: the ports that it could not have; its `listening` leaves them out."""

    def __init__(
        self,
        interface: Interface,
        addresses: Sequence[str],
        ports: Ports,
        signer: Signer,
        gateways: Sequence[Hop],
        room: int | None = None,
    ) -> None:
        """`room`: sockets at most; None: what the system allows."""
        self._interface = interface
        self._addresses = [each for each in addresses if not each.startswith("fe80:")]
        self._signer = signer
        self._gateways = {each.via for each in gateways}
        self._selector = selectors.DefaultSelector()
        self._book = Book()
        self._held: dict[tuple[str, Transport], set[int]] = {}
        self._open: OrderedDict[socket.socket, float] = OrderedDict()
        """Accepted connections, and until when each may say something."""
        self._news: list[HostSeen] = []
        self.said: list[str] = []
        self._bind(ports, max(16, (_most_sockets() if room is None else room) - _MOST_OPEN - _RESERVE))

    @property
    def totals(self) -> dict[tuple[str, Transport, bool], int]:
        return self._book.totals

    def close(self) -> None:
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._selector.close()

    def listen(self, seconds: float) -> None:
        """Hear and answer what comes within so many seconds, or what has come once something has."""
        for key, _ in self._selector.select(seconds):
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            if key.data == "udp":
                self._datagrams(sock)
            elif key.data == "tcp":
                self._accept(sock)
            else:
                self._data(sock, key.data)
        now = time.monotonic()
        while self._open and next(iter(self._open.values())) < now:
            self._end(next(iter(self._open)))

    def news(self) -> Iterable[Arrival | HostSeen | Limitation]:
        """What arrived since the last call."""
        yield from self._book.rows()
        told, self._news = self._news, []
        yield from told

    def listening(self, since: float, at: float) -> Iterator[Listening]:
        """What was listened on until `at`."""
        kinds: tuple[Transport, ...] = ("tcp", "udp")
        for kind in kinds:
            alike: dict[str, list[str]] = {}
            for address in self._addresses:
                if held := self._held.get((address, kind)):
                    alike.setdefault(ports_text(held), []).append(address)
            for ports, addresses in alike.items():
                yield Listening(addresses_text(addresses), kind, ports, "sockets", since, at)

    def ask_gateways(self) -> None:
        """The system's own table has to tell; nothing is sent."""
        known = neighbours(self._interface)
        now = time.time()
        self._news += [HostSeen(each, "gateway", now, known[each]) for each in sorted(self._gateways & set(known))]

    def _bind(self, ports: Ports, room: int) -> None:
        full: dict[Transport, set[int]] = {"tcp": set(), "udp": set()}
        taken: dict[Transport, set[int]] = {"tcp": set(), "udp": set()}
        for kind, port in _in_turn(ports):
            for address in self._addresses:
                if room <= 0:
                    full[kind].add(port)
                    continue
                try:
                    sock = self._listener(address, kind, port)
                except OSError as error:
                    if error.errno in _NO_ROOM:
                        room = 0
                        full[kind].add(port)
                    else:
                        taken[kind].add(port)
                    continue
                room -= 1
                self._selector.register(sock, selectors.EVENT_READ, kind)
                self._held.setdefault((address, kind), set()).add(port)
        for found, why in (
            (taken, "the system lets this user not have them, or another program has them; sudo sees whatever arrives"),
            (full, "more sockets than this user may open (ulimit -n); sudo sees whatever arrives"),
        ):
            for kind, numbers in found.items():
                if numbers:
                    text = ports_text(numbers)
                    text = (
                        text
                        if len(text) <= _MOST_TEXT
                        else f"{min(numbers)}-{max(numbers)} ({len(numbers):,} of these)"
                    )
                    self.said.append(f"nothing is heard on {kind} {text}: {why}")

    def _listener(self, address: str, kind: Transport, port: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            if kind == "tcp" and hasattr(socket, "AF_PACKET"):
                # Where it means no more than that closed connections do not hold the port.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            scope = index_of(self._interface.name) if address.startswith("fe80:") else 0
            sock.bind((address, port, 0, scope) if ":" in address else (address, port))
            if kind == "tcp":
                sock.listen(_BACKLOG)
        except OSError:
            sock.close()
            raise
        return sock

    def _datagrams(self, sock: socket.socket) -> None:
        for _ in range(256):
            try:
                data, peer = sock.recvfrom(2048)
            except OSError:  # nothing more, or an ICMP error about an answer
                return
            found = self._signer.read_payload(data)
            if found is None or found[1] == REPLY:
                continue
            nonce, asked = found
            self._note(sock, "udp", nonce, asked, peer, connected=False)
            with contextlib.suppress(OSError):
                sock.sendto(self._signer.payload(nonce, REPLY), peer)

    def _accept(self, sock: socket.socket) -> None:
        for _ in range(_BACKLOG):
            try:
                connection, peer = sock.accept()
            except OSError:
                return
            connection.setblocking(False)
            while len(self._open) >= _MOST_OPEN:
                self._end(next(iter(self._open)))
            self._open[connection] = time.monotonic() + _SECONDS
            self._selector.register(connection, selectors.EVENT_READ, peer)

    def _data(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        """Its first bytes are the signature, or it is none of ours."""
        if sock not in self._open:
            return
        try:
            data = sock.recv(SIZE)
            found = self._signer.read_payload(data)
            if found is not None and found[1] != REPLY:
                self._note(sock, "tcp", *found, peer, connected=True)
                sock.send(self._signer.payload(found[0], REPLY))
        except BlockingIOError:
            return
        except OSError:
            pass
        self._end(sock)

    def _end(self, sock: socket.socket) -> None:
        self._open.pop(sock, None)
        self._selector.unregister(sock)
        sock.close()

    def _note(
        self, sock: socket.socket, kind: Transport, nonce: str, asked: int, peer: tuple[str, int], connected: bool
    ) -> None:
        address, port = sock.getsockname()[:2]
        via: Via = f"sport-{peer[1]}" if peer[1] in TRUSTED_SOURCES else ""
        source = peer[0].partition("%")[0]
        self._book.note(address.partition("%")[0], kind, port, nonce, asked, source, connected, via, time.time())


def _in_turn(ports: Ports) -> Iterator[tuple[Transport, int]]:
    """The ports that matter most first, of both transports by turns: there may not be room for all."""
    tcp, udp = _ranked(ports.tcp, TCP), _ranked(ports.udp, UDP)
    for place in range(max(len(tcp), len(udp))):
        if place < len(tcp):
            yield "tcp", tcp[place]
        if place < len(udp):
            yield "udp", udp[place]


def _ranked(ports: Sequence[int], listed: Sequence[int]) -> list[int]:
    rank = {port: place for place, port in enumerate(listed)}
    return sorted(ports, key=lambda port: (rank.get(port, len(rank)), port))


def _most_sockets() -> int:
    """How many this user may open; the soft limit is raised to the hard one, for good: the canary is the process."""
    try:
        import resource
    except ImportError:
        return _FEW
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return 1 << 18
    most = 1 << 18 if hard == resource.RLIM_INFINITY else min(hard, 1 << 18)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    except (OSError, ValueError):  # macOS has a lower bound of its own below an infinite one
        return soft
    return most
