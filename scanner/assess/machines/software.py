"""Every product of every machine, judged: by what the network shows of it and by what inventories say."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

import msgspec

from scanner.assess.facts.evidence import FlowKey
from scanner.assess.machines.deadlines import deadlines
from scanner.assess.machines.inventory import Identified, Machine
from scanner.assess.machines.joined import Group, joined
from scanner.assess.machines.judgement import Judgement, unknown
from scanner.assess.machines.known import Known, known
from scanner.assess.machines.packages import judge_installed
from scanner.assess.machines.patches import judge_by
from scanner.assess.machines.reach import Reach
from scanner.assess.machines.upgrades import NOTHING, Behind
from scanner.identify.names import trade_name
from scanner.model.baseline import DeadlinePolicy, Knowledge
from scanner.model.product import Product
from scanner.model.report import PatchRow, PatchVerdict, iso_date
from scanner.model.text import visible

_WORSE: tuple[PatchVerdict, ...] = ("COMPLIANT", "UNKNOWN", "NON_COMPLIANT", "END_OF_LIFE")

_OLD_DAYS = 30
"""An inventory from before that says little of what runs today."""


class Judged(msgspec.Struct, frozen=True, gc=False):
    """One product of one machine, its judgement, and every port where it showed."""

    machine: Machine
    group: Group
    judgement: Judgement
    row: PatchRow

    @property
    def found(self) -> tuple[Identified, ...]:
        """Where the network shows it; nowhere, if only an inventory names it."""
        return self.group.shown

    @property
    def keys(self) -> tuple[FlowKey, ...]:
        return tuple(dict.fromkeys(each.key for each in self.group.shown))

    @property
    def fails(self) -> bool:
        return self.row.verdict in ("NON_COMPLIANT", "END_OF_LIFE")


def judged(
    machines: Iterable[Machine],
    knowledge: Knowledge,
    today: datetime.date,
    policies: Sequence[DeadlinePolicy] = (),
    reach: Reach | None = None,
) -> list[Judged]:
    """Every product of every machine, once, in the order of the report."""
    court = _Court(known(knowledge), today, policies)
    results: list[Judged] = []
    for machine in machines:
        shown = _by_version(machine.products) if machine.products else []
        if machine.installed:
            found = joined(court.facts, shown, machine.installed)
        else:
            found = [Group(shown=tuple(each)) for each in shown]
        for group in found:
            case = court.judge(group)
            results.append(Judged(machine, group, case.judgement, _row(machine, group, case, reach)))
    return results


class _Case(msgspec.Struct, frozen=True, gc=False):
    """What is said of a product wherever it runs, worked out once: many hosts run the same build."""

    judgement: Judgement
    title: str
    behind: Behind
    late: PatchRow
    """A row with its deadlines and nothing of the host."""


class _Court:
    def __init__(self, facts: Known, today: datetime.date, policies: Sequence[DeadlinePolicy]) -> None:
        self.facts, self._today, self._policies = facts, today, policies
        self._cases: dict[Product, _Case] = {}

    def judge(self, group: Group) -> _Case:
        if not group.installed:
            product = group.shown[0].product
            found = self._cases.get(product)
            if found is None:
                judgement = judge_by(self.facts, product, self._today)
                found = self._cases[product] = self._case(product, judgement, self._behind(product))
            return found
        each = [judge_installed(self.facts, item, self._today) for item in group.installed]
        judgement = max(each, key=_badness)
        if (self._today - max(item.taken for item in group.installed)).days > _OLD_DAYS:
            judgement = msgspec.structs.replace(judgement, confidence="low")
        behind = NOTHING if group.installed[0].packages else self._behind(group.product)
        if group.beside and judgement.verdict == "COMPLIANT":
            note = f"{', '.join(group.beside)} {'is' if len(group.beside) == 1 else 'are'} installed beside it; which"
            judgement = msgspec.structs.replace(
                unknown("no-version", judgement.rule, judgement.required),
                source=judgement.source,
                note=f"{note} of them runs is not said",
            )
        if group.clash is not None:
            products = dict.fromkeys(each.product for each in group.shown)
            shown = (judge_by(self.facts, product, self._today) for product in products)
            judgement = max(shown if group.outdated else (judgement, *shown), key=_badness)
        return self._case(group.product, judgement, behind)

    def _case(self, product: Product, judgement: Judgement, behind: Behind) -> _Case:
        baseline = self.facts.baseline(product.name)
        title = baseline.title if baseline else trade_name(product)
        due = deadlines(judgement, self._policies, self.facts.exploited, self._today)
        fails = judgement.verdict in ("NON_COMPLIANT", "END_OF_LIFE")
        row = PatchRow(
            host="",
            product=product.name,
            version=product.revision or product.version,
            verdict=judgement.verdict,
            reason=judgement.reason,
            confidence=judgement.confidence,
            required=judgement.required,
            fixed_at=iso_date(judgement.fixed_at),
            age_days=judgement.age_days,
            eol=iso_date(judgement.eol),
            kev=judgement.kev,
            source=judgement.source,
            evidence="",
            severity=judgement.severity if fails else None,
            cves=judgement.cves,
            remote_code=judgement.remote_code,
            title=title,
            rule=judgement.rule,
            released=iso_date(behind.released),
            latest=behind.latest,
            days_behind=behind.days,
            due=due[0].due if due else None,
            overdue_days=due[0].overdue_days if due else None,
            deadlines=due,
            epss=judgement.epss,
            kb=judgement.kb,
        )
        return _Case(judgement, title, behind, row)

    def _behind(self, product: Product) -> Behind:
        """Nothing of a distribution's package: the days of upstream's releases say nothing of what it has."""
        baseline = self.facts.baseline(product.name)
        if baseline is None or not product.version:
            return NOTHING
        if product.distro is not None and baseline.repackaged and product.distro not in baseline.unpackaged_on:
            return NOTHING
        releases = self.facts.releases(product.name, self._today)
        return NOTHING if releases is None else releases.behind(product.version)


def _versions(group: Group) -> tuple[str, ...]:
    """What the network shows of something installed."""
    shown = (each.product.revision or each.product.version for each in group.shown if group.installed)
    return tuple(dict.fromkeys(visible(each) for each in shown if each))


def _by_version(products: Sequence[Identified]) -> list[list[Identified]]:
    if len(products) == 1:
        return [list(products)]
    groups: dict[tuple[str, str | None, str | None, str | None, bool], list[Identified]] = {}
    for each in products:
        p = each.product
        groups.setdefault((p.name, p.version, p.revision, p.distro, p.certain), []).append(each)
    return _without_vaguer_twins(list(groups.values()))


def _badness(judgement: Judgement) -> tuple[int, int]:
    return _WORSE.index(judgement.verdict), len(judgement.missing)


def _without_vaguer_twins(groups: list[list[Identified]]) -> list[list[Identified]]:
    """A product named without a version where the same port names it with one says nothing of its own."""
    if len(groups) < 2:
        return groups
    told = {(e.product.name, e.key) for group in groups for e in group if e.product.version}
    return [
        group for group in groups if group[0].product.version or any((e.product.name, e.key) not in told for e in group)
    ]


def _row(machine: Machine, group: Group, case: _Case, reach: Reach | None) -> PatchRow:
    shown, installed = group.shown, group.installed
    if len(shown) == 1 and not installed:
        # As nearly all of them are; what follows says the same of several, and of what is installed.
        key, evidence = shown[0].key, shown[0].evidence
        return msgspec.structs.replace(
            case.late,
            host=machine.id,
            version=None if case.late.version is None else visible(case.late.version),
            evidence=f"{evidence}; {case.judgement.note}" if case.judgement.note else evidence,
            transport=key[1],
            port=key[2],
            seen_by=("network",),
            exposed_to=reach.zones((key,)) if reach else (),
        )
    keys = {each.key[1:] for each in shown}
    only = shown[0].key if len(keys) == 1 else None
    said = [*(each.evidence for each in shown), *(visible(each.evidence) for each in installed)]
    if case.judgement.note:
        said.append(case.judgement.note)
    version = case.late.version
    if installed:
        version = installed[0].item.version or installed[0].product.version
    banner = ", ".join(_versions(group)) or None
    return msgspec.structs.replace(
        case.late,
        host=machine.id,
        version=None if version is None else visible(version),
        evidence="; ".join(dict.fromkeys(said)),
        transport=only[1] if only else None,
        port=only[2] if only else None,
        seen_by=("network",) * bool(shown) + ("inventory",) * bool(installed),
        exposed_to=reach.zones(each.key for each in shown) if reach and shown else (),
        banner=banner,
    )
