"""What the network shows of a product and what an inventory says of it, put side by side.

The inventory decides: it has the whole version. Where the two cannot both be true, the worse verdict stands,
unless the inventory is older than what the network shows and the package was updated since.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from scanner.assess.machines.installed import InstalledProduct
from scanner.assess.machines.inventory import Identified
from scanner.assess.machines.known import Known
from scanner.assess.machines.revisions import base_of, compare_revisions, upstream
from scanner.model.product import Product
from scanner.versions import compare

_ALSO = {"windows": ("windows_server",)}
"""What the network calls by a name that leaves open which of them it is."""
Clash = Literal["older", "newer"]
"""What the network shows is older, or newer, than what is installed."""


class Group(msgspec.Struct, frozen=True, gc=False):
    """One version of one product of a machine, by whoever saw it."""

    shown: tuple[Identified, ...] = ()
    installed: tuple[InstalledProduct, ...] = ()
    """By the newest inventory that names the product."""
    beside: tuple[str, ...] = ()
    """Older versions of the same package that are installed too; which one runs is not said."""
    clash: Clash | None = None

    @property
    def outdated(self) -> bool:
        """Whether the network shows a newer package, whole, than an inventory that was taken on an earlier day."""
        taken = max((each.taken for each in self.installed), default=None)
        return (
            self.clash == "newer"
            and taken is not None
            and all(each.product.revision and each.at and _day(each.at) > taken for each in self.shown)
        )

    @property
    def product(self) -> Product:
        return self.installed[0].product if self.installed else self.shown[0].product


def _day(at: float) -> datetime.date:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).date()


def joined(facts: Known, shown: Sequence[Sequence[Identified]], installed: Sequence[InstalledProduct]) -> list[Group]:
    """Every product once a version, in the order of the report. `shown`: what the network shows, by version."""
    listed = _listed(installed)
    groups: list[Group] = []
    both: dict[tuple[str, int, Clash | None], list[Identified]] = {}
    for found in map(tuple, shown):
        product = found[0].product
        names = [name for name in (product.name, *_ALSO.get(product.name, ())) if name in listed]
        if not names or not product.certain:
            groups.append(Group(shown=found))
            continue
        choices = [(name, at, _clash(facts, product, each)) for name in names for at, each in enumerate(listed[name])]
        both.setdefault(next((each for each in choices if each[2] is None), choices[0]), []).extend(found)
    for (name, at, clash), seen in both.items():
        groups.append(msgspec.structs.replace(listed[name][at], shown=tuple(seen), clash=clash))
    used = {key[:2] for key in both}
    rest = (each for name in listed for at, each in enumerate(listed[name]) if (name, at) not in used)
    return [*groups, *rest]


def _listed(installed: Iterable[InstalledProduct]) -> dict[str, list[Group]]:
    """By product: its versions by the newest inventory that names it, the package's own before what others list."""
    by_name: dict[str, list[InstalledProduct]] = {}
    for each in installed:
        by_name.setdefault(each.product.name, []).append(each)
    found: dict[str, list[Group]] = {}
    for name, items in by_name.items():
        best = max(items, key=lambda each: (each.taken, bool(each.packages), each.where))
        versions: dict[tuple[str, str | None], list[InstalledProduct]] = {}
        for each in items:
            if each.where == best.where and each.taken == best.taken:
                versions.setdefault((each.item.version, each.product.distro), []).append(each)
        found[name] = _newest_packages([Group(installed=tuple(each)) for each in versions.values()])
    return found


def _newest_packages(groups: list[Group]) -> list[Group]:
    """A package that is installed in several versions, as kernels are, by its newest one."""
    kept: list[Group] = []
    for group in groups:
        mine = group.installed[0]
        newer = older = False
        beside: list[str] = []
        for other in groups:
            each = other.installed[0]
            same = {i.item.name for i in group.installed} & {i.item.name for i in other.installed}
            if other is group or not same or not mine.item.package or each.product.distro != mine.product.distro:
                continue
            order = compare_revisions(base_of(mine.product.distro or ""), mine.item.version, each.item.version)
            newer, older = newer or order == -1, older or order == 1
            if order == 1:
                beside.append(each.item.version)
        if not newer:
            kept.append(msgspec.structs.replace(group, beside=tuple(sorted(beside))))
    return kept


def _clash(facts: Known, shown: Product, group: Group) -> Clash | None:
    """None where both can be true: a bare version of the whole revision, two texts that nobody can order."""
    installed = group.installed[0]
    version, mine = installed.product.version or "", shown.version or ""
    if not mine or not version:
        return None
    if shown.revision and installed.item.package:
        if shown.revision.partition("-")[2] == installed.item.version.rpartition("-")[2]:
            return None
        order = compare_revisions(base_of(installed.product.distro or ""), shown.revision, installed.item.version)
    elif _begins(version, mine) or _begins(mine, version):
        return None
    else:
        # A banner may write the version otherwise than the package: the fixes know both.
        baseline = facts.baseline(installed.product.name)
        if baseline is None:
            return None
        written = {upstream(each.fixed): upstream(each.shown) for each in baseline.fixes if each.shown}
        order = compare(baseline.scheme, mine, written.get(version, version))
    clashes: dict[int, Clash] = {-1: "older", 1: "newer"}
    return clashes.get(order or 0)


def _begins(whole: str, part: str) -> bool:
    return whole.startswith(part) and not (part[-1:].isdigit() and whole[len(part) : len(part) + 1].isdigit())
