"""What is wrong within the branches of one product, by its own version scheme."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Literal

from scanner.model.baseline import Baseline, Branch, Flaw
from scanner.versions import compare

Found = tuple[Literal["contradictory", "unusable", "odd"], str, str]
"""Kind, where, what."""
_CVE = re.compile(r"CVE-(?:1999|20[0-9]{2})-[0-9]{4,7}", re.ASCII)


def branch_remarks(baseline: Baseline) -> Iterator[Found]:
    """What the branches say of themselves and of each other."""
    for one, other in combinations(baseline.branches, 2):
        if _overlap(one.name, other.name):
            yield "contradictory", f"branch {one.name}", f"holds the same versions as branch {other.name}"
    for branch in baseline.branches:
        where = f"branch {branch.name}"
        for cve in branch.cves:
            if not _CVE.fullmatch(cve):
                yield "unusable", where, f"{cve} is no identifier of a CVE"
        yield from (("contradictory", where, what) for what in _contradictions(branch))
        if branch.minimum is None:
            if branch.eol is None and not branch.flaws:
                yield "odd", where, "says neither what to run nor until when"
        elif compare(baseline.scheme, branch.minimum, branch.minimum) != 0:
            yield "unusable", where, f"{branch.minimum} is no version by the scheme {baseline.scheme}"
        else:
            holder = holding(baseline, branch.minimum)
            # A line can go on under another number, which is listed as well and asks for the same.
            if holder is not branch and (holder is None or holder.minimum != branch.minimum):
                kept = "none listed" if holder is None else f"branch {holder.name}"
                yield "contradictory", where, f"its minimum {branch.minimum} belongs to {kept}"
            late = branch.eol is not None and branch.fixed_at is not None and branch.fixed_at > branch.eol
            if late and branch.security:
                yield "odd", where, f"its minimum was released on {branch.fixed_at}, after the end of support"


def _contradictions(branch: Branch) -> Iterator[str]:
    if branch.fixed_at is not None and branch.fixed_at > branch.source.retrieved:
        yield f"its minimum was released on {branch.fixed_at}, after its source was read ({branch.source.retrieved})"
    if branch.extended is not None and (branch.eol is None or branch.extended <= branch.eol):
        yield f"extended support until {branch.extended} does not follow the end of support"
    if (branch.distros_until is None) != (branch.distros_source is None):
        yield "distros_until and distros_source stand together, or neither does"
    if branch.distros_until is not None and (branch.eol is None or branch.distros_until <= branch.eol):
        yield f"distributions until {branch.distros_until} do not outlive the end of support"


def flaw_remarks(baseline: Baseline) -> Iterator[Found]:
    """What the flaws say of themselves, of their branch and of each other."""
    scheme = baseline.scheme
    for branch in baseline.branches:
        for flaw in branch.flaws:
            where = f"branch {branch.name}, {flaw.cve}"
            if not _CVE.fullmatch(flaw.cve):
                yield "unusable", where, f"{flaw.cve} is no identifier of a CVE"
            texts = [flaw.fixed] if flaw.introduced is None else [flaw.introduced, flaw.fixed]
            strange = [each for each in texts if compare(scheme, each, each) != 0]
            for each in strange:
                yield "unusable", where, f"{each} is no version by the scheme {scheme}"
            if not strange:
                yield from (("contradictory", where, what) for what in _of_flaw(scheme, branch, flaw))
        for one, other in combinations(branch.flaws, 2):
            if one.cve == other.cve and not _apart(scheme, one, other):
                yield "contradictory", f"branch {branch.name}, {one.cve}", "stands there twice for the same versions"


def _of_flaw(scheme: str, branch: Branch, flaw: Flaw) -> Iterator[str]:
    if flaw.introduced is not None and compare(scheme, flaw.introduced, flaw.fixed) != -1:
        yield f"was introduced in {flaw.introduced}, which is not before {flaw.fixed}"
    if flaw.fixed_at is not None and branch.fixed_at is not None and branch.minimum is not None:
        later = flaw.fixed_at > branch.fixed_at
        if later and compare(scheme, flaw.fixed, branch.minimum) == -1:
            yield f"{flaw.fixed} was released on {flaw.fixed_at}, and the minimum {branch.minimum} before that"
    if branch.minimum is None or compare(scheme, flaw.fixed, branch.minimum) != 1:
        return
    # The last release of a branch may have a flaw that is fixed in another: then it ended without the fix.
    if branch.holds(flaw.fixed) or branch.eol is None or branch.eol >= flaw.source.retrieved:
        yield f"is fixed in {flaw.fixed}, above the minimum {branch.minimum}"


def _apart(scheme: str, one: Flaw, other: Flaw) -> bool:
    """Whether no version has both."""
    for first, second in ((one, other), (other, one)):
        if second.introduced is not None and compare(scheme, first.fixed, second.introduced) in (-1, 0):
            return True
    return False


def holding(baseline: Baseline, version: str) -> Branch | None:
    """The branch that an assessment chooses for a version: of those that hold it the one with the longest name."""
    found = [each for each in baseline.branches if each.holds(version)]
    return max(found, key=lambda each: -1 if each.name == "*" else len(each.name), default=None)


def _overlap(one: str, other: str) -> bool:
    """Whether two names of the same length can hold the same version: an `x` stands for any digit."""
    if len(one) != len(other):
        return False
    pairs = zip(one, other, strict=True)
    return all(a == b or (a == "x" and b.isdigit()) or (b == "x" and a.isdigit()) for a, b in pairs)


def upstream(revision: str) -> str:
    """A package's version without epoch and revision."""
    version = revision.rpartition("-")[0] or revision
    return version.partition(":")[2] if ":" in version else version
