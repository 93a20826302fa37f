"""UDP and unprivileged echo through the laptop's own IP stack: one socket, and its queue of ICMP errors."""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import struct
import time
from collections.abc import Iterator, Mapping, Sequence

from scanner.errors import NetworkFailed
from scanner.model.addresses import AddressSet
from scanner.model.network import Knock, Pace
from scanner.model.observation import Event, Vantage
from scanner.net.carrier import Carrier
from scanner.net.packets import frames
from scanner.net.patience import patiently
from scanner.net.route import Hop, Interface
from scanner.net.sockets.connect import PAUSE
from scanner.net.sockets.errqueue import QUEUE, complaints, ttl_of
from scanner.net.sockets.opening import (
    NO_NEXT_HOP,
    aimed,
    descriptors,
    endpoint,
    open_socket,
    ready,
    refusal,
    refuse_unreached,
)
from scanner.net.sockets.udp_connected import ConnectedWire
from scanner.net.trouble import gone
from scanner.net.volley.passes import MOST_PROBES, Arrival, volley
from scanner.net.volley.tally import Answer, Question, Tally

_MOST_AT_ONCE = 1024
_SO_RCVBUF = 4 << 20


class DatagramWire:
    """Sends a tally's UDP or echo probes from ordinary sockets, one for each source address."""

    def __init__(
        self,
        tally: Tally,
        ways: Sequence[Hop | None],
        interface: Interface,
        payloads: Mapping[int, bytes],
        local: int = 0,
    ) -> None:
        """`local`: the source port; 0: any."""
        self._local = local
        self._tally = tally
        self._ways = ways
        self._interface = interface
        self._carrier = Carrier(interface)
        self._payloads = payloads
        self._hosts = {address: index for index, address in enumerate(tally.addresses)}
        self._asked = {port: index for index, (_, port) in enumerate(tally.questions)}
        self._echo = tally.questions[0][0] == "icmp"
        self._sockets: dict[tuple[str, bool], socket.SocketType] = {}
        self._early: list[Arrival] = []

    def close(self) -> None:
        for sock in self._sockets.values():
            sock.close()
        self._sockets.clear()

    def send(self, index: int, attempt: int) -> None:
        host, asked = divmod(index, len(self._tally.questions))
        address = self._tally.addresses[host]
        hop = self._ways[host]
        if hop is None:
            return
        sock = self._socket(hop.to(address))
        port = self._tally.questions[asked][1]
        data = self._payloads.get(port, b"")
        if self._echo:
            port, kind = 0, 128 if ":" in address else 8
            data = _echo_request(kind, attempt)
        for _ in range(64):
            try:
                sock.sendto(data, endpoint(address, port, self._interface))
                return
            except OSError as error:
                if error.errno in (errno.ENETDOWN, errno.ENODEV, errno.ENXIO):
                    raise gone(self._interface.name) from None
                reason = refusal(error.errno or 0)
                # An ICMP error about an earlier packet is reported by the next call: take it, and send again.
                taken = list(self._errors(sock))
                self._early.extend(taken)
                if reason is not None and not taken:
                    self._tally.refuse(host, reason)
                    return
                if error.errno in (errno.EAGAIN, errno.ENOBUFS):
                    ready([sock], selectors.EVENT_WRITE, 0.01)
        raise NetworkFailed(f"{self._interface.name} takes no packet to {address}")

    def receive(self, timeout: float) -> Iterator[Arrival]:
        early, self._early = self._early, []
        yield from early
        sockets = list(self._sockets.values())
        if not sockets:
            time.sleep(min(timeout, 0.05))
            return
        # An ICMP error makes a socket readable too.
        for sock in ready(sockets, selectors.EVENT_READ, 0 if early else timeout):
            yield from self._errors(sock)
            yield from self._replies(sock)

    def check(self) -> None:
        self._carrier.check()

    def _socket(self, hop: Hop) -> socket.SocketType:
        key = hop.source, hop.kind == "self"
        sock = self._sockets.get(key)
        if sock is None:
            protocol = 0
            if self._echo:
                protocol = frames.ICMP6 if ":" in hop.source else frames.ICMP
            try:
                device = "" if hop.kind == "self" else self._interface.name
                sock = open_socket(hop.source, device, socket.SOCK_DGRAM, protocol, self._local)
            except OSError as error:
                raise NetworkFailed(f"{self._interface.name} cannot be used: {error.strerror}") from None
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SO_RCVBUF)
            self._sockets[key] = sock
        return sock

    def _replies(self, sock: socket.SocketType) -> Iterator[Arrival]:
        for _ in range(_MOST_AT_ONCE):
            try:
                data, ancillary, peer = _received(sock)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error, which is read from the queue
            address = peer[0].partition("%")[0]
            index = self._index(address, peer[1])
            if index is None:
                continue
            attempt, reason = None, "udp-reply"
            if self._echo:
                data = _behind_ip(data)
                if len(data) < 8 or data[0] not in (0, 129):
                    continue
                reason, attempt = "echo-reply", int.from_bytes(data[6:8], "big")
                if attempt > 255:
                    continue
            answer = Answer("open", reason, time.time(), ttl_of(ancillary), address)
            yield Arrival(index, attempt, answer)

    def _errors(self, sock: socket.SocketType) -> Iterator[Arrival]:
        for complaint in complaints(sock, time.time()):
            index = self._index(complaint.address, complaint.port)
            hop = None if index is None else self._ways[index // len(self._tally.questions)]
            if index is None or hop is None:
                continue
            answer = complaint.answer
            if answer is None:
                continue
            if hop.kind != "self" and self._interface.has(answer.source or ""):
                # The laptop's own kernel found nobody on the link: a dead neighbour, or a dead next hop.
                if hop.kind == "routed":
                    self._tally.refuse(self._hosts[complaint.address], NO_NEXT_HOP)
                continue
            yield Arrival(index, None, answer)

    def _index(self, address: str, port: int) -> int | None:
        host = self._hosts.get(address)
        asked = 0 if self._echo else self._asked.get(port)
        return None if host is None or asked is None else host * len(self._tally.questions) + asked


def knock(
    request: Knock, pace: Pace, vantage: Vantage, interface: Interface, payloads: Mapping[int, bytes]
) -> Iterator[Event]:
    """Ask every UDP port of every address; a port without a payload gets an empty datagram, as do gentle requests."""
    if not request.udp:
        return
    questions: list[Question] = [("udp", port) for port in request.udp]
    for part in AddressSet.parse(request.addresses).chunks(max(1, MOST_PROBES // len(questions))):
        tally, ways = aimed(part, questions, request.tries, vantage, interface)
        tally.know(request.known)
        said = {} if request.gentle else payloads
        pause = PAUSE if request.gentle else 0.0
        with descriptors() as limit, contextlib.ExitStack() as opened:
            if QUEUE:
                wire: DatagramWire | ConnectedWire = DatagramWire(tally, ways, interface, said)
            else:
                wire = ConnectedWire(tally, ways, interface, said, limit)
            opened.callback(wire.close)
            yield from volley(wire, tally, pace, stage="knock", pause=pause, patience=request.patience)
            yield from patiently(wire, tally, pace)
            refuse_unreached(tally, ways, interface)
            yield from tally.rows(time.time())


def _received(sock: socket.SocketType) -> tuple[bytes, list[tuple[int, int, bytes]], tuple[str, int]]:
    """A datagram, what the kernel says of it, and who sent it. Windows has no recvmsg, and says nothing."""
    if hasattr(sock, "recvmsg"):
        data, ancillary, _, peer = sock.recvmsg(2048, 256)
        return data, ancillary, peer
    data, peer = sock.recvfrom(2048)
    return data, [], peer


def _echo_request(kind: int, attempt: int) -> bytes:
    """Linux writes the checksum of IPv4 itself, others do not; that of IPv6 everybody does."""
    head, said = struct.pack("!BB", kind, 0), struct.pack("!HH", 0, attempt) + b"fencewalk"
    return head + frames.checksum(head + bytes(2) + said).to_bytes(2, "big") + said


def _behind_ip(data: bytes) -> bytes:
    """The ICMP message: macOS hands over the IPv4 header before it."""
    return data[(data[0] & 15) * 4 :] if data and data[0] >> 4 == 4 else data
