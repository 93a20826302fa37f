"""Whether a product's version is patched, judged only as far as the facts go.

The logic is one-sided. A missing fix is charged only where the build's own maintainer has released it: a distribution
backports fixes without changing the upstream version, so a bare upstream version below the minimum is UNKNOWN for a
product that distributions ship. "Patched" is said only by facts that are fresh enough that a later fix would be known.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from scanner.model.base import SEVERITIES, Frozen, Severity
from scanner.model.baseline import Baseline, Branch, DistroFix, DistroLife, Flaw, Knowledge, Source
from scanner.model.product import Product
from scanner.model.report import Confidence, PatchVerdict, UnknownReason
from scanner.versions import compare

STALE_AFTER_DAYS = 90
"""How long a fact may say that nothing is missing, where its baseline does not set a limit of its own."""
_FRESH_DAYS = 31
_REBUILDS = {"raspbian": "debian"}
"""Distributions that rebuild another one's packages under the same revisions, so that its fixes hold for them."""
_PACKAGES = {"debian": "deb-banner", "ubuntu": "deb-banner", "el": "rpm-banner"}
"""How each family writes its revisions; a banner has no epoch."""


class Judgement(Frozen, frozen=True):
    """What can be said of one product on one day."""

    verdict: PatchVerdict
    reason: str
    """For UNKNOWN an `UnknownReason`, else the rule in words."""
    confidence: Confidence
    required: str | None = None
    """The version or revision that would be COMPLIANT; None where the branch or the distribution ended."""
    fixed_at: datetime.date | None = None
    """When the oldest of the missing fixes was released."""
    age_days: int | None = None
    eol: datetime.date | None = None
    kev: tuple[str, ...] = ()
    source: str | None = None
    """The fact's address and the date it was read."""
    severity: Severity | None = None
    cves: tuple[str, ...] = ()
    """Those known to be missing; never those that a backport may have fixed."""
    remote_code: bool = False
    rule: str = ""
    """Which rule decided: `distribution-fix`, `distribution-life`, `upstream-minimum`, `upstream-life`, `no-fact`."""


def judge(
    product: Product, knowledge: Knowledge, today: datetime.date, *, stale_after_days: int = STALE_AFTER_DAYS
) -> Judgement:
    """The verdict on one product. Pure and total: any text in the product gives a verdict, never an exception."""
    baseline = next((each for each in knowledge.baselines if each.product == product.name), None)
    if baseline is None:
        return _unknown("no-baseline", "no-fact")
    if not (product.version or product.revision):
        return _unknown("no-version", "no-fact")
    if baseline.stale_after is not None:
        stale_after_days = min(stale_after_days, baseline.stale_after)
    case = _Case(product, baseline, knowledge, today, stale_after_days)
    if case.packaged and product.distro:
        return case.by_distribution(product.distro)
    return case.by_upstream(product.version or "")


class _Case:
    """One product with everything it is judged by."""

    def __init__(
        self, product: Product, baseline: Baseline, knowledge: Knowledge, today: datetime.date, stale_after: int
    ) -> None:
        self.product, self.baseline, self.knowledge, self.today = product, baseline, knowledge, today
        self.stale_after = datetime.timedelta(days=stale_after)
        self.packaged = baseline.repackaged and product.distro not in baseline.unpackaged_on

    # -- the distribution's own package ------------------------------------------------------------------------------

    def by_distribution(self, distro: str) -> Judgement:
        revision = self.product.revision
        life = next((each for each in self.knowledge.distros if each.distro == distro), None)
        family, _, release = distro.partition(":")
        base = _REBUILDS.get(family, family)
        fixes = self._fixes_of_line(f"{base}:{release}", revision)
        orders = [compare(_PACKAGES.get(base, ""), revision or "", _as_shown(each, revision or "")) for each in fixes]
        missing = [each for each, order in zip(fixes, orders, strict=True) if order == -1]
        if life is not None and _life_ended(life, revision, self.today):
            paid = life.extended is not None and life.extended >= self.today
            return self._verdict(
                "END_OF_LIFE",
                f"{distro}, which maintains this build, ended",
                "medium" if paid else "high",
                life.source,
                "distribution-life",
                missing=missing,
                eol=life.eol,
            )
        eol = None if life is None else life.eol
        if missing:
            newest = self._newest(missing)
            return self._verdict(
                "NON_COMPLIANT",
                f"the package is below the fix of {distro}",
                "high",
                newest.source,
                "distribution-fix",
                missing=missing,
                eol=eol,
            )
        if not fixes:
            return self._open_question(eol, f"{base}:{release}")
        newest = self._newest(fixes)
        if any(order is None for order in orders):
            return _unknown("untrusted-banner", "distribution-fix", newest.fixed, eol, newest.source)
        read = max((each.source for each in fixes), key=lambda source: source.retrieved)
        return self._compliant(f"at or above the fix of {distro}", newest.fixed, read, "distribution-fix", eol)

    def _fixes_of_line(self, distro: str, revision: str | None) -> list[DistroFix]:
        """The distribution's fixes for the line that the package is of.

        A release can carry several lines (PHP 8.0 and 8.2 in el:9), and other repositories add more: a fix in one
        says nothing about another. Nor does it about a backport, which is built from another release's source.
        """
        if revision is None or "~bpo" in revision:
            return []
        branch = self._branch(_upstream(revision))
        return [
            each
            for each in self.baseline.fixes
            if each.distro == distro and branch is not None and branch is self._branch(_upstream(each.fixed))
        ]

    def _newest(self, fixes: Sequence[DistroFix]) -> DistroFix:
        newest = fixes[0]
        for each in fixes[1:]:
            scheme = _PACKAGES.get(each.distro.partition(":")[0], "")
            if compare(scheme, newest.fixed, each.fixed) == -1:
                newest = each
        return newest

    # -- upstream's own version --------------------------------------------------------------------------------------

    def by_upstream(self, version: str) -> Judgement:
        branch = self._branch(version)
        if branch is None:
            return self._outside(version)
        missing = [each for each in branch.flaws if self._has(version, each)]
        order = None if branch.minimum is None else compare(self.baseline.scheme, version, branch.minimum)
        if branch.eol is not None and branch.eol < self.today:
            return self._ended(branch, missing)
        if branch.minimum is None:
            return _unknown("base-build-only", "upstream-minimum", None, branch.eol, branch.source)
        if order is None:
            base = _is_base_of(version, branch.minimum)
            reason: UnknownReason = "base-build-only" if base else "untrusted-banner"
            return _unknown(reason, "upstream-minimum", branch.minimum, branch.eol, branch.source)
        if order >= 0:
            return self._compliant(
                "at or above the minimum of its branch", branch.minimum, branch.source, "upstream-minimum", branch.eol
            )
        if self.packaged:
            return self._question_or_ended(branch, missing)
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
        minimums = [each.minimum for each in self.baseline.branches if each.minimum is not None]
        orders = {compare(scheme, version, each) for each in minimums}
        if orders <= {None}:
            return _unknown("untrusted-banner", "upstream-life", None, None, source)
        older = self.baseline.older_eol
        if orders != {-1} or older is None or older >= self.today:
            return _unknown("branch-unknown", "upstream-life", None, None, source)
        if self.packaged:
            return _unknown("backport-possible", "upstream-life", None, older, source)
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
            return _unknown("backport-possible", "upstream-minimum", branch.minimum, branch.eol, source)
        return self._verdict(
            "END_OF_LIFE",
            "its branch ended, and so did the last distribution that maintained it",
            "medium",
            branch.distros_source or branch.source,
            "upstream-life",
            missing=missing,
            eol=branch.distros_until,
        )

    def _open_question(self, eol: datetime.date | None, distro: str) -> Judgement:
        """The distribution is named, and what it fixed is not known, or not whether this package has it."""
        if self.product.revision is None and (fixes := self._fixes_of_line(distro, self.product.version)):
            newest = self._newest(fixes)
            return _unknown("backport-possible", "distribution-fix", newest.fixed, eol, newest.source)
        branch = self._branch(self.product.version or _upstream(self.product.revision or ""))
        if branch is None:
            return _unknown("backport-possible", "distribution-fix", None, eol, None)
        return _unknown("backport-possible", "distribution-fix", branch.minimum, eol, branch.source)

    # -- what all of them share --------------------------------------------------------------------------------------

    def _branch(self, version: str) -> Branch | None:
        """The branch with the longest name that holds the version."""
        holding = (each for each in self.baseline.branches if each.holds(version))
        return max(holding, key=lambda each: -1 if each.name == "*" else len(each.name), default=None)

    def _has(self, version: str, flaw: Flaw) -> bool:
        scheme = self.baseline.scheme
        since = 0 if flaw.introduced is None else compare(scheme, version, flaw.introduced)
        return compare(scheme, version, flaw.fixed) == -1 and since in (0, 1)

    def _compliant(self, reason: str, required: str, source: Source, rule: str, eol: datetime.date | None) -> Judgement:
        if not self.product.certain:
            return _unknown("untrusted-banner", rule, required, eol, source)
        age = self.today - source.retrieved
        if age > self.stale_after:
            return _unknown("stale-baseline", rule, required, eol, source)
        confidence: Confidence = "high" if age.days <= _FRESH_DAYS else "medium"
        return Judgement("COMPLIANT", reason, confidence, required, eol=eol, source=_said(source), rule=rule)

    def _verdict(
        self,
        verdict: PatchVerdict,
        reason: str,
        confidence: Confidence,
        source: Source,
        rule: str,
        *,
        missing: Sequence[Flaw] | Sequence[DistroFix] = (),
        branch: Branch | None = None,
        eol: datetime.date | None = None,
    ) -> Judgement:
        """A charge, with everything that is known to be missing. `branch`: its minimum is missing as well."""
        cves = {cve for each in missing for cve in ((each.cve,) if isinstance(each, Flaw) else each.cves)}
        dates = [each.fixed_at for each in missing]
        severities: list[Severity] = [each.severity for each in missing]
        fixes = [each for each in missing if isinstance(each, DistroFix)]
        required = self._newest(fixes).fixed if fixes and verdict == "NON_COMPLIANT" else None
        if branch is not None:
            required = branch.minimum
            cves.update(branch.cves)
            dates.append(branch.fixed_at)
            severities.append(branch.severity if branch.security else "low")
        if verdict == "END_OF_LIFE":
            severities.append("high")
        since = min((day for day in dates if day is not None), default=None)
        listed = tuple(sorted(cves, key=_cve_key))
        exploited = {each.cve for each in self.knowledge.kev}
        return Judgement(
            verdict,
            reason,
            confidence if self.product.certain else "low",
            required,
            since,
            None if since is None else (self.today - since).days,
            eol,
            tuple(each for each in listed if each in exploited),
            _said(source),
            max(severities, key=SEVERITIES.index, default=None),
            listed,
            any(each.remote_code for each in missing) or (branch is not None and branch.remote_code),
            rule,
        )


def _life_ended(life: DistroLife, revision: str | None, today: datetime.date) -> bool:
    """A package with the mark of paid support is maintained until that ends."""
    if life.extended is not None and life.extended_mark and life.extended_mark in (revision or ""):
        return life.extended < today
    return life.eol < today


def _unknown(
    reason: UnknownReason,
    rule: str,
    required: str | None = None,
    eol: datetime.date | None = None,
    source: Source | None = None,
) -> Judgement:
    said = None if source is None else _said(source)
    return Judgement("UNKNOWN", reason, "low", required, eol=eol, source=said, rule=rule)


def _upstream(revision: str) -> str:
    """A package's version without epoch and revision."""
    version = revision.rpartition("-")[0] or revision
    return version.partition(":")[2] if ":" in version else version


def _as_shown(fix: DistroFix, revision: str) -> str:
    """The fix as the source of the revision writes it: a banner, or the package's own name."""
    return fix.shown if fix.shown is not None and _upstream(fix.shown) == _upstream(revision) else fix.fixed


def _is_base_of(version: str, minimum: str) -> bool:
    """Whether the version is all but the last of the numbers that tell: `10.0.17763` of `10.0.17763.9121`."""
    return version[-1:].isdigit() and minimum.startswith(version) and not minimum[len(version) :][:1].isdigit()


def _said(source: Source) -> str:
    return f"{source.url} (read {source.retrieved.isoformat()})"


def _cve_key(cve: str) -> tuple[str, int, str]:
    """By year, then by length, which sorts the numbers as numbers."""
    return cve[:9], len(cve), cve
