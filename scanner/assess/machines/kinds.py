"""What kind of machine each host is, and which system it runs."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from scanner.assess.facts.evidence import Evidence, FlowKey
from scanner.assess.machines.machine import Machine, ordered
from scanner.assess.machines.told import Telling, Told
from scanner.identify.devices import MOST_NAMES, MOST_READINGS, Clues, Device, device, said_by_name
from scanner.identify.stacks import Stack

_BEGINNINGS = (64, 128, 255)
"""TTLs that a stack starts with: an answer that still has one crossed no router."""
_MOST_STACKS = 4


class Kinds:
    """Asked of one machine after the other. Hosts differ in their names and keys, which say nothing of what they are,
    and in little else: so a verdict is drawn once for all machines of which the same is said."""

    def __init__(self, evidence: Evidence, telling: Telling) -> None:
        self._evidence = evidence
        self._telling = telling
        self._known: dict[tuple[object, ...], Device] = {}

    def of(self, machine: Machine, services: Sequence[tuple[FlowKey, Told | None]], maker: str | None) -> Device:
        """`services`: the machine's, in order; `maker`: of its network card."""
        if len(machine.names) > MOST_NAMES:
            return self._routing(machine, self.judged(machine, maker))
        clues = tuple([told.clue if told else self._telling.clue(*key[1:]) for key, told in services])
        # What is the same of two machines here, is the same of all that `judged` looks at.
        same = (
            maker,
            tuple([said for name in machine.names if (said := said_by_name(name))]),
            machine.announced,
            clues,
            tuple([(each.key[1], each.key[2], each.product) for each in machine.products]),
            machine.hardware,
            machine.ttls,
            self._stacks(machine),
        )
        found = self._known.get(same)
        if found is None:
            found = self.judged(machine, maker)
            if sum(each.readings for each in clues) <= MOST_READINGS:
                self._known[same] = found
        return self._routing(machine, found)

    def judged(self, machine: Machine, maker: str | None) -> Device:
        """From all that is known of it."""
        return device(
            Clues(
                vendor=maker or "",
                names=tuple(machine.names),
                announced=machine.announced,
                ports=frozenset([key[1:] for key in machine.services]),
                readings=tuple(
                    [(told.where, reading) for _, told in ordered(machine) if told for reading in told.readings]
                ),
                products=tuple([(f"{each.key[1]}/{each.key[2]}", each.product) for each in machine.products]),
                hardware=machine.hardware,
                ttls=machine.ttls,
                stacks=self._stacks(machine),
            )
        )

    def _stacks(self, machine: Machine) -> frozenset[Stack]:
        """How its TCP answered a neighbour: with its TTL as it began. What a router answers in its name is left out."""
        view = self._evidence.views.get(machine.zone)
        found: set[Stack] = set()
        if view is None:
            return frozenset()
        for address in machine.addresses:
            host = view.hosts.get(address)
            others = address not in view.gateways and host is not None and host.mac in view.gateways.values()
            if host is None or (others and host.mac is not None):
                continue
            for _, row in view.rows_of(address, "tcp"):
                began = row.reason == "syn-ack" and row.ttl in _BEGINNINGS and row.source in (None, address)
                if began and row.state != "silent" and row.ttl is not None and row.window is not None:
                    found.add((row.ttl, row.window))
        return frozenset(sorted(found)[:_MOST_STACKS] if len(found) > _MOST_STACKS else found)

    def _routing(self, machine: Machine, found: Device) -> Device:
        """Who is the next hop of its zone routes, whatever else it looks like."""
        legs = self._evidence.gateways.get(machine.zone, set())
        if found.kind in ("router", "firewall", "access-point") or legs.isdisjoint(machine.addresses):
            return found
        also = (f"{found.kind}: {', '.join(found.evidence[:2])}",) if found.kind != "unknown" else ()
        said = ("router: it is the next hop of its zone",)
        return msgspec.structs.replace(found, kind="router", confidence="medium", evidence=said, against=also)
