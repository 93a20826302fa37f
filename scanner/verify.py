"""`fencewalk verify` without its words: one finding's probes again, and what they show now.

`case_for` looks the finding up, `stand` says where the laptop can ask from, `carry_out` asks, `conclude` judges. What
is seen is kept as a session of purpose `verify`, which adds answers and changes no coverage.
"""

from __future__ import annotations

import datetime
import difflib
import itertools
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from scanner import session
from scanner.assess.facts.view import View
from scanner.assess.later.again import Knowing, found_in, verified
from scanner.assess.later.recheck import Ask, Recheck, grouped, recheck
from scanner.assess.later.settled import Outcome
from scanner.assess.verdicts.near import same_host
from scanner.dressing import neighbour_of
from scanner.errors import BadInput
from scanner.model.accepted import Exception_
from scanner.model.addresses import AddressSet, ports_of
from scanner.model.network import Converse, Engine, Knock, Network, Pace, Sweep, Talk
from scanner.model.observation import (
    SHUT_OUT,
    Alive,
    Event,
    Limitation,
    Outlook,
    PortState,
    Progress,
    Silence,
    Vantage,
)
from scanner.model.report import FindingRow
from scanner.model.site import Site
from scanner.plan import Manners, Plan, scope_of, subnets
from scanner.ports import Ports
from scanner.store import Journal, Store

if TYPE_CHECKING:
    from scanner.assess.later.grounds import Grounds
    from scanner.model.baseline import Knowledge
    from scanner.model.observation import Session
    from scanner.model.report import Report
    from scanner.net.live import LiveNetwork

_DOORS = 3
"""Other open ports of a target that are asked as well: they tell its own answers from the fence's."""
_UNUSED = 2
"""Addresses that nobody holds, of each zone, that are asked the same: whoever answers there is no target."""
_UNUSED_PORTS = 64
_CONTROL_TRIES = 3
_NEAR = 3
_LIKE = 0.75
"""How much of an id has to be the same to have been meant: that of any other finding of its kind is half the same."""
_COMPANY = 8


class Case(msgspec.Struct, frozen=True):
    """A finding, and what it takes to ask it again."""

    knowing: Knowing
    finding: FindingRow
    plan: Recheck
    grounds: Grounds
    homes: tuple[str, ...]
    """Zones of the targets: who stands there can show that a service is up."""

    @property
    def zones(self) -> tuple[str, ...]:
        """Where standing helps, the best first."""
        if self.plan.rests == "service":
            return self.plan.zones
        return tuple(dict.fromkeys((*self.plan.zones, *self.homes)))


def knowing(
    site: Site, today: datetime.date, exceptions: tuple[Exception_, ...] = (), facts: Knowledge | None = None
) -> Knowing:
    """What a report is made of, with the facts that this laptop has unless `facts` are given."""
    from scanner.feeds import knowledge
    from scanner.feeds.recog import users_recog
    from scanner.identify.vendor import vendor

    return Knowing(site, facts or knowledge(), today, vendor, users_recog(), exceptions)


def case_for(known: Knowing, sessions: tuple[Session, ...], finding: str) -> Case:
    """BadInput, with what may have been meant, where no report on these sessions has such a finding.

    One that an earlier verification found gone is looked for without those.
    """
    report = known.report(sessions)
    used = sessions
    if found_in(report, finding) is None:
        scans = tuple(each for each in sessions if each.scan.purpose != "verify")
        earlier = known.report(scans) if len(scans) < len(sessions) else report
        if found_in(earlier, finding) is None:
            raise BadInput(_unknown(finding, report))
        report, used = earlier, scans
    row = found_in(report, finding)
    assert row is not None
    grounds = known.grounds(used)
    plan = recheck(report, row, grounds)
    homes = (grounds.evidence.zone_of(ask.address) for part in plan.parts for ask in part.asks)
    return Case(known, row, plan, grounds, tuple(dict.fromkeys(each for each in homes if each)))


def _unknown(finding: str, report: Report) -> str:
    ids = [each.id for each in report.findings]
    near = difflib.get_close_matches(finding, ids, _NEAR, _LIKE)
    if not near:
        return f"{finding}: no such finding in this store; `fencewalk assess` lists them"
    return f"{finding}: no such finding; did you mean {' or '.join(near)}? `fencewalk assess` lists them all"


def stand(case: Case, interface: str | None, vantage_in: Callable[[str, str | None], Vantage | None]) -> Vantage | None:
    """Where the laptop stands, of the zones that help; None if in none of them."""
    for zone in case.zones:
        found = vantage_in(zone, interface)
        if found is not None:
            return found
    return None


def vantage_in(site: Site, zone: str, interface: str | None) -> Vantage | None:
    """The laptop's vantage in that zone; None if it does not stand there. BadInput where it does on two interfaces, or
    there is no such interface."""
    from scanner.net.route import interface_named, interfaces, vantage_for

    found = site.zone(zone)
    if found is None:
        return None
    known = [interface_named(interface)] if interface is not None else interfaces()
    if not any(found.holds(a.partition("/")[0]) for each in known if each.up for a in each.addresses):
        return None
    return vantage_for(found, interface)


def nowhere(site: Site, interface: str) -> BadInput:
    """What is wrong with an interface that stands in no zone."""
    from scanner.net.route import interface_named

    has = ", ".join(interface_named(interface).addresses) or "no address"
    zones = ", ".join(each.name for each in site.zones)
    return BadInput(f"--interface {interface}: is in no zone of the site ({zones}): it has {has}")


def elsewhere(case: Case, standing: Iterable[str]) -> Outcome:
    """What is said where nothing can be asked: the laptop stands in these zones."""
    if not case.plan.parts:
        return Outcome("cannot tell here", case.plan.cannot or "nothing that it rests on can be asked")
    here = " and ".join(standing) or "no zone of the site"
    wanted = " or ".join(case.plan.zones)
    return Outcome("cannot tell here", f"it is asked from {wanted}, and this laptop is in {here}")


def plan_of(case: Case, vantage: Vantage) -> Plan:
    """What is asked from there, as the store keeps it."""
    asks = asks_from(case, vantage.zone)
    addresses = AddressSet.of(each.address for each in asks)
    zone = case.knowing.site.zone(vantage.zone)
    own = addresses & subnets(zone.subnets if zone else ())
    # A link-local address is asked where its MAC says whose it is: the host has to show it under its other addresses.
    link = AddressSet.of(each.address for each in asks if "%" in each.address)
    view = case.grounds.evidence.views.get(vantage.zone)
    hosts = AddressSet.of(each for ask in asks if view for each in same_host(view, ask.address))
    # Whoever packets are handed to has to be there: else it is no news that nothing is forwarded.
    near = AddressSet.of(each for ask in asks if (each := neighbour_of(ask.via)) is not None)
    known = AddressSet.of(_company(view, case.knowing.site) if view else ())
    return Plan(
        vantage=vantage,
        ports=Ports(
            tuple(sorted({each.port for each in asks if each.transport == "tcp"})),
            tuple(sorted({each.port for each in asks if each.transport == "udp"})),
        ),
        sweep=Sweep(on_link=str(own | near | hosts | known), names=False, option=False, link_local=bool(link)),
        own_named=str(own | link),
        other=str(addresses - own - link),
        landmarks="",
        named_ports=Ports(),
        rate=case.knowing.site.scope.max_rate,
        manners=Manners(names=False),
    )


def _company(view: View, site: Site) -> Iterator[str]:
    """Some neighbours of an earlier visit: one that answers shows that the laptop stands where it says. A router, which
    answers on any leg, does not."""
    found = (
        host.address
        for host in view.hosts.values()
        if host.mac and host.address not in view.gateways and host.address in scope_of(site)
    )
    return itertools.islice((each for each in found if not site.fragile(each)), _COMPANY)


def asks_from(case: Case, zone: str) -> tuple[Ask, ...]:
    """The finding's probes and their controls; of a zone that it is not asked from, the same services: whether they are
    up there."""
    wanted = case.plan.of(zone)
    if not wanted:
        asks = (ask for part in case.plan.parts for ask in part.asks)
        at_home = (Ask(*ask.key) for ask in asks if case.grounds.evidence.zone_of(ask.address) == zone)
        return tuple(dict.fromkeys(at_home))
    # What is dressed is asked plainly as well: it counts where it passes and plain packets do not.
    plain = (Ask(*ask.key) for ask in wanted if ask.via)
    return tuple(dict.fromkeys((*wanted, *plain, *_controls(case.grounds, zone, wanted))))


def _controls(grounds: Grounds, zone: str, asks: tuple[Ask, ...]) -> Iterator[Ask]:
    """What a verdict on these needs besides: other answers of the same targets, and those of addresses that nobody
    holds."""
    evidence = grounds.evidence
    view = evidence.views.get(zone)
    if view is None:
        return
    asked = set(asks)
    opened: dict[str, list[int]] = {}
    for (address, transport, port), row in view.flows():
        if transport == "tcp" and row.state == "open":
            opened.setdefault(address, []).append(port)
    for address in dict.fromkeys(each.address for each in asks):
        if evidence.zone_of(address) == zone:
            continue
        yield Ask(address, "icmp", 128 if ":" in address else 8)
        doors = (Ask(address, "tcp", port) for port in sorted(opened.get(address, ())))
        yield from [each for each in doors if each not in asked][:_DOORS]
    kinds = dict.fromkeys((evidence.zone_of(each.address), ":" in each.address) for each in asks)
    for other, six in kinds:
        home = evidence.views.get(other or "")
        if other is None or other == zone or home is None or not home.complete:
            continue
        held = AddressSet.of((evidence.in_use(other) or set()) | evidence.gateways[other] | evidence.laptops)
        nobody = evidence.asked(view, other).of_version(6 if six else 4) - held
        same = [each for each in asks if evidence.zone_of(each.address) == other and (":" in each.address) == six]
        kept = list(dict.fromkeys((each.transport, each.port, each.via) for each in same))[:_UNUSED_PORTS]
        for address, _ in zip(nobody, range(_UNUSED), strict=False):
            yield from (Ask(address, *each) for each in kept)


def begin(case: Case, vantage: Vantage, store: Store, engine: str) -> Journal:
    site = case.knowing.site
    return store.begin(site.client, site.site, plan_of(case, vantage), engine, "verify")


def carry_out(case: Case, network: Network, journal: Journal, pace: Pace) -> Iterator[Event]:
    """Ask, and keep each answer. Closing the iterator stops the traffic; what was seen is kept."""
    plan = journal.plan
    asks = asks_from(case, journal.vantage.zone)
    echoed: set[str] = set()
    opened: set[Talk] = set()

    def unit(name: str, events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            if not isinstance(event, Progress | Outlook):
                journal.write(name, event)
            if isinstance(event, PortState) and event.state == "open" and not event.via:
                if event.transport == "icmp":
                    echoed.add(event.address)
                else:
                    opened.update(Talk(event.address, event.transport, port) for port in ports_of(event.ports))
            yield event
        journal.flush(finished=name)

    if plan.sweep.on_link:
        yield from unit("sweep", network.sweep(plan.sweep, pace))
    for number, (via, tcp, udp, echo, addresses) in enumerate(grouped(asks)):
        knock = Knock(str(AddressSet.of(addresses)), tcp, udp, echo=echo, via=via)
        yield from unit(f"knock-{number}", network.knock(knock, pace))
    wanted = {(ask.address, ask.transport, ask.port) for ask in asks}
    talks = sorted(
        (each for each in opened if (each.address, each.transport, each.port) in wanted),
        key=lambda each: (each.port, each.address, each.transport),
    )
    # Before the conversations and after them: silence counts only while the router, or somebody beyond, still answers.
    yield from unit("control-0", _control(plan, echoed, network, pace))
    if talks:
        yield from unit("converse-0", network.converse(Converse(tuple(talks)), pace))
    journal.complete()


def _control(plan: Plan, echoed: set[str], network: Network, pace: Pace) -> Iterator[Event]:
    """The router is asked once more, by way of an address that it leads to; one that echoed, where there is one."""
    other = AddressSet.parse(plan.other)
    chosen: list[str] = []
    for version in (4, 6):
        part = other.of_version(version)
        first = next((each for each in part if each in echoed), None) or next(iter(part), None)
        chosen.extend(filter(None, [first]))
    if not chosen:
        return
    lost = {each for each in chosen if each in echoed}
    asked = Sweep(
        discover=str(AddressSet.of(chosen)),
        tries=_CONTROL_TRIES if lost else 1,
        names=False,
        methods=("echo",),
        patience=0.0,
    )
    for event in network.sweep(asked, pace):
        if isinstance(event, PortState) and event.state == "open":
            lost.discard(event.address)
        elif isinstance(event, Alive):
            lost.difference_update(AddressSet.parse(event.addresses))
        if not isinstance(event, PortState | Silence):
            yield event
    if lost:
        yield Limitation(SHUT_OUT, f"{', '.join(sorted(lost))} echoed before and no longer does", time.time())


def conclude(case: Case, sessions: tuple[Session, ...], journal: Journal) -> Outcome:
    """What the store shows now. `sessions`: all of the site's, the new one too."""
    found = verified(case.knowing, sessions, journal.scan, case.finding, case.plan)
    here = journal.vantage.zone
    if found.word != "gone" and here not in case.plan.zones and case.plan.rests != "blocked":
        up = _up_now(case, sessions, journal)
        wanted = " or ".join(case.plan.zones)
        return Outcome("cannot tell here", f"it is asked from {wanted}, and this laptop is in {here}{up}")
    return found


def _up_now(case: Case, sessions: tuple[Session, ...], journal: Journal) -> str:
    rows = next((each.observations for each in sessions if each.scan.id == journal.scan.id), ())
    opened = [each for each in rows if isinstance(each, PortState) and each.state == "open"]
    if not opened:
        return ""
    return f", where {opened[0].address} is up now: verify again from there within some hours"


def live_verify(
    case: Case, live: LiveNetwork, request: session.ScanRequest, journal: Journal
) -> Generator[Event, None, None]:
    """Carry it out on the wire, guarded."""
    from scanner.net.guard import Guard
    from scanner.net.pace import TokenBucket

    network = Guard(live, case.knowing.site, journal.vantage, request.today, time.time)
    try:
        yield from carry_out(case, network, journal, TokenBucket(case.knowing.site.scope.max_rate))
    finally:
        journal.flush()
        network.close()


def request_for(case: Case, vantage: Vantage, interface: str | None, engine: Engine) -> session.ScanRequest:
    """What opens the wire for it."""
    dressed = any(ask.via for ask in case.plan.of(vantage.zone))
    return session.ScanRequest(
        site=case.knowing.site,
        zone=vantage.zone,
        interface=interface,
        engine=engine,
        ports=Ports(),
        thorough=dressed,
    )


def found_out(site_path: Path, store: Path | None, case: Case, journal: Journal) -> Outcome:
    site = case.knowing.site
    with Store(session.store_path(site_path, store), create=False) as opened:
        return conclude(case, opened.sessions(site.client, site.site), journal)
