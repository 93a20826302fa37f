"""How far a version is behind the newest release of its branch, by the days of upstream's releases."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from functools import cmp_to_key

from scanner.model.base import Frozen
from scanner.model.baseline import Baseline, Branch
from scanner.versions import compare


class Behind(Frozen, frozen=True):
    """A version among the releases of its branch."""

    released: datetime.date | None = None
    latest: str | None = None
    days: int | None = None
    """From `released` to the release of `latest`; 0 for the latest itself."""


NOTHING = Behind()


class Releases:
    """What was released of a product until a day. What came later does not exist yet."""

    def __init__(
        self,
        baseline: Baseline,
        days: Mapping[str, datetime.date],
        today: datetime.date,
        branch: Callable[[Baseline, str], Branch | None],
    ) -> None:
        self._baseline, self._branch = baseline, branch
        self._days = {version: day for version, day in days.items() if day <= today}
        self._of: dict[str, tuple[list[str], bool]] | None = None

    def behind(self, version: str) -> Behind:
        branch = self._branch(self._baseline, version)
        if branch is None:
            return NOTHING
        versions, total = self._versions(branch)
        if not total:
            versions = [each for each in versions if compare(self._baseline.scheme, each, version) is not None]
        if not versions:
            return NOTHING
        latest = versions[-1]
        name = version if version in self._days else self._listed(version, versions)
        if name is None:
            return Behind(latest=latest)
        released = self._days[name]
        order = compare(self._baseline.scheme, name, latest)
        days = 0 if order == 0 else max((self._days[latest] - released).days, 0) if order == -1 else None
        return Behind(released=released, latest=latest, days=days)

    def _listed(self, version: str, versions: list[str]) -> str | None:
        """The release as the list writes it: `7.0.14` for what a banner calls `v7.0.14,build0601`."""
        low, high = 0, len(versions)
        while low < high:
            middle = (low + high) // 2
            order = compare(self._baseline.scheme, version, versions[middle])
            if order == 0:
                return versions[middle]
            low, high = (low, middle) if order == -1 else (middle + 1, high)
        return None

    def _versions(self, branch: Branch) -> tuple[list[str], bool]:
        """The releases of a branch from the lowest on, and whether each is comparable with every other."""
        if self._of is None:
            found: dict[str, list[str]] = {}
            for each in sorted(self._days):
                held = self._branch(self._baseline, each)
                if held is not None and compare(self._baseline.scheme, each, each) == 0:
                    found.setdefault(held.name, []).append(each)
            self._of = {name: self._ordered(versions) for name, versions in found.items()}
        return self._of.get(branch.name, ([], True))

    def _ordered(self, versions: list[str]) -> tuple[list[str], bool]:
        gaps = False

        def order(left: str, right: str) -> int:
            nonlocal gaps
            found = compare(self._baseline.scheme, left, right)
            gaps = gaps or found is None
            return found or 0

        return sorted(versions, key=cmp_to_key(order)), not gaps
