"""Verdicts that somebody tried to get wrong: packages of other releases and other builders, and facts of other days."""

from __future__ import annotations

import datetime

import pytest
from assess.scene import DB, SERVERS, TODAY, port, session, site, spoke
from tables import for_every

from scanner.assess import assess
from scanner.assess.machines.installed import InstalledProduct
from scanner.assess.machines.judgement import Judgement
from scanner.assess.machines.known import known
from scanner.assess.machines.packages import judge_installed
from scanner.assess.machines.patches import judge
from scanner.assess.machines.revisions import built_for, own_build, upstream
from scanner.feeds import bundled_knowledge
from scanner.model.baseline import Baseline, Branch, DistroFix, Flaw, Knowledge, Source
from scanner.model.observation import Installed, Item
from scanner.model.product import Product
from scanner.model.report import PatchRow

NOW = datetime.date(2026, 11, 20)
UNSURE = ("UNKNOWN", "backport-possible")
MISSES = ("NON_COMPLIANT", None)
HAS = ("COMPLIANT", None)
ENDED = ("END_OF_LIFE", None)

PACKAGES = [
    # Of another release: judged by that one's fixes where its mark names it, else by nobody's.
    ("openssh", "debian:12", "10.0p1-7+deb13u1", MISSES),
    ("openssh", "debian:12", "10.0p1-7+deb13u2", HAS),
    ("openssh", "debian:12", "10.0p1-7", UNSURE),
    ("openssh", "debian:12", "9.2p1-3", UNSURE),
    ("openssh", "debian:11", "9.2p1-2+deb12u1", MISSES),
    ("openssh", "debian:12", "9.2p1-2+deb12u9", HAS),
    ("openssh", "debian:12", "9.2p1-2", MISSES),
    ("samba", "debian:12", "2:4.22.1+dfsg-0+deb13u1", MISSES),
    ("redis", "debian:12", "5:8.0.2-3", UNSURE),
    ("dovecot", "debian:12", "1:2.4.0-1", UNSURE),
    # Raspbian ends with the release that it rebuilds.
    ("openssh", "raspbian:11", "8.4p1-5+deb11u7", ENDED),
    ("openssh", "raspbian:12", "9.2p1-2+deb12u9", HAS),
    # Rebuilt by somebody else.
    *[
        ("openssh", "debian:12", f"9.2p1-2+deb12u{n}{mark}", UNSURE)
        for n in (1, 9)
        for mark in ("+pmx1", "~pve1", "+kali1", "~astra", "+local1", "+custom", "~bpo12+1", ".1~mycorp")
    ],
    ("openssh", "debian:11", "8.4p1-5+deb11u7+pmx1", UNSURE),
    ("openssh", "ubuntu:22.04", "1:8.9p1-3ubuntu0.1+mint1", UNSURE),
    ("openssh", "ubuntu:22.04", "1:8.9p1-3ubuntu0.99~pop1", UNSURE),
    # Red Hat sells updates of even minor releases beyond their successors; not of odd ones, nor do rebuilds.
    ("openssh", "el:9", "8.7p1-38.el9_4.99", UNSURE),
    ("bind", "el:9", "9.16.23-18.el9_4.99", UNSURE),
    ("openssh", "el:9", "8.7p1-38.el9_4.99.alma.1", MISSES),
    ("openssh", "el:9", "8.7p1-38.el9_3", MISSES),
    ("openssh", "el:9", "8.7p1-38.el9", MISSES),
]


@for_every(("name", "distro", "revision", "expected"), PACKAGES)
def test_package(name: str, distro: str, revision: str, expected: tuple[str, str | None]) -> None:
    found = judge(Product("v", name, upstream(revision), revision, distro), bundled_knowledge(), NOW)
    assert (found.verdict, found.reason if expected[1] else None) == expected


@for_every(
    ("distro", "revision", "own"),
    [
        ("debian:13", "2.12-9+pmx2", False), ("debian:13", "3.1.9-pve2", False), ("debian:12", "1:99+local1", False),
        ("ubuntu:22.04", "1.2-1+mycorp2", False), ("debian:12", "8.0.43-1debian12", False),
        ("debian:12", "2:2.3.21-4+debian12", False), ("debian:12", "1.30-1lmde", False),
        ("debian:12", "1:9.9p1-3+kali1", False), ("debian:12", "9.9-1~astra", False),
        ("debian:12", "1.22.1-9+deb12u2", True), ("debian:12", "1:2.3.19.1+dfsg1-2.1+deb12u7", True),
        ("debian:11", "2.4.67-1~deb11u3+b1", True), ("debian:6", "5.5p1-6+squeeze5", True),
        ("debian:12", "12.4+deb12u5", True), ("debian:12", "6.1.174-1", True),
        ("ubuntu:24.04", "1:9.6p1-3ubuntu13.8", True), ("ubuntu:16.04", "7.2p2-4ubuntu2.10+esm5", True),
        ("ubuntu:22.04", "8.0.43-0ubuntu0.22.04.1", True), ("ubuntu:20.04", "5.15.0-105.115~20.04.1", True),
        ("ubuntu:19.10", "1:8.0p1-6build1", True), ("ubuntu:22.04", "1.2-1ubuntu1~cloud0", False),
    ],
)  # fmt: skip
def test_whose_build(distro: str, revision: str, own: bool) -> None:
    assert own_build(distro, revision) is own


def test_no_fix_names_another_release() -> None:
    for each in bundled_knowledge().baselines:
        for fix in each.fixes:
            assert built_for(fix.distro, fix.fixed) in (None, fix.distro), fix


# -- module streams ----------------------------------------------------------------------------------------------------

LATELY, LONG_AGO = NOW - datetime.timedelta(30), NOW - datetime.timedelta(800)


def build(version: str, number: int) -> str:
    return f"{version}-1.module_el8.9.0+{number}+aaaaaaaa"


def fix(version: str, number: int, stream: str, day: datetime.date) -> DistroFix:
    return DistroFix("el:8", build(version, number), Source("https://example.com", NOW), day, stream=stream)


STREAMS = Knowledge(
    baselines=(),
    distros=bundled_knowledge().distros,
    packages={
        "el:8": {
            "php": (fix("7.2.24", 1, "php:7.2", LONG_AGO), fix("7.4.33", 2, "php:7.4", LATELY)),
            "mariadb-server": (fix("10.3.39", 3, "mariadb:10.3", LONG_AGO), fix("10.11.9", 4, "mariadb:10.11", LATELY)),
            "redis": (fix("6.2.20", 5, "redis:6", LONG_AGO),),
        }
    },
)


@pytest.mark.parametrize(
    ("name", "revision", "expected"),
    [
        ("php", build("7.2.24", 1), ENDED),
        ("php", build("7.2.23", 1), ENDED),
        ("php", build("7.4.33", 2), HAS),
        ("php", build("7.4.32", 2), MISSES),
        ("mariadb-server", build("10.3.39", 3), ("UNKNOWN", "stale-baseline")),
        ("mariadb-server", build("10.3.38", 3), MISSES),
        ("mariadb-server", build("10.11.9", 4), HAS),
        ("redis", build("6.2.20", 5), HAS),
    ],
)
def test_a_stream_that_nobody_maintains_is_not_patched(
    name: str, revision: str, expected: tuple[str, str | None]
) -> None:
    found = installed(STREAMS, name, revision, "el:8")
    assert (found.verdict, found.reason if expected[1] else None) == expected


def installed(facts: Knowledge, name: str, revision: str, distro: str) -> Judgement:
    item = Item(name, revision, distro=distro, package=True)
    product = Product("", name, upstream(revision), revision, distro)
    return judge_installed(known(facts), InstalledProduct(product, item, NOW, "packages.txt", (name,)), NOW)


def test_an_installed_package_of_another_release_is_judged_by_that_one() -> None:
    packages: dict[str, dict[str, tuple[DistroFix, ...]]] = {
        distro: {"daemon": (DistroFix(distro, fixed, Source("https://example.com", NOW)),)}
        for distro, fixed in (("debian:12", "1.0-1+deb12u5"), ("debian:13", "2.0-1+deb13u5"))
    }
    facts = Knowledge(baselines=(), packages=packages)
    assert installed(facts, "daemon", "2.0-1+deb13u4", "debian:12").verdict == "NON_COMPLIANT"
    assert installed(facts, "daemon", "2.0-1+deb13u5", "debian:12").verdict == "COMPLIANT"
    assert installed(facts, "daemon", "2.0-1", "debian:12").verdict == "UNKNOWN"
    assert installed(facts, "daemon", "1.0-1+deb12u4", "debian:12").verdict == "NON_COMPLIANT"


# -- days --------------------------------------------------------------------------------------------------------------


def test_a_fix_of_the_future_is_not_missing() -> None:
    source = Source("https://example.com", NOW)
    first, second = datetime.date(2026, 6, 1), datetime.date(2026, 8, 11)
    branch = Branch("*", source, "1.9", second, flaws=(Flaw("CVE-2026-1", "1.5", source, fixed_at=first),))
    fixes = (
        DistroFix("debian:12", "1.2-3+deb12u1", source, first),
        DistroFix("debian:12", "1.2-3+deb12u2", source, second),
    )
    facts = Knowledge(
        baselines=(Baseline("d", "v", "D", "dotted", True, (branch,), fixes, unpackaged_on=("windows",)),)
    )
    days = [datetime.date(2026, 5, 31), datetime.date(2026, 8, 1), second]
    for product, verdicts in (
        (Product("v", "d", "1.4", None, "windows"), ["UNKNOWN", "NON_COMPLIANT", "NON_COMPLIANT"]),
        (Product("v", "d", "1.8", None, "windows"), ["UNKNOWN", "UNKNOWN", "NON_COMPLIANT"]),
        (Product("v", "d", "1.2", "1.2-3+deb12u0", "debian:12"), ["UNKNOWN", "NON_COMPLIANT", "NON_COMPLIANT"]),
        (Product("v", "d", "1.2", "1.2-3+deb12u1", "debian:12"), ["UNKNOWN", "UNKNOWN", "NON_COMPLIANT"]),
    ):
        found = [judge(product, facts, day) for day in days]
        assert [each.verdict for each in found] == verdicts, product
        assert all(each.age_days is None or each.age_days >= 0 for each in found)
        assert len(found[1].missing) <= 1


BANNERS = [
    # The inventory's package and its day, the banner's, and what follows: the scan was on 1970-01-01.
    ("1:9.2p1-2+deb12u1", -100, "9.2p1 Debian-2+deb12u9", "COMPLIANT"),
    ("1:9.2p1-2+deb12u1", 100, "9.2p1 Debian-2+deb12u9", "NON_COMPLIANT"),
    ("1:9.2p1-2+deb12u1", -100, "9.2p1", "NON_COMPLIANT"),
    ("1:9.2p1-2+deb12u9", -100, "9.2p1 Debian-2+deb12u1", "NON_COMPLIANT"),
]


@pytest.mark.parametrize(("package", "days", "banner", "verdict"), BANNERS)
def test_a_newer_banner_overrules_an_older_inventory(package: str, days: int, banner: str, verdict: str) -> None:
    row, kinds = seen(package, days, banner)
    assert row.verdict == verdict
    assert ("exposure" in kinds) is ("Debian" in banner)


def test_an_old_inventory_is_not_sure() -> None:
    assert seen("1:9.2p1-2+deb12u1", -100, "9.2p1")[0].confidence == "low"


def seen(package: str, days: int, banner: str) -> tuple[PatchRow, set[str]]:
    scan = session(SERVERS, port(DB, 22, "open", ttl=64), spoke(DB, 22, f"SSH-2.0-OpenSSH_{banner}".encode()))
    item = Item("openssh-server", package, "", "debian:12", True)
    inventory = Installed((), (DB,), (), "dpkg.txt", "dpkg", 1000.0 + days * 86_400, (item,))
    found = assess(site(), [scan], bundled_knowledge(), TODAY, inventories=(inventory,))
    (row,) = [each for each in found.patches if each.product == "openssh"]
    return row, {each.kind for each in found.findings if "is installed:" in each.title}
