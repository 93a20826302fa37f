"""Silence of sessions that verify a finding: it counts only where it proves that the flow is held.

A session that scans says what a zone is like; one that verifies asks of one finding whether it is gone. Silence may be
a host that is switched off, so it takes what was answered before away only if the target is shown to have been up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from scanner.assess.facts.evidence import ECHO, Evidence, FlowKey
from scanner.assess.facts.rows import port_set
from scanner.assess.facts.view import View
from scanner.assess.verdicts.flows import Judge
from scanner.model.addresses import AddressSet, ports_text
from scanner.model.observation import Observation, PortState, Scan, Session, Silence, Via

STILL = 43_200.0
"""Seconds within which a technician's walk from zone to zone is one look."""

_Probe = tuple[Via, FlowKey]


def proved(sessions: Sequence[Session], evidence: Evidence, judge: Judge) -> list[Session]:
    """The sessions without those silences of verifying ones that prove nothing: what was answered before stands."""
    return [_kept(each, evidence, judge) if each.scan.purpose == "verify" else each for each in sessions]


def _kept(session: Session, evidence: Evidence, judge: Judge) -> Session:
    view = evidence.views.get(session.scan.vantage.zone)
    if view is None or session.scan not in view.scans:
        return session
    without = {
        (via, key)
        for via, key in _silent(session, view)
        if not _holds(evidence, judge, view.dressed_as(via) or view, key, session.scan)
    }
    return Session(session.scan, tuple(_rows(session.observations, without))) if without else session


def _silent(session: Session, view: View) -> Iterator[_Probe]:
    """What was silent and had an answer before."""
    for row in session.observations:
        if isinstance(row, Silence):
            where, told = AddressSet.parse(row.addresses), (view.dressed_as(row.via) or view).with_rows()
            asked = [address for address, transport in told if transport == row.transport and address in where]
        elif isinstance(row, PortState) and row.state == "silent":
            asked = [row.address]
        else:
            continue
        for address in asked:
            answers = (view.dressed_as(row.via) or view).answers_of(address, row.transport)
            before = {port for each in answers for port in port_set(each.ports)}
            for port in sorted(before & set(port_set(row.ports))):
                yield row.via, (address, row.transport, port)


def _holds(evidence: Evidence, judge: Judge, seen: View, key: FlowKey, scan: Scan) -> bool:
    if not _up(evidence, judge, seen, key, scan):
        return False
    newest = seen.asker(key)
    return newest is None or newest.id != scan.id or judge.verdict(seen, key).verdict == "DROPPED"


def _up(evidence: Evidence, judge: Judge, seen: View, key: FlowKey, scan: Scan) -> bool:
    """Whether the target was up: another of its services answered the same session, or this very one its own zone's,
    later on the same walk."""
    for other, row in seen.plain.answers_with_scan(key[0]):
        if other.id == scan.id and row.state == "open" and row.source in (None, key[0]):
            for port in list(port_set(row.ports))[:1]:
                if judge.verdict(seen.plain, (key[0], row.transport, port)).verdict == "REACHED":
                    return True
    home = evidence.views.get(evidence.zone_of(key[0]) or "")
    if home is None or home is seen.plain:
        return False
    times = [
        row.at
        for other, row in home.answers_with_scan(key[0], key[1])
        if row.state == "open" and key[2] in port_set(row.ports) and abs(other.started - scan.started) <= STILL
    ]
    host = home.hosts.get(key[0])
    if host is not None and "echo-reply" in host.hows and key[1:] in {("icmp", each) for each in ECHO.values()}:
        times.append(host.at)
    return any(scan.started <= at <= scan.started + 2 * STILL for at in times)


def _rows(rows: Sequence[Observation], without: set[_Probe]) -> Iterator[Observation]:
    for row in rows:
        if isinstance(row, PortState) and row.state == "silent":
            ports = port_set(row.ports)
            left = [port for port in ports if (row.via, (row.address, row.transport, port)) not in without]
            if len(left) == len(ports):
                yield row
            elif left:
                yield msgspec.structs.replace(row, ports=ports_text(sorted(left)))
        elif isinstance(row, Silence):
            yield from _others(row, without)
        else:
            yield row


def _others(row: Silence, without: set[_Probe]) -> Iterator[Silence]:
    asked, ports = AddressSet.parse(row.addresses), port_set(row.ports)
    apart: dict[str, set[int]] = {}
    for via, (address, transport, port) in without:
        if (via, transport) == (row.via, row.transport) and address in asked and port in ports:
            apart.setdefault(address, set()).add(port)
    if not apart:
        yield row
        return
    if others := asked - AddressSet.of(apart):
        yield msgspec.structs.replace(row, addresses=str(others))
    for address, gone in sorted(apart.items()):
        if left := sorted(set(ports) - gone):
            yield msgspec.structs.replace(row, addresses=address, ports=ports_text(left))
