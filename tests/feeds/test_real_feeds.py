"""Whole snapshots of the real feeds: all of each is read, and what they say reaches the knowledge."""

from __future__ import annotations

import datetime
import json
import re
import time
from pathlib import Path

import pytest

from scanner.assess.machines.patches import judge
from scanner.feeds import bundled_knowledge, knowledge
from scanner.feeds.bring import bring
from scanner.feeds.cache import pinned
from scanner.feeds.merge import cached
from scanner.feeds.recog import users_recog
from scanner.importers.osv import comparable
from scanner.model.baseline import Knowledge
from scanner.model.product import Product
from scanner.versions import compare

FEEDS = Path(__file__).parents[3] / "shared" / "feeds"
NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
pytestmark = pytest.mark.skipif(not FEEDS.exists(), reason=f"there are no snapshots of the feeds at {FEEDS}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("feeds")
    assert {each.state for each in bring(where, FEEDS, NOW)} == {"new"}
    return where


@pytest.fixture(scope="module")
def known(folder: Path) -> Knowledge:
    return knowledge(folder)


def test_everything_in_them_is_read(folder: Path) -> None:
    entries = {each.name: each.entries for each in cached(folder).editions.values()}
    assert entries == {
        "endoflife": 464,
        "exchange-builds": 333,
        "kev": 1_404,
        "osv-almalinux": 261,
        "recog": 4_657,
        "releases": 99_322,
        "sql-server-builds": 657,
        "windows-builds": 1_885,
    }
    assert cached(folder).troubles == ()
    assert sum(len(each.cycles) for each in cached(folder).facts["endoflife"]) == 8_321
    assert len(cached(folder).facts["releases"]) == 403


@pytest.mark.parametrize("each", ["endoflife", "release-data", "kev", "microsoft", "almalinux", "recog"])
def test_each_folder_works_alone(each: str, tmp_path: Path) -> None:
    assert {outcome.state for outcome in bring(tmp_path, FEEDS / each, NOW)} == {"new"}


def test_every_fixed_revision_of_the_advisories_is_in_the_table(known: Knowledge) -> None:
    missing = []
    fixed = 0
    for path in sorted((FEEDS / "almalinux").iterdir()):
        whole = json.loads(path.read_text("utf-8"))
        cves = set(whole["related"])
        if not cves and not whole["id"].startswith("ALSA"):
            continue
        for part in whole["affected"]:
            distro = f"el:{part['package']['ecosystem'].partition(':')[2]}"
            version = re.sub(r"\.alma(\.\d+)*$", "", part["ranges"][0]["events"][1]["fixed"])
            fixes = known.packages[distro][part["package"]["name"]]
            fixed += 1
            if not any(each.fixed == version and cves <= set(each.cves) for each in fixes):
                missing.append((path.name, version))
    assert fixed > 3_000
    assert missing == []


def test_fixes_of_streams_stay_apart(known: Knowledge) -> None:
    for packages in known.packages.values():
        for fixes in packages.values():
            for each in fixes:
                assert (each.stream is None) == (".module" not in each.fixed)
                assert each.stream != "?"
    for product in known.baselines:
        assert not any(".module" in each.fixed for each in product.fixes)


def test_patched_and_unpatched_builds_of_the_advisories_compare_right(known: Knowledge) -> None:
    """A build one release below a fix is below it, by the order of the distribution; the fix itself is not."""
    for packages in known.packages.values():
        for fixes in packages.values():
            for each in fixes:
                head, _, release = comparable(each.fixed).rpartition("-")
                number = re.match(r"\d+", release)
                assert number is not None
                older = f"{head}-{int(number[0]) - 1}{release[number.end() :]}" if int(number[0]) else f"{head}-0"
                assert compare("rpm", comparable(each.fixed), comparable(each.fixed)) == 0
                assert compare("rpm", older, comparable(each.fixed)) == -1 or int(number[0]) == 0


def test_every_release_and_its_day_is_there(known: Knowledge) -> None:
    for file, product in (("nginx", "nginx"), ("apache-http-server", "http_server"), ("pan-os", "pan-os"),
                          ("linux-kernel", "linux_kernel"), ("ios", "iphone_os")):  # fmt: skip
        path = FEEDS / "release-data" / "releases" / f"{file}.json"
        versions = json.loads(path.read_text("utf-8"))["versions"]
        assert known.releases[product] == {
            each["name"]: datetime.date.fromisoformat(each["date"]) for each in versions.values()
        }
    assert sum(map(len, known.releases.values())) > 99_000


def test_the_catalogue_replaces_the_extract(known: Knowledge) -> None:
    assert len(known.kev) == 1_404
    assert {each.cve for each in bundled_knowledge().kev} <= {each.cve for each in known.kev}
    assert known.dated == datetime.date(2025, 8, 25)


def test_each_edition_says_its_age(known: Knowledge, folder: Path) -> None:
    kev = next(each for each in known.feeds if each.name == "kev")
    pin = pinned(folder, "kev")
    assert pin is not None
    assert (kev.dated, kev.limit_days, kev.sha256) == (datetime.date(2025, 8, 25), 14, pin.sha256)
    assert (kev.age(NOW.date()), kev.stale(NOW.date())) == (454, True)
    assert not next(each for each in known.feeds if each.name == "osv-almalinux").whole


def lines(known: Knowledge, product: str) -> dict[str, str | None]:
    baseline = next(each for each in known.baselines if each.product == product)
    return {each.name: each.minimum for each in baseline.branches}


def test_microsofts_lines_have_their_newest_security_build(known: Knowledge) -> None:
    assert lines(known, "windows_server")["10.0.20348"] == "10.0.20348.5499"
    assert lines(known, "windows_server")["10.0.26100"] == "10.0.26100.33296"
    assert lines(known, "sql_server")["16.0.4xxx"] == "16.0.4262.2"
    assert lines(known, "sql_server")["16.0.1xxx"] == "16.0.1190.2"
    assert lines(known, "exchange_server")["15.1.2507"] == "15.1.2507.71"
    assert lines(known, "windows")["10.0.26100.3xxxx"] == "10.0.26100.33296"


DAY = datetime.date(2026, 8, 23)


@pytest.mark.parametrize(
    ("product", "day", "verdict"),
    [
        (Product("microsoft", "windows_server", "10.0.20348.5499"), DAY, "COMPLIANT"),
        (Product("microsoft", "windows_server", "10.0.20348.5386"), DAY, "NON_COMPLIANT"),
        # Between two months' builds is what no list has: a machine that was patched while it ran.
        (Product("microsoft", "windows_server", "10.0.20348.5450"), DAY, "UNKNOWN branch-unknown"),
        (Product("microsoft", "windows", "10.0.26100.33158"), DAY, "NON_COMPLIANT"),
        (Product("microsoft", "windows", "10.0.26100.33200"), DAY, "UNKNOWN branch-unknown"),
        (Product("microsoft", "windows", "10.0.26100.9106"), DAY, "COMPLIANT"),
        (Product("microsoft", "windows", "10.0.26100.9105"), DAY, "NON_COMPLIANT"),
        (Product("microsoft", "windows", "10.0.26100.8894"), DAY, "NON_COMPLIANT"),
        (Product("microsoft", "windows_server", "10.0.20348"), DAY, "UNKNOWN base-build-only"),
        (Product("microsoft", "windows", "10.0.18363.2274"), DAY, "END_OF_LIFE"),
        (
            Product("microsoft", "windows_server", "10.0.20348.5499"),
            datetime.date(2026, 11, 22),
            "UNKNOWN stale-baseline",
        ),
        (Product("nomad", "nomad", "2.0.0"), DAY, "UNKNOWN backport-possible"),
        (Product("netbsd", "netbsd", "8.1"), DAY, "END_OF_LIFE"),
    ],
    ids=lambda each: each.version if isinstance(each, Product) else str(each),
)
def test_verdicts(known: Knowledge, product: Product, day: datetime.date, verdict: str) -> None:
    found = judge(product, known, day)
    assert f"{found.verdict} {found.reason}".startswith(verdict), found


def test_a_verdict_by_a_feed_names_it_and_its_day(known: Knowledge) -> None:
    found = judge(Product("microsoft", "windows_server", "10.0.20348.5386"), known, DAY)
    assert found.source is not None
    assert found.source.startswith("https://support.microsoft.com/help/5120242 (read 2026-08-")
    assert (found.fixed_at, found.kb) == (datetime.date(2026, 8, 11), "KB5120242")


def test_fingerprints_are_the_feeds(folder: Path) -> None:
    found = users_recog(folder / "recog")
    assert found.products("ssh", b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2")
    assert users_recog(folder / "recog") is found


@pytest.fixture
def fresh(folder: Path) -> Path:
    """As a new process finds it."""
    from scanner.feeds import _knowledge
    from scanner.feeds.merge import _cached

    for each in (_knowledge, _cached):
        each.cache_clear()
    bundled_knowledge()
    return folder


def test_all_of_them_load_within_a_second(fresh: Path) -> None:
    """Read and checked anew, of processor time."""
    began = time.process_time()
    knowledge(fresh)
    assert time.process_time() - began < 1.0
