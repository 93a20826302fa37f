"""Attack paths to the critical systems: `foothold(H) and reach(zone(H) -> S) and pivotable(S)` repeats."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from scanner.assess.attack.graph import AttackGraph, Node, Pair, Step
from scanner.assess.attack.routes import Routes
from scanner.assess.facts.evidence import FlowKey
from scanner.model.hops import BRIDGE, hop_line
from scanner.model.report import HopRow, PathRow
from scanner.model.site import Site

_OUTSIDE = frozenset({"user", "device", "untrusted"})
"""Trust levels from which an attacker is assumed to start."""


class AttackPath(msgspec.Struct, frozen=True):
    """The shortest way from a zone to a critical system that breaks policy somewhere."""

    source: str
    critical: str
    steps: tuple[Step, ...]

    @property
    def host(self) -> str:
        """The critical system's host at which it ends, by its id."""
        return self.steps[-1].host

    @property
    def hops(self) -> tuple[str, ...]:
        return tuple(map(told, self.steps))

    @property
    def forbidden(self) -> tuple[tuple[str, str, FlowKey | None], ...]:
        """The steps that policy forbids: (from zone, to zone, flow); the flow is None where a machine bridges them."""
        return tuple((each.from_, each.zone, each.key) for each in self.steps if each.forbidden)

    @property
    def row(self) -> PathRow:
        return PathRow(self.source, self.critical, self.host, tuple(map(_hop, self.steps)))


def starts(site: Site) -> list[str]:
    """The zones in which an attacker is assumed to begin."""
    return [zone.name for zone in site.zones if zone.trust in _OUTSIDE]


def goals(site: Site) -> list[Node]:
    return [("critical", critical.name) for critical in site.critical]


def attack_paths(site: Site, graph: AttackGraph, without: Collection[Pair] = ()) -> Iterator[AttackPath]:
    """The shortest policy-breaking path from each outside zone to each critical system, of one hop or more; as if
    these denials stood."""
    routes = Routes(graph.steps, lambda step: step.forbidden)
    for start in starts(site):
        for goal, steps in routes.shortest(("zone", start), goals(site), without).items():
            yield AttackPath(start, goal[1], steps)


def told(step: Step) -> str:
    """A step in words: `guest → servers/10.20.20.7 tcp/22: logs in over SSH with a password or key (port observed)`."""
    return hop_line(_hop(step), step.target[1] if step.target[0] == "critical" else "", step.zone)


def _hop(step: Step) -> HopRow:
    return HopRow(
        from_=step.from_,
        to=step.host,
        transport=step.key[1] if step.key else None,
        port=step.key[2] if step.key else None,
        how=step.how,
        observed=step.observed,
        allowed=not step.forbidden,
        evidence=step.evidence,
        via=f"{BRIDGE}{step.source[1]}" if step.how == "bridge" else step.via,
        service=step.service,
    )
