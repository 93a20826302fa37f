"""The simulated neighbours, handed packets for other zones: the rows that the raw engine would give of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scanner.dressing import neighbours_of, told
from scanner.lab.paths import HOP_LIMIT, Fabric
from scanner.model.addresses import AddressSet
from scanner.model.network import Knock
from scanner.model.observation import Event
from scanner.net.volley.tally import Answer, Question, Tally

_ECHO6 = 128


def detoured(fabric: Fabric, request: Knock, version: int, now: Callable[[], float]) -> Iterator[Event]:
    """What comes back by way of each neighbour of that IP version; who answers nothing and forwards still says that a
    packet's time was up."""
    far = list(AddressSet.parse(request.addresses).of_version(version))
    questions: list[Question] = [("icmp", 8)] if request.echo else []
    questions += [("tcp", port) for port in request.tcp]
    near = AddressSet.of(neighbours_of(request)).of_version(version)
    for neighbour in near if far and questions else ():
        node = fabric.neighbour(neighbour)
        if node is None:
            continue
        tally = Tally(far, questions, request.tries, [True] * len(far))
        tally.quiet = True
        tally.know(request.known)
        silent = True
        for index in filter(tally.wanted, range(tally.size)):
            host, asked = divmod(index, len(questions))
            transport, port = questions[asked]
            kind = _ECHO6 if transport == "icmp" and version == 6 else port
            answer = fabric.ask(far[host], transport, kind, by=node)
            if answer is not None:
                seen = Answer(answer.state, answer.reason, now(), answer.ttl, answer.source, answer.window)
                tally.add(index, seen, answer.rtt_ms, 1)
                silent = False
        if node.forwards and request.echo and silent:
            reason = "icmp6-3-0" if version == 6 else "icmp-11-0"
            tally.add(0, Answer("unreachable", reason, now(), HOP_LIMIT, neighbour), None, 1)
        opened = (tally.open_row(index) for index in range(tally.size) if tally.keys[tally.code[index]][1] == "open")
        rows = (row for part in tally.asked_alike() for row in part.rows(now()))
        yield from told((*opened, *rows), f"by-{neighbour}")
