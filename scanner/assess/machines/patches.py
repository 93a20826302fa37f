"""Whether a product's version is patched, judged only as far as the facts go.

The logic is one-sided. A missing fix is charged only where the build's own maintainer has released it: a distribution
backports fixes without changing the upstream version, so a bare upstream version below the minimum is UNKNOWN for a
product that distributions ship. "Patched" is said only by facts that are fresh enough that a later fix would be known.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from msgspec.structs import replace

from scanner.assess.machines.judgement import Judgement, acquitted, charged, out, unknown
from scanner.assess.machines.known import Known, Line, known
from scanner.assess.machines.revisions import base_of, built_for, own_build, upstream
from scanner.model.baseline import Baseline, Branch, DistroFix, Flaw, Knowledge, Source
from scanner.model.product import Product
from scanner.model.report import Confidence, PatchVerdict, UnknownReason
from scanner.versions import compare

STALE_AFTER_DAYS = 90
"""How long a fact may say that nothing is missing, where its baseline does not set a limit of its own."""


def judge(
    product: Product, knowledge: Knowledge, today: datetime.date, *, stale_after_days: int = STALE_AFTER_DAYS
) -> Judgement:
    """The verdict on one product. Pure and total: any text in the product gives a verdict, never an exception."""
    return judge_by(known(knowledge), product, today, stale_after_days)


def judge_by(
    facts: Known, product: Product, today: datetime.date, stale_after_days: int = STALE_AFTER_DAYS
) -> Judgement:
    """The same by facts that are laid out already."""
    baseline = facts.baseline(product.name)
    if baseline is None:
        return unknown("no-baseline", "no-fact")
    if not (product.version or product.revision):
        return unknown("no-version", "no-fact", source=baseline.branches[0].source)
    if baseline.stale_after is not None:
        stale_after_days = min(stale_after_days, baseline.stale_after)
    case = _Case(product, baseline, facts, today, stale_after_days)
    if case.packaged and product.distro:
        return case.by_distribution(product.distro)
    return case.by_upstream(product.version or "")


def judge_line(
    facts: Known,
    line: Line,
    distro: str,
    revision: str,
    today: datetime.date,
    stale_after_days: int,
    certain: bool = True,
) -> Judgement:
    """A package's revision by the fixes of its line. The verdict on the release's own life comes first."""
    every = line.missing(revision)
    stream = line.newest.stream
    missing = None if every is None else out(every, today)
    ended = life_ended(facts, distro, revision, today, missing or (), stream)
    if ended is not None:
        return ended if certain else replace(ended, confidence="low")
    life = facts.life(distro, stream)
    eol = None if life is None else life.eol
    if missing and line.may_be_extended(revision, missing):
        return unknown("backport-possible", "distribution-fix", missing[-1].fixed, eol, missing[-1].source)
    if missing:
        newest = missing[-1]
        return charged(
            facts, today, "NON_COMPLIANT", f"the package is below the fix of {distro}", "high" if certain else "low",
            newest.source, "distribution-fix", missing=missing, required=newest.fixed, eol=eol,
        )  # fmt: skip
    if missing is None:
        return unknown("untrusted-banner", "distribution-fix", line.newest.fixed, eol, line.newest.source)
    newest = line.newest
    if every or (stream is not None and facts.quiet(line.distro, stream, today)):
        # The day lies before the fixes that are known, or nobody may look after the stream any more.
        return unknown("stale-baseline", "distribution-fix", newest.fixed, eol, newest.source)
    if not line.surely_of(revision):
        return unknown("backport-possible", "distribution-fix", newest.fixed, eol, newest.source)
    return acquitted(
        facts, today, f"at or above the fix of {distro}", line.newest.fixed, line.read, "distribution-fix", eol,
        stale_after_days, certain,
    )  # fmt: skip


def life_ended(
    facts: Known,
    distro: str,
    revision: str | None,
    today: datetime.date,
    missing: Sequence[DistroFix] = (),
    stream: str | None = None,
) -> Judgement | None:
    """END_OF_LIFE where nobody maintains the distribution's build any more. A package with the mark of paid support is
    maintained until that ends."""
    life = facts.life(distro, stream)
    if life is None:
        return None
    paid = life.extended is not None and bool(life.extended_mark) and life.extended_mark in (revision or "")
    if (life.extended if paid and life.extended else life.eol) >= today:
        return None
    return charged(
        facts, today, "END_OF_LIFE",
        f"{life.distro if ' ' in life.distro else distro}, which maintains this build, ended",
        "medium" if life.extended is not None and life.extended >= today else "high",
        life.source, "distribution-life", missing=missing, eol=life.eol,
    )  # fmt: skip


class _Case:
    """One product with everything it is judged by."""

    def __init__(
        self, product: Product, baseline: Baseline, facts: Known, today: datetime.date, stale_after: int
    ) -> None:
        self.product, self.baseline, self.facts, self.today = product, baseline, facts, today
        self.stale_after = stale_after
        self.packaged = baseline.repackaged and product.distro not in baseline.unpackaged_on

    def by_distribution(self, distro: str) -> Judgement:
        """The distribution's own package, as far as its revision says which one."""
        revision = self.product.revision
        if revision is None:
            return self._open_question(distro)
        if not own_build(base_of(distro), revision):
            return self._open_question(distro)
        distro = built_for(distro, revision) or distro
        line = self.facts.line(self.baseline, base_of(distro), revision)
        if line is None:
            ended = life_ended(self.facts, distro, revision, self.today)
            return self._open_question(distro) if ended is None else self._unsure(ended)
        return judge_line(
            self.facts, line, distro, revision, self.today, self.stale_after, certain=self.product.certain
        )

    def _open_question(self, distro: str) -> Judgement:
        """The distribution is named, and what it fixed is not known, or not whether this package has it."""
        life = self.facts.life(distro)
        eol = None if life is None else life.eol
        version = self.product.version or upstream(self.product.revision or "")
        if self.product.revision is None and (line := self.facts.line(self.baseline, base_of(distro), version)):
            return unknown("backport-possible", "distribution-fix", line.newest.fixed, eol, line.newest.source)
        branch = self.facts.branch(self.baseline, version)
        source = self.baseline.branches[0].source if branch is None else branch.source
        return unknown("backport-possible", "distribution-fix", None if branch is None else branch.minimum, eol, source)

    def _unsure(self, found: Judgement) -> Judgement:
        return found if self.product.certain else replace(found, confidence="low")

    # -- upstream's own version --------------------------------------------------------------------------------------

    def by_upstream(self, version: str) -> Judgement:
        branch = self.facts.branch(self.baseline, version)
        if branch is None:
            return self._outside(version)
        missing = out([each for each in branch.flaws if self._has(version, each)], self.today)
        order = None if branch.minimum is None else compare(self.baseline.scheme, version, branch.minimum)
        if branch.eol is not None and branch.eol < self.today:
            return self._ended(branch, missing)
        if branch.minimum is None:
            return unknown("base-build-only", "upstream-minimum", None, branch.eol, branch.source)
        if order is None:
            base = _is_base_of(version, branch.minimum)
            reason: UnknownReason = "base-build-only" if base else "untrusted-banner"
            return unknown(reason, "upstream-minimum", branch.minimum, branch.eol, branch.source)
        if order >= 0 or (branch.hotpatch and compare(self.baseline.scheme, version, branch.hotpatch) in (0, 1)):
            return self._compliant(branch)
        if branch.hotpatch_above and compare(self.baseline.scheme, version, branch.hotpatch_above) == 1:
            found = unknown("branch-unknown", "upstream-minimum", branch.minimum, branch.eol, branch.source)
            return replace(found, note="may be a hotpatch with the same fixes, whose builds are not listed")
        if self.packaged:
            return self._question_or_ended(branch, missing)
        if branch.fixed_at is not None and branch.fixed_at > self.today and not missing:
            return unknown("stale-baseline", "upstream-minimum", branch.minimum, branch.eol, branch.source)
        known = bool(missing) or branch.security
        return self._verdict(
            "NON_COMPLIANT",
            "below the minimum of its branch" if known else "below the newest release of its branch",
            "high" if known else "low",
            branch.source,
            "upstream-minimum",
            missing=missing,
            branch=branch,
            eol=branch.eol,
        )

    def _outside(self, version: str) -> Judgement:
        """A version of no branch listed: older than all of them, or nothing can be said."""
        scheme, source = self.baseline.scheme, self.baseline.branches[0].source
        older = self.baseline.older_eol
        comparable = gap = False
        for each in self.baseline.branches:
            order = None if each.minimum is None else compare(scheme, version, each.minimum)
            comparable = comparable or order is not None
            if order in (0, 1) or (comparable and older is None):
                return unknown("branch-unknown", "upstream-life", source=source)
            gap = gap or (each.minimum is not None and order is None)
        if not comparable:
            known = any(each.minimum is not None for each in self.baseline.branches)
            reason: UnknownReason = "untrusted-banner" if known else "branch-unknown"
            return unknown(reason, "upstream-life", source=source)
        if gap or older is None or older >= self.today:
            return unknown("branch-unknown", "upstream-life", source=source)
        if self.packaged:
            return unknown("backport-possible", "upstream-life", None, older, source)
        return self._verdict(
            "END_OF_LIFE", "older than every branch that is supported", "high", source, "upstream-life", eol=older
        )

    def _ended(self, branch: Branch, missing: Sequence[Flaw]) -> Judgement:
        if self.packaged:
            return self._question_or_ended(branch, missing)
        paid = branch.extended is not None and branch.extended >= self.today
        return self._verdict(
            "END_OF_LIFE",
            "the support of its branch ended",
            "medium" if paid else "high",
            branch.eol_source or branch.source,
            "upstream-life",
            missing=missing,
            eol=branch.eol,
        )

    def _question_or_ended(self, branch: Branch, missing: Sequence[Flaw]) -> Judgement:
        """Below the minimum, or of a branch that ended, and no distribution named: one may still maintain it."""
        if branch.distros_until is None or branch.distros_until >= self.today:
            source = branch.source if branch.eol is None else branch.eol_source or branch.source
            return unknown("backport-possible", "upstream-minimum", branch.minimum, branch.eol, source)
        return self._verdict(
            "END_OF_LIFE",
            "its branch ended, and so did the last distribution that maintained it",
            "medium",
            branch.distros_source or branch.source,
            "upstream-life",
            missing=missing,
            eol=branch.distros_until,
        )

    def _has(self, version: str, flaw: Flaw) -> bool:
        scheme = self.baseline.scheme
        since = 0 if flaw.introduced is None else compare(scheme, version, flaw.introduced)
        return compare(scheme, version, flaw.fixed) == -1 and since in (0, 1)

    def _compliant(self, branch: Branch) -> Judgement:
        return acquitted(
            self.facts, self.today, "at or above the minimum of its branch", branch.minimum or "", branch.source,
            "upstream-minimum", branch.eol, self.stale_after, self.product.certain,
        )  # fmt: skip

    def _verdict(
        self,
        verdict: PatchVerdict,
        reason: str,
        confidence: Confidence,
        source: Source,
        rule: str,
        *,
        missing: Sequence[Flaw] = (),
        branch: Branch | None = None,
        eol: datetime.date | None = None,
    ) -> Judgement:
        confidence = confidence if self.product.certain else "low"
        required = branch.minimum if branch is not None else None
        return charged(
            self.facts, self.today, verdict, reason, confidence, source, rule, missing=missing, branch=branch,
            required=required, eol=eol,
        )  # fmt: skip


def _is_base_of(version: str, minimum: str) -> bool:
    """Whether the version is all but the last of the numbers that tell: `10.0.17763` of `10.0.17763.9121`."""
    return version[-1:].isdigit() and minimum.startswith(version) and not minimum[len(version) :][:1].isdigit()
