"""What has to hold of every verdict on a version before a release: judged by the publishers' own data, as it stands."""

from __future__ import annotations

import datetime
import json
import random
import re
import time
from collections import Counter, defaultdict
from functools import cmp_to_key
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.assess.machines.installed import InstalledProduct
from scanner.assess.machines.inventory import Identified, Machine
from scanner.assess.machines.known import known
from scanner.assess.machines.packages import judge_installed
from scanner.assess.machines.patches import judge
from scanner.assess.machines.revisions import own_build
from scanner.assess.machines.software import judged
from scanner.feeds import bundled_knowledge, knowledge
from scanner.feeds.bring import bring
from scanner.feeds.names import product_of_package
from scanner.model.baseline import Knowledge
from scanner.model.observation import Item
from scanner.model.product import Product
from scanner.versions import compare

FEEDS = Path(__file__).parents[3] / "shared" / "feeds"
NOW = datetime.datetime(2026, 8, 25, 12, tzinfo=datetime.UTC)
TODAY = NOW.date()
snapshots = pytest.mark.skipif(not FEEDS.exists(), reason=f"there are no snapshots of the feeds at {FEEDS}")


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    folder = tmp_path_factory.mktemp("feeds")
    for name in ("almalinux", "endoflife", "release-data", "kev", "microsoft"):
        assert {each.state for each in bring(folder, FEEDS / name, NOW, whole=True)} == {"new"}
    return knowledge(folder)


# -- days behind -------------------------------------------------------------------------------------------------------

RELEASED = {
    # file of the release data -> our product
    "nginx": "nginx", "apache-http-server": "http_server", "php": "php", "mariadb": "mariadb",
    "redis": "redis", "postgresql": "postgresql", "tomcat": "tomcat",
    "elasticsearch": "elasticsearch", "mongodb": "mongodb", "haproxy": "haproxy",
    "jenkins": "jenkins", "squid": "squid", "gitlab": "gitlab", "proxmox-ve": "virtual_environment",
}  # fmt: skip
PLAIN = re.compile(r"\d+(\.\d+){1,3}")


def raw_releases(file: str) -> dict[str, datetime.date]:
    path = FEEDS / "release-data"
    found = next(iter(sorted(path.rglob(f"{file}.json"))), None)
    if found is None:
        return {}
    listed = json.loads(found.read_text("utf-8"))["versions"].values()
    return {each["name"]: datetime.date.fromisoformat(each["date"]) for each in listed if PLAIN.fullmatch(each["name"])}


def parts(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


@snapshots
@pytest.mark.parametrize("today", [datetime.date(2026, 8, 25), datetime.date(2024, 2, 29)])
def test_versions_of_the_release_data_are_as_many_days_behind_as_their_line_says(
    facts: Knowledge, today: datetime.date
) -> None:
    """The line is that of the product's own baseline; which release of it is the newest is worked out here."""
    where = known(facts)
    asked: Counter[str] = Counter()
    for file, product in RELEASED.items():
        released = {version: day for version, day in raw_releases(file).items() if day <= today}
        baseline = where.baseline(product)
        assert baseline is not None, product
        lines: dict[str, list[str]] = defaultdict(list)
        for version in released:
            held = [each.name for each in baseline.branches if each.holds(version)]
            if held:
                lines[max(held, key=lambda name: (name != "*", len(name)))].append(version)
        for versions in lines.values():
            latest = max(versions, key=parts)
            for version in versions:
                asked[product] += 1
                behind = where.releases(product, today)
                assert behind is not None
                found = behind.behind(version)
                assert found.released == released[version], (product, version)
                assert found.latest is not None
                assert parts(found.latest) == parts(latest), (product, version)
                assert found.days == max((released[latest] - released[version]).days, 0), (product, version)
    assert len(asked) >= 12, asked
    assert sum(asked.values()) > 2_000, asked


# -- patched and unpatched packages ------------------------------------------------------------------------------------


def advisories() -> dict[tuple[str, str, str], set[str]]:
    """Release, package and module stream (or none) -> the fixed revisions, as the files have them."""
    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for path in sorted((FEEDS / "almalinux").iterdir()):
        whole = json.loads(path.read_text("utf-8"))
        if not any(each.startswith("CVE-") for each in whole["related"]) and not whole["id"].startswith("ALSA"):
            continue
        stream = re.match(r"(?:\w+: )?([\w.+-]+:[\w.+-]+) ", whole["summary"])
        for part in whole["affected"]:
            fixed = part["ranges"][0]["events"][1]["fixed"]
            release = part["package"]["ecosystem"].partition(":")[2]
            name = stream[1] if stream and ".module" in fixed else ""
            found[release, part["package"]["name"], name].add(fixed)
    return found


RETIRED = {
    *(("8", each) for each in ("php:7.2", "php:8.0", "nginx:1.16", "nginx:1.20", "nginx:1.22", "postgresql:10")),
    *(("9", each) for each in ("php:8.1", "nginx:1.22")),
}
"""Streams that Red Hat maintains no more."""


def quiet() -> set[tuple[str, str]]:
    """Release and stream: no fix for a year, while another stream of the module had one since."""
    days: dict[tuple[str, str], str] = {}
    for path in sorted((FEEDS / "almalinux").iterdir()):
        whole = json.loads(path.read_text("utf-8"))
        stream = re.match(r"(?:\w+: )?([\w.+-]+:[\w.+-]+) ", whole["summary"])
        for part in whole["affected"] if stream else ():
            if stream and ".module" in part["ranges"][0]["events"][1]["fixed"]:
                key = part["package"]["ecosystem"].partition(":")[2], stream[1]
                days[key] = max(days.get(key, ""), whole["published"][:10])
    newest: dict[tuple[str, str], str] = {}
    for (release, name), day in days.items():
        module = release, name.partition(":")[0]
        newest[module] = max(newest.get(module, ""), day)
    before = (TODAY - datetime.timedelta(365)).isoformat()
    return {key for key, day in days.items() if day < before and day < newest[key[0], key[1].partition(":")[0]]}


def without_build(revision: str) -> str:
    """Two builds of one module's source are as good as each other."""
    return re.sub(r"\.module_el[\d.]+\+\d+\+[0-9a-f]+", ".module", re.sub(r"\.alma(\.\d+)*$", "", revision))


def order(left: str, right: str) -> int:
    """As rpm has it, which the scheme is held to elsewhere."""
    found = compare("rpm", without_build(left), without_build(right))
    assert found is not None
    return found


def older(revision: str) -> str | None:
    """The package before it: a release of one less."""
    head, _, release = revision.rpartition("-")
    number = re.match(r"\d+", release)
    if number is None or int(number[0]) < 2:
        return None
    return f"{head}-{int(number[0]) - 1}{release[number.end() :]}"


def made() -> list[tuple[str, str, str, bool, str]]:
    """Release, package, revision, whether everything is fixed in it, and its stream."""
    found = []
    for (release, name, stream), fixes in sorted(advisories().items()):
        ordered = sorted(fixes, key=cmp_to_key(order))
        newest = ordered[-1]
        found += [(release, name, each, order(each, newest) == 0, stream) for each in ordered]
        if (before := older(newest)) is not None:
            found.append((release, name, before, False, stream))
        head, _, tail = newest.rpartition("-")
        found.append((release, name, f"{head}-{re.sub(r'^[0-9]+', lambda n: str(int(n[0]) + 1), tail)}", True, stream))
    return found


@snapshots
@pytest.mark.parametrize("epochs", [True, False])
def test_packages_made_from_real_advisories_are_judged_right(facts: Knowledge, epochs: bool) -> None:
    where = known(facts)
    wrong: list[Any] = []
    cases = made()
    silent = quiet()
    for release, name, revision, patched, stream in cases:
        written = revision if epochs else revision.rpartition(":")[2]
        upstream = revision.rpartition(":")[2].rpartition("-")[0]
        product = Product("", product_of_package(name), upstream, written.rpartition(":")[2], f"el:{release}")
        item = Item(name, written, distro=f"el:{release}", package=True)
        verdict = judge_installed(where, InstalledProduct(product, item, TODAY, "packages.txt", (name,)), TODAY)
        truth = "COMPLIANT" if patched else "NON_COMPLIANT"
        if (release, stream) in RETIRED:
            truth = "END_OF_LIFE"
        elif patched and (release, stream) in silent:
            truth = "UNKNOWN"
        if verdict.verdict != truth:
            wrong.append((release, name, written, patched, verdict.verdict, verdict.reason))
    print(f"{len(cases) - len(wrong)} of {len(cases)} right; not: {wrong}")
    assert len(cases) > 4_000
    assert sum(each[3] and (each[0], each[4]) not in silent | RETIRED for each in cases) > 1_000
    lies = [each for each in wrong if each[4] != "UNKNOWN"]
    assert lies == []
    assert len(wrong) * 100 <= len(cases), wrong[:20]


def test_no_fix_of_a_distribution_looks_like_anothers_build() -> None:
    fixes = [(each.product, fix) for each in bundled_knowledge().baselines for fix in each.fixes]
    assert len(fixes) > 100
    assert [(name, fix.fixed) for name, fix in fixes if not own_build(fix.distro, fix.fixed)] == []


# -- a distribution's name without a revision --------------------------------------------------------------------------

PACKAGED = sorted(each.product for each in bundled_knowledge().baselines if each.repackaged)
DISTROS = sorted({each.distro for each in bundled_knowledge().distros} | {"debian", "ubuntu", "el", "fedora", "suse"})
VERSIONS = {
    each.product: [branch.minimum or f"{branch.name}.1" for branch in each.branches if branch.name != "*"] or ["1.0"]
    for each in bundled_knowledge().baselines
}


@settings(max_examples=150, deadline=None, database=None)
@given(st.data())
def test_a_banner_with_a_distribution_and_no_revision_says_nothing(data: st.DataObject) -> None:
    product = data.draw(st.sampled_from(PACKAGED))
    version = data.draw(st.one_of(st.sampled_from(VERSIONS[product]), st.from_regex(r"[0-9]{1,2}(\.[0-9]{1,3}){1,3}")))
    distro = data.draw(st.sampled_from(DISTROS))
    today = data.draw(st.dates(datetime.date(2020, 1, 1), datetime.date(2035, 1, 1)))
    found = judge(Product("v", product, version.strip(), None, distro), bundled_knowledge(), today)
    assert (found.verdict, found.reason, found.cves) == ("UNKNOWN", "backport-possible", ())
    assert found.source
    assert found.rule


# -- a hundred thousand services ---------------------------------------------------------------------------------------


def a_large_site(facts: Knowledge, services: int) -> list[Machine]:
    """Four services a host, no two of them the same product in the same version by the same rule."""
    rng = random.Random(7)
    pool: list[tuple[str, str | None, str | None, str | None]] = []
    for each in facts.baselines:
        listed = facts.releases.get(each.product, ())
        pool += [(each.product, v, None, None) for v in (*listed, *(b.minimum for b in each.branches if b.minimum))]
        for fix in each.fixes:
            head, _, tail = fix.fixed.rpartition(":")[2].rpartition("-")
            pool += [(each.product, head, f"{head}-{n}{tail}", fix.distro) for n in range(20)]
    rng.shuffle(pool)
    machines = []
    for host in range(services // 4):
        machine = Machine("z", [f"10.{host >> 16}.{(host >> 8) & 255}.{host & 255}"])
        for at in range(4):
            name, shown, revision, distro = pool[(host * 4 + at) % len(pool)]
            product = Product("v", name, shown, revision, distro, rule=str(host * 4 + at))
            machine.products.append(Identified(product, "ssh", b"SSH-2.0-x", (machine.addresses[0], "tcp", 22 + at)))
        machines.append(machine)
    return machines


@snapshots
def test_services_are_judged_at_twenty_thousand_a_second(facts: Knowledge) -> None:
    machines = a_large_site(facts, 20_000)
    spent = []
    for _ in range(2):
        # Other work on the machine slows this one down too: the better of two runs is nearer to what it takes.
        started = time.process_time()
        found = judged(machines, facts, TODAY, facts.deadlines)
        spent.append(time.process_time() - started)
        if spent[-1] < 1:
            break
    print(f"{len(found)} services in {min(spent):.1f} s")
    assert len(found) == 20_000
    assert {"COMPLIANT", "NON_COMPLIANT", "END_OF_LIFE", "UNKNOWN"} == {each.row.verdict for each in found}
    assert min(spent) < 1


def test_the_order_of_the_releases_is_the_schemes() -> None:
    """What the days behind rest on: a scheme that a baseline names exists and orders what it should."""
    for each in bundled_knowledge().baselines:
        for branch in each.branches:
            if branch.minimum is not None:
                assert compare(each.scheme, branch.minimum, branch.minimum) in (0, None), each.product
