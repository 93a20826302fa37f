"""UDP ports of hosts that limit their port-unreachables: asked again at the pace that such a host keeps.

Linux tells one peer of six closed ports at once and of one a second after that (others of one in half a second), so
the rest looks as silent as an open port that has nothing to say. What takes part in a limit is only what is answered:
a host that is asked for all its silent ports when it may answer at least one, and answers none, has none closed.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator

import msgspec

from scanner.model.network import Pace
from scanner.model.observation import Event, Progress
from scanner.net.volley.senders import Wire
from scanner.net.volley.tally import KNOWN, RANK, Tally

FEW_PORTS = 12
"""Of a host: more than these are not worth the seconds, as it tells of one closed port a second."""
MOST_SECONDS = 30.0
"""Of one request, however many hosts: they are asked side by side."""
_SECOND = 1.05
_WIDTH = 3
"""Ports asked in a turn of a host that is answering: one of them may be open and silent."""
_DISAPPOINTMENTS = 2
"""Turns in a row without an answer after which a host that answered before has no more to say."""
_TICK = 0.25
_PORTION = 32


class _Host(msgspec.Struct):
    left: deque[int]
    answered: bool = False
    disappointed: int = 0
    asking: list[int] = []


def limiting(tally: Tally) -> dict[int, list[int]]:
    """The hosts (by index) that said of a UDP port that it is closed, and their few UDP probes without an answer."""
    width = len(tally.questions)
    asked = [each for each, (transport, _) in enumerate(tally.questions) if transport == "udp"]
    found: dict[int, list[int]] = {}
    closed = RANK["closed"]
    for host in range(len(tally.addresses)) if asked else ():
        first = host * width
        if tally.skipped[host] or 0 not in tally.rank[first : first + width]:
            continue
        left = [first + each for each in asked if not tally.rank[first + each]]
        if 0 < len(left) <= FEW_PORTS and any(
            tally.rank[first + each] == closed or tally.tried[first + each] == KNOWN for each in asked
        ):
            found[host] = left
    return found


def patiently(wire: Wire, tally: Tally, pace: Pace) -> Iterator[Event]:
    """Ask those ports again, a turn a second, as long as it brings something and for MOST_SECONDS at most.

    Only answers change the tally: what stays silent is silent.
    """
    hosts = {host: _Host(deque(left)) for host, left in limiting(tally).items()}
    if not hosts:
        return
    began = time.monotonic()
    # Nothing is proved by silence before the host may speak again.
    yield from _listen(wire, tally, began + _SECOND - max(0.0, time.time() - _last_answer(tally, hosts)))
    portion_size = max(1, min(_PORTION, int(pace.rate / 100)))
    turn = 0
    while hosts and time.monotonic() - began < MOST_SECONDS:
        start = time.monotonic()
        for host in hosts.values():
            few = host.answered and not host.disappointed
            host.asking = list(host.left)[:_WIDTH] if few else list(host.left)
        order = [index for host in hosts.values() for index in host.asking]
        for at in range(0, len(order), portion_size):
            portion = order[at : at + portion_size]
            pace.take(len(portion))
            for index in portion:
                tally.sent[index] = time.time()
                wire.send(index, 0)
            yield from _listen(wire, tally, 0.0)
            if time.monotonic() - began > MOST_SECONDS:
                break
        # The first turn tells who has anything to say, and that needs no second.
        wait = _SECOND if turn else min(_SECOND, _round_trip(tally, hosts))
        yield from _listen(wire, tally, max(start + wait, time.monotonic() + min(wait, _TICK)))
        wire.check()
        for number, host in list(hosts.items()):
            silent = [each for each in host.asking if tally.wanted(each)]
            if len(silent) < len(host.asking):
                host.answered, host.disappointed = True, 0
            else:
                host.disappointed += 1
            host.left = deque(each for each in host.left if tally.wanted(each))
            # Whoever was silent comes last.
            host.left.rotate(-sum(each in silent for each in list(host.left)[: len(host.asking)]))
            if not host.left or host.disappointed >= (_DISAPPOINTMENTS if host.answered else 1):
                del hosts[number]
        if not turn and hosts:
            yield from _listen(wire, tally, start + _SECOND)
        turn += 1


def _last_answer(tally: Tally, hosts: dict[int, _Host]) -> float:
    """When the last of them spoke, seconds since the epoch."""
    width = len(tally.questions)
    return max(max(tally.at[host * width : (host + 1) * width]) for host in hosts)


def _round_trip(tally: Tally, hosts: dict[int, _Host]) -> float:
    """Seconds in which any of them answers, and some."""
    width = len(tally.questions)
    slowest = max(max(tally.rtt[host * width : (host + 1) * width]) for host in hosts)
    return 0.2 + 3 * max(0.0, slowest) / 1000


def _listen(wire: Wire, tally: Tally, until: float) -> Iterator[Event]:
    """Take in what arrives until then, at least what is there."""
    tick = time.monotonic()
    looked = False
    while (left := until - time.monotonic()) > 0 or not looked:
        looked = True
        for arrival in wire.receive(max(0.0, min(left, _TICK))):
            if not 0 <= arrival.index < tally.size:
                continue
            sent = tally.sent[arrival.index]
            rtt = round(max(0.0, arrival.answer.at - sent) * 1000, 3) if sent else None
            row = tally.add(arrival.index, arrival.answer, rtt, tally.tries + 1)
            if row is not None:
                yield row
        if time.monotonic() - tick >= _TICK:
            tick = time.monotonic()
            yield Progress("knock", tally.size - tally.missing, tally.size, time.time())
