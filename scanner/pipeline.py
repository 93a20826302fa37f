"""The whole job on one page: `observe` carries out a plan, `scanner.assess.assess` judges what was observed.

plan ──> sweep ──> knock ──> converse ──> Observation* ──> journal ──> assess ──> Report
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator

from scanner.model.addresses import ports_of
from scanner.model.network import Converse, Network, Pace, Sweep, Talk
from scanner.model.observation import (
    SHUT_OUT,
    Event,
    HostSeen,
    Limitation,
    Observation,
    PortState,
    Progress,
    Silence,
)
from scanner.model.site import Site
from scanner.plan import Plan
from scanner.store import Journal

_ALIVE = frozenset({"arp", "ndp", "echo-reply", "tcp", "udp", "neighbour-table", "gateway"})
_TALKS_A_UNIT = 400


def observe(plan: Plan, network: Network, journal: Journal, pace: Pace, site: Site) -> Iterator[Event]:
    """Carry out `plan`, keep every observation, and pass each event on to whoever watches.

    Units that the journal holds as done are passed over, so that calling this again resumes. Closing the iterator
    stops the traffic at once and keeps what was seen.
    """
    zone = site.zone(plan.vantage.zone)
    assert zone is not None, "make_plan refuses a zone that is not there"

    if not journal.done("sweep"):
        for left_out in plan.left_out:
            journal.write("sweep", left_out)
    yield from _unit("sweep", network.sweep(plan.sweep, pace), journal)

    alive = {
        each.address
        for each in journal.observations()
        if isinstance(each, HostSeen)
        and each.how in _ALIVE
        and zone.holds(each.address)
        and site.in_scope(each.address)
    }
    for number, knock in enumerate(plan.knocks(alive)):
        yield from _unit(f"knock-{number}", network.knock(knock, pace), journal)
        yield from _unit(f"control-{number}", _control(plan, network, journal, pace), journal)

    if plan.identify:
        talks = sorted(_open_ports(journal.observations()), key=lambda talk: (talk.port, talk.address))
        for number, start in enumerate(range(0, len(talks), _TALKS_A_UNIT)):
            request = Converse(tuple(talks[start : start + _TALKS_A_UNIT]))
            yield from _unit(f"converse-{number}", network.converse(request, pace), journal)
    journal.complete()


def _control(plan: Plan, network: Network, journal: Journal, pace: Pace) -> Iterator[Event]:
    """After silence, something known good is asked once more: the router, by way of an address that it leads to.

    One address of each family, one that echoed before if there is one: if it no longer does, that is said. That the
    others stay silent is no news, and only who answered is kept.
    """
    echoed = {
        each.address: None
        for each in journal.observations()
        if isinstance(each, PortState) and each.transport == "icmp" and each.state == "open"
    }
    families = ([a for a in (*echoed, *plan.sweep.routed) if (":" in a) is six] for six in (False, True))
    chosen = [found[0] for found in families if found]
    lost = {each for each in chosen if each in echoed}
    events = network.sweep(Sweep(routed=tuple(chosen)), pace)
    try:
        for event in events:
            if isinstance(event, PortState) and event.state == "open":
                lost.discard(event.address)
            if not isinstance(event, PortState | Silence):
                yield event
    finally:
        if isinstance(events, Generator):
            events.close()
    if lost:
        reason = f"{', '.join(sorted(lost))} echoed before the port scan and no longer did after it"
        yield Limitation(SHUT_OUT, reason, time.time())


def _unit(name: str, events: Iterator[Event], journal: Journal) -> Iterator[Event]:
    """One unit of work: its events are kept and passed on, and only a unit that ran to its end is marked done."""
    if journal.done(name):
        return
    try:
        for event in events:
            if not isinstance(event, Progress):
                journal.write(name, event)
            yield event
    finally:
        if isinstance(events, Generator):
            events.close()
        journal.flush()
    journal.flush(finished=name)


def _open_ports(observations: Iterable[Observation]) -> set[Talk]:
    """The open ports that this session found: what there is to talk to."""
    found: set[Talk] = set()
    for each in observations:
        if isinstance(each, PortState) and each.state == "open" and each.transport != "icmp":
            found.update(Talk(each.address, each.transport, port) for port in ports_of(each.ports))
    return found
