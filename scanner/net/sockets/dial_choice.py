"""Who makes the connections of a scan: this process, or where one core is not enough, several."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from scanner.model.network import Pace
from scanner.net.route import Hop, Interface
from scanner.net.sockets.dial import Dialler, Local, Route
from scanner.net.volley.tally import Tally

CREW_FROM, _CREW_RATE = 20_000, 60_000
"""Connections, and granted packets a second, from which one core is not enough."""
_MOST_MEMBERS = 2


def dialler_for(
    tally: Tally,
    ways: Sequence[Hop | None],
    interface: Interface,
    pace: Pace,
    limit: int,
    said: Sequence[bytes],
    *,
    gentle: bool,
) -> Dialler:
    """Whoever is quick enough: this process, or several."""
    routes = []
    for address, way in zip(tally.addresses, ways, strict=True):
        hop = (way or Hop("self", "", "")).to(address)
        scope = interface.index if address.startswith("fe80:") else 0
        routes.append(Route(address, hop.source, "" if hop.kind == "self" else interface.name, scope))
    ports = [port for _, port in tally.questions]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if gentle or tally.size < CREW_FROM or pace.rate < _CREW_RATE or cores < 2 or not sys.executable:
        return Local(routes, ports, limit, said, gentle=gentle)
    from scanner.net.sockets.dial_crew import Crew

    return Crew(min(cores, _MOST_MEMBERS), routes, ports, limit, said)
