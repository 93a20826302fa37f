"""Which scans the newest ones are compared with, where nobody names any."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.model.observation import PortState, Scan, Session, Silence


def previous(sessions: Sequence[Session]) -> set[str]:
    """Of each zone what there was when its last whole scan but one had run, or its only one; what came since is new.
    Ids of scans; none where nothing is left to compare."""
    cuts: dict[str, float] = {}
    for zone in {each.scan.vantage.zone for each in sessions}:
        whole = sorted(s.scan.started for s in sessions if s.scan.vantage.zone == zone and asked_ports(s))
        if whole:
            cuts[zone] = whole[-2:][0]
    last = max(cuts.values(), default=0.0)
    found = {each.scan.id for each in sessions if each.scan.started <= cuts.get(each.scan.vantage.zone, last)}
    return found if len(found) < len(sessions) else set()


def may_have_changed(scans: Sequence[Scan]) -> bool:
    """Whether there is anything to compare, before anything that was observed is read."""
    return len({each.vantage.zone for each in scans}) < len(scans)


def asked_ports(found: Session) -> bool:
    """Whether it is a whole scan that asked ports, and not only who is there."""
    return (
        found.scan.purpose == "scan"
        and found.scan.complete
        and any(isinstance(o, PortState | Silence) and o.transport != "icmp" and not o.via for o in found.observations)
    )
