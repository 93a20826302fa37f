"""Port forwards as the flows that they are: whoever reaches the forwarded port reaches the service behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import get_args

import msgspec

from scanner.assess.facts.evidence import FlowKey
from scanner.assess.findings.port_forwards import Forward
from scanner.assess.verdicts.cells import Crossing
from scanner.model.base import Transport
from scanner.model.report import FlowRow


def forwarded(
    forwards: Iterable[Forward], flows: Iterable[FlowRow], allows: Callable[[str, FlowKey], bool]
) -> Iterator[FlowRow]:
    """From the zone of each forwarded port, and from every zone that reached it, a flow to the service behind.

    `allows` says of a zone and a service whether policy lets it be reached. The forward is one of the fence's rules, so
    that a denial between the two zones stops it.
    """
    flows = tuple(flows)
    for each in forwards:
        (zone, _, at), (to, _, address) = each.at.partition("/"), each.to.partition("/")
        behind = _port(each.to_port)
        ahead = (at, *_port(each.port))
        reached = [f.from_ for f in flows if (f.address, f.transport, f.port) == ahead]
        for source in dict.fromkeys((zone, *reached)):
            if source != to:
                yield FlowRow(
                    from_=source,
                    to=to,
                    address=address,
                    transport=behind[0],
                    port=behind[1],
                    verdict="REACHED",
                    reason=f"{each.port} of {each.at} leads there",
                    allowed=allows(source, (address, *behind)),
                    evidence=f"the same {' and '.join(each.shared)} on both; {each.why}",
                    state="open",
                    via=f"port forward of {at}",
                )


def led_into(crossing: Crossing, led: Iterable[FlowRow]) -> Crossing:
    """The same, breached by what port forwards lead into the zone, if policy forbids it."""
    pair = crossing.cell.from_, crossing.cell.to
    rows = tuple(each for each in led if (each.from_, each.to) == pair and not each.allowed)
    if not rows:
        return crossing
    cell, ways = crossing.cell, list(dict.fromkeys(each.via for each in rows))
    said = f"{len(rows)} forbidden service{'s' if len(rows) > 1 else ''} reached by {', '.join(ways)}"
    many = cell.forbidden_reached
    cell = msgspec.structs.replace(
        cell,
        verdict="BREACHED",
        tested=cell.tested + len(rows),
        reached=cell.reached + len(rows),
        forbidden_reached=many + len(rows),
        reason=f"{cell.reason}; {said}" if many else said,
    )
    return msgspec.structs.replace(crossing, cell=cell)


def _port(text: str) -> tuple[Transport, int]:
    kind, _, number = text.partition("/")
    return next(each for each in get_args(Transport) if each == kind), int(number)
