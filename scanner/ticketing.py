"""`fencewalk tickets` without its words: a site's report against what was sent before, and sending the difference."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from scanner import session
from scanner.errors import BadInput, NetworkFailed
from scanner.exporters.ticket_text import Ticket, tickets
from scanner.model.base import Severity
from scanner.model.desks import Desks
from scanner.model.report import InventoryRow, Report
from scanner.model.text import plural, visible
from scanner.store import Store
from scanner.tickets import Client, Desk, Target, desks
from scanner.tickets.ledger import Ledger, Owed, Run, ledger_path
from scanner.tickets.rounds import Fate, Now, Result, Step, carry_out, decide, planned, single
from scanner.tickets.wire import Patience, Unavailable

if TYPE_CHECKING:
    from scanner.assess.later.compare import Diff
    from scanner.model.observation import Installed, Session
    from scanner.model.site import Site

_PATCHES = frozenset({"outdated", "end-of-life", "known-exploited"})
_OF_MACHINES = _PATCHES | {"exposure"}
"""What is a matter of one machine, and not of the fence around it."""
_SINCE = "+"
"""After the id of a scan: what it saw after something was sent."""


class Round(msgspec.Struct, frozen=True):
    """What `fencewalk tickets -o json=` writes."""

    schema: int
    client: str
    site: str
    generated: str
    to: str
    sent: bool
    """False: a preview; nothing left this laptop."""
    items: tuple[Result, ...]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What to send, and where."""

    to: str
    send: bool = False
    least: Severity = "info"
    firewall: str | None = None
    """Whose rules the texts tell."""
    beside: bool = False
    """Also where the same items are open at a desk that passes them on."""
    most: int = 100
    """Items that may be created at once: a board that is flooded is looked at by nobody."""
    patience: Patience = Patience()


def desk_named(name: str) -> Desk:
    found = desks().get(name)
    if found is None:
        raise BadInput(f"--to {name}: is none of {', '.join(desks())}")
    return found


def tickets_site(
    path: Path,
    store: Path | None,
    today: datetime.date | None,
    wanted: Wanted,
    told: Callable[[Result, Ticket], None],
    warn: Callable[[str], None],
) -> Round:
    """Each item as it is done with, in the report's order; without `send`, what would be done by what was noted."""
    desk = desk_named(wanted.to)
    site = session.load_site(path)
    where, places = session.store_path(path, store), site.tickets or Desks()
    client = Client(site.client, site.site, places.link)
    evidence = _evidence(where, site)  # before the report: what a running scan adds from here on is newer than both
    report = session.assess_site(path, store, today)
    for words in _unfinished(report):
        warn(words)
    later = Later(path, where, site, report, evidence)
    try:
        place = desk.place(places, client)
    except BadInput as error:
        if wanted.send:
            raise
        warn(f"{error}")
        place = ""
    results: list[Result] = []

    def say(result: Result, ticket: Ticket) -> None:
        results.append(result)
        told(result, ticket)

    with contextlib.ExitStack() as opened:
        target = desk.open(places, client, wanted.patience) if wanted.send else None
        if target is not None:
            opened.callback(target.end)
        ledger = opened.enter_context(
            Ledger(ledger_path(where), site.client, site.site, wanted.to, place, write=wanted.send)
        )
        later.runs = ledger.runs()
        if target is not None:
            _refuse_rivals(ledger, desk, wanted)
            _send(ledger, target, later, wanted, say)
        else:
            items = ledger.items()
            for step in decide(tickets(report, wanted.firewall), items, later.now(-1), wanted.least):
                say(planned(step, items.get(step.ticket.fingerprint)), step.ticket)
    return Round(1, site.client, site.site, report.generated, wanted.to, wanted.send, tuple(results))


def _unfinished(report: Report) -> list[str]:
    """A sentence for each zone whose newest scan is not finished."""
    scans = sorted((each for each in report.vantages if each.purpose == "scan"), key=lambda each: each.started)
    newest = {each.zone: each for each in scans}
    return [
        f"the scan from {zone} of {each.started[:10]} is not finished: some items may be there only because of what it "
        "has not asked yet; send again when it has"
        for zone, each in newest.items()
        if not each.complete
    ]


def _refuse_rivals(ledger: Ledger, desk: Desk, wanted: Wanted) -> None:
    there = ledger.open_at(desk.rivals)
    if there and not wanted.beside:
        named = " and ".join(f"{plural(count, 'item')} at {each}" for each, count in there.items())
        raise BadInput(
            f"--to {wanted.to}: this site has {named} open, and a link between the two would show each twice; close "
            "them there, or say --beside"
        )


def _refuse_flood(steps: Iterable[Step], wanted: Wanted) -> None:
    new = sum(each.word == "create" for each in steps)
    if new > wanted.most:
        raise BadInput(
            f"{new:,} items would be created at once, and nothing was sent; --at-least SEVERITY leaves some out, "
            f"--most {new} allows them all"
        )


def _send(ledger: Ledger, target: Target, later: Later, wanted: Wanted, say: Callable[[Result, Ticket], None]) -> None:
    number = ledger.add_run(later.run)
    later.runs = ledger.runs()
    now, items = later.now(number), ledger.items()
    steps = [*decide(tickets(later.report, wanted.firewall), items, now, wanted.least)]
    _refuse_flood(steps, wanted)
    refused = 0
    created: list[Step] = []
    nowhere: set[str] = set()
    """Findings whose own item could not be put there, or stays closed."""
    for done, each in enumerate(steps):
        item = items.get(each.ticket.fingerprint)
        step = each if nowhere.isdisjoint(each.owed) else _kept_open(each)
        try:
            result, noted = carry_out(step, item, target, now, ledger.keep)
        except Unavailable as error:
            left = len(steps) - done
            raise Unavailable(f"{error} ({left:,} of {plural(len(steps), 'item')} left)") from None
        if noted is not None:
            ledger.keep(noted)
        refused += bool(result.refused)
        if result.refused or result.word == "left":
            nowhere.update(step.owed)
        if result.word == "create" and not result.refused:
            created.append(step)
        say(result, step.ticket)
    if target.shaky and target.looks_up:
        # What was taken without an answer may have come to light only after it was put there again.
        for step in created:
            single(target, step.ticket, [each for each in target.find(step.ticket.fingerprint) if each.open])
    ledger.forget_runs()
    if refused:
        raise NetworkFailed(
            f"{plural(refused, 'item')} of {len(steps):,} refused; mend what is said of them, and run it again"
        )


def _kept_open(step: Step) -> Step:
    """One that would be closed because another goes on with it, where that one is not there."""
    if step.word != "close":
        return step
    reason = "what was to go on with it is not open there"
    return msgspec.structs.replace(step, word="hold", reason=reason, note="")


class Later:
    """What newer evidence says of findings that were reported before."""

    def __init__(
        self, path: Path, store: Path, site: Site, report: Report, evidence: Mapping[str, int | None] | None = None
    ) -> None:
        """`evidence`: what there was before the report was made; None where nobody adds to the store meanwhile."""
        self.report = report
        self._evidence = _evidence(store, site) if evidence is None else evidence
        self.runs: dict[int, Run] = {}
        self._path, self._store, self._site = path, store, site
        self._diffs: dict[int, Diff | str] = {}
        self._lists: dict[int, frozenset[tuple[str, str]]] = {}

    @cached_property
    def _sessions(self) -> tuple[Session, ...]:
        with Store(self._store, create=False) as opened:
            return opened.sessions(self._site.client, self._site.site)

    @cached_property
    def run(self) -> Run:
        """What there is today."""
        unfinished = {scan: count for scan, count in sorted(self._evidence.items()) if count is not None}
        inventories = tuple(sorted(map(_identity, self.report.inventories)))
        return Run(self.report.generated, tuple(sorted(self._evidence)), inventories, unfinished)

    def now(self, number: int) -> Now:
        findings = {each.id: each for each in self.report.findings}
        macs = {each.id: each.mac for each in self.report.hosts if each.mac}
        return Now(self.report.generated, number, findings, self._fate, self._again, macs)

    def _diff(self, number: int) -> Diff | str:
        """Everything since that run, compared; or why nothing is."""
        found = self._diffs.get(number)
        if found is None:
            found = self._diffs[number] = self._compare(number)
        return found

    def _compare(self, number: int) -> Diff | str:
        run = self.runs.get(number)
        if run is None:
            return "nothing says what it was judged by"
        sessions = tuple(part for each in self._sessions for part in _parted(each, run.unfinished))
        base = {each.scan.id for each in sessions} & set(run.scans)
        if len(base) == len(sessions):
            return f"nothing was scanned since {run.day}"
        if not base:
            return f"the scans up to {run.day} are not in {self._store.name}"
        from scanner.assess.later.compare import compared
        from scanner.verify import knowing

        day = session.parse_day(self.report.generated, "--today")
        facts = session.knowledge_for(self._path, day)
        return compared(knowing(self._site, day, session.load_exceptions(self._path), facts), sessions, base)

    def _fate(self, finding: str, owed: Owed) -> Fate:
        inventory = self._inventory(owed)
        diff = self._diff(owed.run)
        if isinstance(diff, str):
            return inventory or Fate(False, diff)
        for change in diff.fixed:
            if change.finding.id == finding:
                return self._another(owed) or Fate(True, change.reason)
        if inventory is not None:
            return inventory
        for change in diff.not_retested:
            if change.finding.id == finding:
                known = self._named(owed)
                return Fate(True, known) if known else Fate(False, change.reason)
        return Fate(False, "by today's site file and facts it is no finding; nothing was measured", decided=True)

    def _another(self, owed: Owed) -> Fate | None:
        """That another machine answers at the address: what it says is nothing about the one that had the finding."""
        if owed.kind not in _OF_MACHINES or not owed.mac:
            return None
        mac = next((each.mac for each in self.report.hosts if each.id == owed.host), None)
        if mac is None or mac == owed.mac:
            return None
        why = f"another machine answers there now (MAC address {mac}, it was {owed.mac})"
        return Fate(False, f"{why}; close it by hand if it is the same", decided=True)

    def _again(self, finding: str, owed: Owed) -> str:
        diff = self._diff(owed.run)
        for change in () if isinstance(diff, str) else (*diff.persisting, *diff.new):
            if change.finding.id == finding:
                return change.reason
        newer = self._newer(owed)
        return f"{newer[0].source}, taken {newer[0].taken}, shows it" if newer and owed.kind in _PATCHES else ""

    def _named(self, owed: Owed) -> str:
        """What a machine that nobody could name is now: no probe shows it, but newer answers, of whatever kind, did."""
        host = next((each for each in self.report.hosts if each.id == owed.host), None)
        known = owed.kind == "unknown-device" and host is not None and host.device != "unknown"
        return f"it is known now: {host.device}" if known and host is not None else ""

    def _newer(self, owed: Owed) -> list[InventoryRow]:
        """Inventories of its host that came since, each of a format that there was before."""
        run = self.runs.get(owed.run)
        if run is None or owed.host is None:
            return []
        formats = {each.partition("\t")[0] for each in run.inventories}
        return [
            each
            for each in self.report.inventories
            if each.state == "joined"
            and owed.host in each.hosts
            and each.format in formats
            and _identity(each) not in run.inventories
        ]

    def _inventory(self, owed: Owed) -> Fate | None:
        """What a newer inventory says of software that one was asked about before; None where there is none."""
        newer = self._newer(owed)
        if owed.kind not in _PATCHES or owed.product is None or not newer:
            return None
        rows = [each for each in self.report.patches if (each.host, each.product) == (owed.host, owed.product)]
        told = f"{newer[0].source}, taken {newer[0].taken}"
        if any(each.verdict != "COMPLIANT" for each in rows):
            return None
        if not rows and (owed.host, owed.product) not in self._listed(owed.run):
            return None  # by today's facts it was nothing to be judged then either
        if not rows and (before := self._items_before(owed, newer[0])) > 2 * newer[0].items:
            why = f"lists {newer[0].items:,} of what were {before:,}: a part of a list shows nothing to be gone"
            return Fate(False, f"{told}: {why}")
        return Fate(True, f"{told}: {_versions(each.version for each in rows)}")

    def _items_before(self, owed: Owed, newer: InventoryRow) -> int:
        """How long the lists of that format were that the host had before."""
        before = self.runs[owed.run].inventories
        rows = (each for each in self.report.inventories if _identity(each) in before and each.format == newer.format)
        return max((each.items for each in rows if owed.host in each.hosts), default=0)

    def _listed(self, number: int) -> frozenset[tuple[str, str]]:
        """Hosts and products of that run's inventories, as today's facts know them."""
        found = self._lists.get(number)
        if found is None:
            from scanner.assess import assess

            day = session.parse_day(self.report.generated, "--today")
            with Store(self._store, create=False) as opened:
                every = opened.inventories(self._site.client, self._site.site)
            before = self.runs[number].inventories
            then = assess(
                self._site, self._sessions, session.knowledge_for(self._path, day), day,
                inventories=tuple(each for each in every if _identity_of(each) in before),
            )  # fmt: skip
            found = self._lists[number] = frozenset((each.host, each.product) for each in then.patches)
        return found


def _evidence(store: Path, site: Site) -> dict[str, int | None]:
    """The scans that there are; of one that is not at its end, how many observations it has."""
    with Store(store, create=False) as opened:
        scans = opened.scans(site.client, site.site)
        return {each.id: None if each.complete else opened.count(each.id) for each in scans}


def _parted(whole: Session, unfinished: Mapping[str, int]) -> Iterator[Session]:
    """A session; of one that was not at its end, what it had then, and what came since as another one."""
    count = unfinished.get(whole.scan.id, len(whole.observations))
    if count >= len(whole.observations):
        yield whole
        return
    then = msgspec.structs.replace(whole.scan, complete=False, ended=None)
    since = msgspec.structs.replace(whole.scan, id=whole.scan.id + _SINCE)
    yield msgspec.structs.replace(whole, scan=then, observations=whole.observations[:count])
    yield msgspec.structs.replace(whole, scan=since, observations=whole.observations[count:])


def _versions(found: Iterable[str | None]) -> str:
    named = ", ".join(dict.fromkeys(each for each in found if each))
    return f"it is {named} now" if named else "it is no longer installed"


def _identity(row: InventoryRow) -> str:
    return "\t".join((row.format, row.source, row.taken))


def _identity_of(each: Installed) -> str:
    """That of its row in a report."""
    day = datetime.datetime.fromtimestamp(each.taken, datetime.UTC).date()
    return "\t".join((each.format, visible(each.source), day.isoformat()))
