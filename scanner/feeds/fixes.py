"""Distributions' advisories put into the baselines of the products that their packages hold. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from scanner.feeds.names import product_of_package
from scanner.importers.osv import Packages
from scanner.model.baseline import Baseline, DistroFix


def merged(tables: Iterable[Packages]) -> Packages:
    """Several distributions' packages in one table. Rebuilds of one source (`el`) share their fixes: of two with one
    revision the newer fact stays."""
    found: dict[str, dict[str, tuple[DistroFix, ...]]] = {}
    for table in tables:
        for distro, packages in table.items():
            mine = found.setdefault(distro, {})
            for name, fixes in packages.items():
                mine[name] = _joined(mine[name], fixes) if name in mine else fixes
    return found


def with_fixes(baselines: tuple[Baseline, ...], packages: Packages) -> tuple[Baseline, ...]:
    """The baselines with the fixes of their products' packages besides their own.

    Builds of module streams are left to `Knowledge.packages`: no banner shows them, and they compare only within
    their stream.
    """
    by_product: dict[str, dict[tuple[str, str], DistroFix]] = {}
    wanted = {each.product for each in baselines if each.repackaged}
    for distro, named in packages.items():
        for name, fixes in named.items():
            product = product_of_package(name)
            if product not in wanted:
                continue
            mine = by_product.setdefault(product, {})
            for fix in fixes:
                if fix.stream is None:
                    mine.setdefault((distro, fix.fixed), fix)
    return tuple(_with(each, by_product[each.product]) if each.product in by_product else each for each in baselines)


def _with(baseline: Baseline, found: Mapping[tuple[str, str], DistroFix]) -> Baseline:
    known = {(each.distro, each.fixed): each for each in baseline.fixes}
    shown = {(each.distro, _upstream(each.fixed)): _upstream(each.shown) for each in baseline.fixes if each.shown}
    kept = tuple(_newer(each, found.get(key)) for key, each in known.items())
    added = tuple(
        msgspec.structs.replace(each, shown=_as_shown(each, shown.get((each.distro, _upstream(each.fixed)))))
        for key, each in found.items()
        if key not in known
    )
    return msgspec.structs.replace(baseline, fixes=(*kept, *added))


def _newer(own: DistroFix, other: DistroFix | None) -> DistroFix:
    """Our own fact, with the feed's source where that was read later, and with all flaws that either names."""
    if other is None:
        return own
    source = other.source if other.source.retrieved > own.source.retrieved else own.source
    return msgspec.structs.replace(
        own, source=source, cves=tuple(sorted({*own.cves, *other.cves})), fixed_at=own.fixed_at or other.fixed_at
    )


def _joined(one: tuple[DistroFix, ...], other: tuple[DistroFix, ...]) -> tuple[DistroFix, ...]:
    found = {(each.fixed, each.stream): each for each in one}
    for each in other:
        key = (each.fixed, each.stream)
        found[key] = _newer(found[key], each) if key in found else each
    return tuple(found.values())


def _upstream(version: str) -> str:
    rest = version.partition(":")[2] or version
    return rest.rpartition("-")[0] or rest


def _as_shown(fix: DistroFix, upstream: str | None) -> str | None:
    """As the banner writes it, by the example of another fix of the same upstream version."""
    if upstream is None or "-" not in fix.fixed:
        return fix.shown
    return f"{upstream}-{fix.fixed.rpartition('-')[2]}"
