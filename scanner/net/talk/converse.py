"""Ask open ports what they are: runs the probes' generators over real connections, many hosts at once.

Everything a peer can do is bounded: seconds to connect, seconds and bytes of a conversation, probes of a port,
connections to a host, steps of a probe. asyncio lives in a thread of its own and hands events over in a queue, so the
iterator can be closed at any moment and takes every connection down with it.
"""

from __future__ import annotations

import asyncio
import itertools
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from scanner.model.base import Transport
from scanner.model.network import Converse, Pace, Talk
from scanner.model.observation import Conversation, Event, Outcome, PortState, Progress, Reading, Vantage
from scanner.model.probe import RECONNECTS, Peer, Probe, Read, Reconnect, Send, StartTls, Step
from scanner.net.rules import NEVER_WRITTEN, WITHHELD
from scanner.net.talk.wire import Wire
from scanner.probes import followers, probes, probes_for
from scanner.probes.tls_text import server_hello
from scanner.probes.turns import NOBODY, ONLY_WRITERS, Turns

CONNECTIONS = 200
HOST_CONNECTIONS = 3
FOLLOWED = 16
"""Ports of one host that are asked which versions of TLS they take."""
PORT_SECONDS = 20.0
"""After so long of talking no further probe is begun on a port that has said nothing we know. Waiting for other ports
of its host does not count: a host with many of them would have the last ones asked once."""
CONVERSATION_SECONDS = 15.0
_STEPS = 64
_TCP_PACKETS = 8
_UDP_PACKETS = 2
_PROGRESS_SECONDS = 0.25


def converse(
    request: Converse, pace: Pace, vantage: Vantage, probes: Sequence[Probe] | None = None
) -> Generator[Event, None, None]:
    """One Conversation for each (port, probe) that was answered, and one for each port where nothing was.

    A port's probes take their turns as `scanner.probes.turns` says, each on a connection of its own. `probes` replaces
    the likely ones of `scanner.probes`. Gentle requests write nothing, and nobody's printer ports are written to at
    all. NetworkFailed: this laptop's own side broke.
    """
    events: queue.SimpleQueue[Event | _Ended] = queue.SimpleQueue()
    driver = _Driver(request, pace, vantage, probes, events)
    thread = threading.Thread(target=driver.run, name="converse", daemon=True)
    thread.start()
    try:
        while not isinstance(event := events.get(), _Ended):
            yield event
        if event.error is not None:
            raise event.error
    finally:
        driver.stop()
        thread.join()


class _Ended(msgspec.Struct, frozen=True):
    error: BaseException | None


class _Attempt(msgspec.Struct, frozen=True):
    """How one probe fared on one connection."""

    outcome: Outcome
    readings: tuple[Reading, ...] = ()
    tls: bool = False
    detail: str = ""
    received: int = 0
    head: bytes = b""
    connected: bool = True
    """False: there was no connection at all, so that another probe would find none either."""
    dropped: bool = False
    """The peer ended the connection before a word of its own."""
    crowded: bool = False
    """Dropped while others of ours were talking to that host: it may take only so many."""
    seconds: float = 0.0
    """From the connection to its end, without the wait for a place among the host's few."""


class _Host:
    """How many connections one host is given. Alone means: nobody else of ours is connected."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._free = asyncio.Semaphore(most)
        self._alone = asyncio.Lock()
        self.open = 0
        self.followed = 0
        """Ports of it that were asked more than what they are."""

    async def enter(self, alone: bool) -> None:
        if not alone:
            await self._free.acquire()
        else:
            async with self._alone:
                taken = 0
                try:
                    while taken < self._most:
                        await self._free.acquire()
                        taken += 1
                except asyncio.CancelledError:
                    for _ in range(taken):
                        self._free.release()
                    raise
        self.open += 1

    def leave(self, alone: bool) -> None:
        self.open -= 1
        for _ in range(self._most if alone else 1):
            self._free.release()


class _Driver:
    """The thread's side. `run` ends with one `_Ended` in the queue, whatever happens; `stop` may come at any time."""

    def __init__(
        self,
        request: Converse,
        pace: Pace,
        vantage: Vantage,
        probes: Sequence[Probe] | None,
        events: queue.SimpleQueue[Event | _Ended],
    ) -> None:
        self._gentle = request.gentle
        self._talks = _round_robin(request.talks)
        self._pace = pace
        self._vantage = vantage
        self._given = None if probes is None else tuple(probes)
        self._events = events
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._done = 0
        self._told = 0.0
        self._taker = ThreadPoolExecutor(1, "converse-pace")

    def run(self) -> None:
        error: BaseException | None = None
        try:
            asyncio.run(self._main())
        except asyncio.CancelledError:
            pass
        except BaseException as raised:  # noqa: BLE001 - it is raised again, in the thread that iterates
            error = raised
        self._events.put(_Ended(error))

    def stop(self) -> None:
        with self._lock:
            self._stopping.set()
            if self._loop is not None and self._task is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._task.cancel)

    async def _main(self) -> None:
        with self._lock:
            self._loop = asyncio.get_running_loop()
            self._task = asyncio.current_task()
            if self._stopping.is_set():
                return
        hosts: dict[str, _Host] = {}
        most = 1 if self._gentle else HOST_CONNECTIONS
        for talk in self._talks:
            hosts.setdefault(talk.address, _Host(most))
        waiting = iter(self._talks)
        workers = min(CONNECTIONS, len(self._talks))
        taker = self._taker
        try:
            # The first error ends all of them, and the group of one error is that error.
            tasks = [asyncio.create_task(self._work(waiting, hosts, taker)) for _ in range(workers)]
            try:
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            self._stopping.set()
            taker.shutdown(cancel_futures=True)
        self._progress(last=True)

    async def _work(self, waiting: Iterator[Talk], hosts: dict[str, _Host], taker: ThreadPoolExecutor) -> None:
        for talk in waiting:
            await self._talk(talk, hosts[talk.address], taker)
            self._done += 1
            self._progress()

    async def _talk(self, talk: Talk, host: _Host, taker: ThreadPoolExecutor) -> None:
        if talk.port in NEVER_WRITTEN:
            self._tell(talk, "none", _Attempt("withheld", detail=WITHHELD))
            return
        over_tls = (probe for probe in self._choice(talk.transport, 443) if probe.tls)
        every = self._given if self._given is not None else probes().values()
        others = [probe for probe in every if probe.transport == talk.transport]
        turns = Turns(self._choice(talk.transport, talk.port), over_tls, self._gentle, others)
        if not turns.pending:
            nobody = _Attempt("withheld", detail=ONLY_WRITERS) if self._gentle else _Attempt("failed", detail=NOBODY)
            self._tell(talk, "none", nobody)
            return
        tried: list[tuple[Probe, _Attempt]] = []
        put_off: list[Probe] = []
        """What was asked and hung up on while others talked to that host. To be alone with it takes the end of all
        other conversations, so that comes last, and only where nobody else's question was answered."""
        spent = 0.0
        for probe in turns:
            if spent > PORT_SECONDS:
                break
            attempt = await self._attempt(talk, probe, host, taker, alone=False)
            spent += attempt.seconds
            if attempt.crowded and not probe.writes:
                # A service that takes only so many hangs up before it greets.
                attempt = await self._attempt(talk, probe, host, taker, alone=True)
                spent += attempt.seconds
            elif attempt.crowded:
                put_off.append(probe)
            self._heard(talk, probe, attempt, tried, turns)
            if not attempt.connected:
                break
        for probe in put_off if not any(attempt.readings for _, attempt in tried) else ():
            attempt = await self._attempt(talk, probe, host, taker, alone=True)
            if attempt.dropped:
                break  # who hangs up on a lone visitor as well does so whatever the crowd
            turns.again(probe)
            self._heard(talk, probe, attempt, tried, turns)
            for more in turns if attempt.readings else ():
                self._heard(talk, more, await self._attempt(talk, more, host, taker, alone=False), tried, turns)
        await self._follow(talk, tried, host, taker)
        if not any(attempt.outcome == "answered" for _, attempt in tried):
            first, attempt = tried[0]
            self._tell(talk, first.name, attempt)

    def _heard(
        self, talk: Talk, probe: Probe, attempt: _Attempt, tried: list[tuple[Probe, _Attempt]], turns: Turns
    ) -> None:
        """Take note of what a probe brought, tell it, and let the next ones depend on it."""
        tried.append((probe, attempt))
        if attempt.outcome == "answered":
            if attempt.readings and probe.elsewhere is not None:
                self._found_open(talk)
            self._tell(talk, probe.name, attempt)
        if attempt.connected:
            turns.heard(attempt.readings, attempt.head, attempt.dropped)

    async def _follow(
        self, talk: Talk, tried: Sequence[tuple[Probe, _Attempt]], host: _Host, taker: ThreadPoolExecutor
    ) -> None:
        """More questions where one was answered. Two services of a host may have one certificate and not one policy,
        so each port counts for itself; but nobody has more than so many."""
        for probe, attempt in tried[-1:]:
            for follower in followers(probe, attempt.readings):
                if self._given is not None or host.followed >= FOLLOWED:
                    return
                host.followed += 1
                more = await self._attempt(talk, follower, host, taker, alone=False)
                if more.readings:
                    self._tell(talk, follower.name, more)

    async def _attempt(self, talk: Talk, probe: Probe, host: _Host, taker: ThreadPoolExecutor, alone: bool) -> _Attempt:
        await host.enter(alone)
        try:
            crowd = host.open > 1
            packets = _TCP_PACKETS if talk.transport == "tcp" else _UDP_PACKETS
            await asyncio.get_running_loop().run_in_executor(taker, self._take, packets)
            began = asyncio.get_running_loop().time()
            attempt = await self._connection(talk, probe)
            seconds = asyncio.get_running_loop().time() - began
        finally:
            host.leave(alone)
        crowded = attempt.dropped and crowd and talk.transport == "tcp"
        return msgspec.structs.replace(attempt, crowded=crowded, seconds=seconds)

    def _take(self, packets: int) -> None:
        for _ in range(packets):  # one by one, so that stopping does not wait for all of them
            if self._stopping.is_set():
                return
            self._pace.take(1)

    async def _connection(self, talk: Talk, probe: Probe) -> _Attempt:
        """One connection, from SYN to FIN."""
        udp = talk.transport == "udp"
        wire = Wire(udp, asyncio.get_running_loop().time() + CONVERSATION_SECONDS, probe.elsewhere)
        try:
            if not await wire.connect(talk.address, talk.port, self._vantage):
                return _Attempt(_outcome(wire), detail=wire.detail, connected=False, dropped=wire.dropped)
            readings = await self._carry_out(probe, Peer(talk.address, talk.port), wire)
        finally:
            wire.close()
        return _Attempt(
            "answered" if wire.received else _outcome(wire),
            readings,
            wire.spoke_tls,
            "" if readings else wire.detail,
            wire.received,
            wire.raw_head,
            dropped=wire.dropped,
        )

    async def _carry_out(self, probe: Probe, peer: Peer, wire: Wire) -> tuple[Reading, ...]:
        steps = probe.steps(peer)
        seen: list[Reading] = []
        try:
            step: Step = next(steps)
            for _ in range(_STEPS):
                step = steps.send(await self._step(step, wire, seen))
            steps.close()
        except StopIteration as stop:
            said: tuple[Reading, ...] = stop.value or ()
            kinds = {reading.kind for reading in said}
            return (*said, *(reading for reading in seen if reading.kind not in kinds))
        return tuple(seen)

    async def _step(self, step: Step, wire: Wire, seen: list[Reading]) -> bytes:
        match step:
            case Read():
                return await wire.read(step.enough, step.limit, step.seconds)
            case _ if self._gentle:
                return b""  # a listening probe does not get here; if one does, nothing is written all the same
            case Send():
                await wire.send(step.data)
                return b""
            case StartTls():
                certificate = await wire.start_tls(step.alpn)
                if wire.tls is not None and not seen:  # a later connection's handshake says the same
                    seen.append(Reading("tls.version", wire.tls.version()))
                    if hello := server_hello(wire.server_hello):
                        seen.append(Reading("tls.fingerprint", hello.fingerprint))
                    if certificate:
                        seen.append(Reading("tls.cert", certificate))
                return certificate
            case Reconnect():
                if wire.connections <= RECONNECTS:
                    await asyncio.get_running_loop().run_in_executor(self._taker, self._take, _TCP_PACKETS)
                    await wire.reconnect()
                else:
                    wire.give_up()
                return b""

    def _choice(self, transport: Transport, port: int) -> tuple[Probe, ...]:
        if self._given is not None:
            return tuple(probe for probe in self._given if probe.transport == transport)
        return probes_for(transport, port)

    def _tell(self, talk: Talk, probe: str, attempt: _Attempt) -> None:
        self._events.put(
            Conversation(
                talk.address,
                talk.transport,
                talk.port,
                probe,
                attempt.outcome,
                time.time(),
                attempt.readings,
                attempt.tls,
                attempt.detail,
                attempt.received,
            )
        )

    def _found_open(self, talk: Talk) -> None:
        """The port scan could not see the answer, which came from another port."""
        said = PortState(
            talk.address, talk.transport, str(talk.port), "open", "udp-reply", time.time(), source=talk.address
        )
        self._events.put(said)

    def _progress(self, last: bool = False) -> None:
        now = time.monotonic()
        if last or now - self._told >= _PROGRESS_SECONDS:
            self._told = now
            self._events.put(Progress("converse", self._done, len(self._talks), time.time()))


def _round_robin(talks: Iterable[Talk]) -> list[Talk]:
    """The same talks with each host's first ones before anybody's second, so that no host holds the others up."""
    by_host: defaultdict[str, list[Talk]] = defaultdict(list)
    for talk in dict.fromkeys(talks):
        by_host[talk.address].append(talk)
    rounds = itertools.zip_longest(*by_host.values())
    return [talk for each in rounds for talk in each if talk is not None]


def _outcome(wire: Wire) -> Outcome:
    return "silent" if wire.fault is None or wire.fault == "closed" else wire.fault
