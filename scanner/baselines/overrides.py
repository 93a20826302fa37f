"""What a client asks for beyond the patch baselines: a higher minimum, an earlier end.

It can only tighten: whatever is to be accepted takes an exception, which has an owner and an end.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

import msgspec

from scanner.baselines.lint_branch import holding
from scanner.errors import BadInput
from scanner.importers.document import read_document
from scanner.model.base import Frozen, Text
from scanner.model.baseline import Baseline, Branch, Flaw, Source
from scanner.versions import compare

_MEND = "an override only tightens; to accept less, use `fencewalk except`"


class Override(Frozen, frozen=True):
    """One entry of `baselines.yaml`: what the client asks of one branch of a product."""

    product: Text
    """As `fencewalk baselines list` names it."""
    branch: Text
    reason: Text
    by: Text
    """Who asks for it, or the document that does."""
    since: datetime.date
    """The first day on which it counts."""
    minimum: str | None = None
    eol: datetime.date | None = None
    """The last day on which the client lets the branch run."""


Overrides = tuple[Override, ...]
"""`baselines.yaml`."""


def read_overrides(text: str, name: str) -> Overrides:
    """The entries of a client's file; BadInput says what is wrong with it. An empty file has none."""
    return read_document(text, Overrides, name) if text.strip() else ()


def tightened(
    baselines: Sequence[Baseline], overrides: Iterable[Override], name: str, today: datetime.date
) -> tuple[Baseline, ...]:
    """The baselines with what a client asks for from `today` or before; the order stays.

    BadInput names the entry of the file `name` that would loosen one, or that cannot be compared with it.
    """
    results = list(baselines)
    places = {each.product: place for place, each in reversed(list(enumerate(results)))}
    seen: set[tuple[str, str]] = set()
    for number, each in enumerate(overrides):
        where = f"{name}: [{number}]"
        place = places.get(each.product)
        if place is None:
            raise BadInput(f"{where}.product: there is no baseline of {each.product}; see `fencewalk baselines list`")
        baseline = results[place]
        branch = next((one for one in baseline.branches if one.name == each.branch), None)
        if branch is None:
            names = ", ".join(one.name for one in baseline.branches)
            raise BadInput(f"{where}.branch: {each.product} has no branch {each.branch}; its branches are {names}")
        if (each.product, each.branch) in seen:
            raise BadInput(f"{where}.branch: {each.product} {each.branch} stands there twice; write one entry for it")
        seen.add((each.product, each.branch))
        changed = _tightened(baseline, branch, each, name, where)
        if each.since <= today:
            branches = tuple(changed if one is branch else one for one in baseline.branches)
            results[place] = msgspec.structs.replace(baseline, branches=branches)
    return tuple(results)


def _tightened(baseline: Baseline, branch: Branch, asked: Override, name: str, where: str) -> Branch:
    if asked.minimum is None and asked.eol is None:
        raise BadInput(f"{where}: asks for nothing; give a minimum or an eol")
    said = f"{name}, {asked.by}: {asked.reason}"
    changed = branch
    if asked.eol is not None:
        if branch.eol is not None and asked.eol > branch.eol:
            what = f"{asked.product} {branch.name} is supported until {branch.eol} only"
            raise BadInput(f"{where}.eol: {asked.eol} is too late: {what}; {_MEND}")
        if asked.eol != branch.eol:
            changed = msgspec.structs.replace(
                changed, eol=asked.eol, extended=None, eol_source=Source(said, asked.since)
            )
    if asked.minimum is None:
        return changed
    _check_minimum(baseline, branch, asked.minimum, where)
    if branch.minimum is not None and compare(baseline.scheme, asked.minimum, branch.minimum) == 0:
        return changed
    return msgspec.structs.replace(
        changed,
        minimum=asked.minimum,
        fixed_at=asked.since,
        severity="medium",
        cves=(),
        remote_code=False,
        security=True,
        flaws=_flaws(branch),
        # A client's wish says nothing of fixes that came out since, so that it acquits no longer than what it replaces.
        source=Source(said, min(asked.since, branch.source.retrieved)),
        eol_source=changed.eol_source or (branch.source if changed.eol is not None else None),
    )


def _check_minimum(baseline: Baseline, branch: Branch, asked: str, where: str) -> None:
    scheme = baseline.scheme
    if compare(scheme, asked, asked) != 0:
        raise BadInput(f"{where}.minimum: {asked} is no version of {baseline.title} that can be compared")
    if holding(baseline, asked) is not branch:
        what = f"does not belong to branch {branch.name}; to rule a branch out, give it an eol"
        raise BadInput(f"{where}.minimum: {asked} {what}")
    if branch.minimum is None:
        return
    order = compare(scheme, asked, branch.minimum)
    if order is None:
        raise BadInput(f"{where}.minimum: {asked} cannot be compared with {branch.minimum}, which is asked for anyway")
    if order == -1:
        what = f"{asked} is below {branch.minimum}, which is asked for anyway"
        raise BadInput(f"{where}.minimum: {what}; {_MEND}")


def _flaws(branch: Branch) -> tuple[Flaw, ...]:
    """The branch's flaws, and those that its minimum fixed: what lies between that and a higher one has them not."""
    named = {each.cve for each in branch.flaws}
    if branch.minimum is None:
        return branch.flaws
    fixed = (
        Flaw(
            cve,
            branch.minimum,
            branch.source,
            fixed_at=branch.fixed_at,
            severity=branch.severity,
            remote_code=branch.remote_code,
        )
        for cve in branch.cves
        if cve not in named
    )
    return (*branch.flaws, *fixed)
