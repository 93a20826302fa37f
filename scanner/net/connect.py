"""The connect engine for TCP: whole connections through the laptop's own IP stack, no privilege needed.

It cannot see the TTL of a SYN-ACK or RST. The kernel repeats the SYN itself, so one connection is at least two tries.
A connection that opens is closed in an orderly way: our FIN first, then what the host still has to say is read and
dropped until its own FIN, so that no RST is sent at a service that does not expect one. Nothing is written.
"""

from __future__ import annotations

import errno
import heapq
import selectors
import socket
import time
from collections.abc import Iterator, Mapping

import msgspec

from scanner.errors import NetworkFailed
from scanner.model.network import Knock, Pace
from scanner.model.observation import Event, PortState, Progress, Vantage
from scanner.net.errqueue import complaints
from scanner.net.kernel import NO_NEXT_HOP, aimed, endpoint, open_socket, refusal, refuse_unreached
from scanner.net.link import check_interface, gone
from scanner.net.route import Hop, Interface
from scanner.net.tally import Answer, Question, Tally
from scanner.net.volley import LATE, MOST_PROBES, scattered

PACKETS = 4
"""Of one connection: SYN, ACK and the two of closing; or a SYN with three repetitions."""
PAUSE = 0.1
"""Seconds between the connections of a gentle request."""
_NEAR = 1.6
"""Seconds that a host of the own link has: two SYNs, a second apart, and some."""
_LINGER, _LINGER_GENTLE = 0.5, 2.0
_MOST_OPEN = 800
_TICK = 0.5


class _Open(msgspec.Struct):
    """A connection under way, or one that is being closed."""

    sock: socket.socket
    index: int
    started: float
    deadline: float
    closing: bool = False


def knock(request: Knock, pace: Pace, vantage: Vantage, interface: Interface) -> Iterator[Event]:
    """Connect to every TCP port of every address; gentle ones one at a time with a pause after each."""
    if not request.tcp:
        return
    questions: list[Question] = [("tcp", port) for port in request.tcp]
    some = max(1, MOST_PROBES // len(questions))
    for start in range(0, len(request.addresses), some):
        part = request.addresses[start : start + some]
        tally, ways = aimed(part, questions, request.tries, vantage, interface)
        engine = _Connections(tally, ways, interface, pace, gentle=request.gentle)
        try:
            for _ in range((request.tries + 1) // 2):
                yield from engine.run()
        finally:
            engine.close()
        if tally.missing:
            engine.check()
        refuse_unreached(tally, ways, interface)
        yield from tally.rows(time.time())


class _Connections:
    def __init__(
        self, tally: Tally, ways: Mapping[str, Hop | None], interface: Interface, pace: Pace, *, gentle: bool
    ) -> None:
        self._tally = tally
        self._ways = ways
        self._interface = interface
        self._pace = pace
        self._gentle = gentle
        self._limit = 1 if gentle else min(_MOST_OPEN, _descriptors())
        self._selector = selectors.DefaultSelector()
        self._open: dict[int, _Open] = {}
        self._deadlines: list[tuple[float, int, _Open]] = []
        self._started = 0

    def close(self) -> None:
        for each in self._open.values():
            each.sock.close()
        self._open.clear()
        self._selector.close()

    def check(self) -> None:
        """NetworkFailed when the interface is gone, so that no silence is believed."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            check_interface(sock, self._interface.name)

    def run(self) -> Iterator[Event]:
        """One pass over what is unanswered, until the last connection is done with."""
        batch = 1 if self._gentle else max(1, int(self._pace.rate / 100 / PACKETS))
        tick = time.monotonic()
        done = 0
        order = iter(index for index in scattered(self._tally.size) if self._tally.wanted(index))
        todo = next(order, None)
        while todo is not None or self._open:
            for _ in range(batch):
                if todo is None or len(self._open) >= self._limit:
                    break
                self._pace.take(PACKETS)
                row = self._start(todo)
                if row is not None:
                    yield row
                todo = next(order, None)
                done += 1
            yield from self._settle(0.0 if todo is not None and len(self._open) < self._limit else _TICK)
            if self._gentle and not self._open and todo is not None:
                time.sleep(PAUSE)
            now = time.monotonic()
            if now - tick >= _TICK:
                self.check()
                rate = round(self._started * PACKETS / (now - tick), 1)
                tick, self._started = now, 0
                yield Progress("knock", done, self._tally.size, time.time(), rate)

    def _start(self, index: int) -> PortState | None:
        host, asked = divmod(index, len(self._tally.questions))
        address = self._tally.addresses[host]
        hop = self._ways[address]
        if hop is None:
            return None
        self._started += 1
        try:
            sock = open_socket(hop, self._interface, socket.SOCK_STREAM)
        except OSError as error:
            raise _broken(error, self._interface) from None
        now = time.monotonic()
        wait = LATE if hop.kind == "routed" else _NEAR
        each = _Open(sock, index, time.time(), now + wait)
        self._open[sock.fileno()] = each
        heapq.heappush(self._deadlines, (each.deadline, id(each), each))
        code = sock.connect_ex(endpoint(address, self._tally.questions[asked][1], self._interface))
        if code in (0, errno.EINPROGRESS):
            self._selector.register(sock, selectors.EVENT_WRITE, each)
            return None
        return self._outcome(each, code)

    def _settle(self, timeout: float) -> Iterator[PortState]:
        """Take what has happened; waits up to `timeout` seconds for something, not beyond the next deadline."""
        now = time.monotonic()
        if self._deadlines:
            timeout = max(0.0, min(timeout, self._deadlines[0][0] - now))
        for key, _ in self._selector.select(timeout):
            each: _Open = key.data
            if each.closing:
                self._drain(each)
                continue
            row = self._outcome(each, each.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
            if row is not None:
                yield row
        now = time.monotonic()
        while self._deadlines and self._deadlines[0][0] <= now:
            _, _, each = heapq.heappop(self._deadlines)
            if each.sock.fileno() >= 0 and each.deadline <= now:
                self._end(each)

    def _outcome(self, each: _Open, code: int) -> PortState | None:
        """What the end of a connection attempt says of its port."""
        at = time.time()
        answer: Answer | None = None
        if code in (0, errno.ECONNRESET, errno.EPIPE):
            # A reset after the handshake is still an open port: a RST instead of the SYN-ACK says ECONNREFUSED.
            answer = Answer("open", "connected", at)
        else:
            told = [each.answer for each in complaints(each.sock, at) if each.answer is not None]
            host = each.index // len(self._tally.questions)
            hop = self._ways[self._tally.addresses[host]]
            own = [one for one in told if hop and hop.kind != "self" and self._interface.has(one.source or "")]
            if told and not own:
                answer = told[-1]
            elif code == errno.ECONNREFUSED and not told:
                answer = Answer("closed", "refused", at)
            elif code != errno.ETIMEDOUT:
                self._ours(host, hop, code)
        if code == 0:
            self._finish(each)
        else:
            self._end(each)
        if answer is None:
            return None
        rtt = round(max(0.0, at - each.started) * 1000, 3)
        return self._tally.add(each.index, answer, rtt, 1)

    def _ours(self, host: int, hop: Hop | None, code: int) -> None:
        """The laptop's own side failed: nobody on the link answered ARP, or it may not send."""
        if code in (errno.ENETDOWN, errno.ENODEV, errno.EADDRNOTAVAIL):
            raise _broken(OSError(code, errno.errorcode.get(code, "")), self._interface)
        reason = refusal(code)
        if reason is not None:
            self._tally.refuse(host, reason)
        elif hop is not None and hop.kind == "routed":
            self._tally.refuse(host, NO_NEXT_HOP)

    def _finish(self, each: _Open) -> None:
        """Send our FIN and wait for theirs."""
        try:
            each.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._end(each)
            return
        each.closing = True
        each.deadline = time.monotonic() + (_LINGER_GENTLE if self._gentle else _LINGER)
        heapq.heappush(self._deadlines, (each.deadline, id(each), each))
        self._selector.modify(each.sock, selectors.EVENT_READ, each)

    def _drain(self, each: _Open) -> None:
        try:
            if each.sock.recv(16384):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._end(each)

    def _end(self, each: _Open) -> None:
        if each.sock.fileno() in self._selector.get_map():
            self._selector.unregister(each.sock)
        self._open.pop(each.sock.fileno(), None)
        each.sock.close()


def _descriptors() -> int:
    """How many sockets this process may open besides what it has."""
    try:
        import resource
    except ImportError:
        return _MOST_OPEN
    return max(16, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 128)


def _broken(error: OSError, interface: Interface) -> NetworkFailed:
    if error.errno in (errno.ENETDOWN, errno.ENODEV, errno.EADDRNOTAVAIL, errno.ENXIO):
        return gone(interface.name)
    return NetworkFailed(f"{interface.name} cannot be used: {error.strerror}")
