"""The facts that come with the package: sourced, consistent, and the same as the feed that they were taken from."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tables import for_every

from scanner.baselines import bundled, distributions
from scanner.baselines.lint import GRAVE, lint
from scanner.baselines.lint_branch import holding
from scanner.identify.nameable import product_names
from scanner.model.baseline import Baseline, Branch, Source
from scanner.versions import compare, schemes

AGREED = {
    *("openssh", "dropbear", "http_server", "nginx", "lighttpd", "php", "openssl", "vsftpd", "proftpd", "pure-ftpd"),
    *("exim", "postfix", "dovecot", "mysql", "mariadb", "redis", "memcached", "postgresql", "bind", "dnsmasq"),
    *("unbound", "routeros", "samba", "fortios", "tomcat", "iis", "squid", "windows_server", "exchange_server"),
    "sql_server",
    *(
        "windows",
        "node.js",
        "jetty",
        "elasticsearch",
        "mongodb",
        "rabbitmq",
        "grafana",
        "prometheus",
        "zabbix",
        "docker",
    ),
    *("jenkins", "gitlab", "openvpn", "backup_and_replication", "screenconnect", "prtg_network_monitor", "papercut_mf"),
    *("n-central", "esxi", "vcenter_server", "virtual_environment", "qts", "synology_dsm", "idrac_firmware", "sonicos"),
    *("ios_xe", "adaptive_security_appliance_software", "arubaos", "pan-os", "fireware", "opnsense", "openwrt"),
    *("unifi_network_application", "nextcloud_server", "webmail", "asterisk", "freebsd", "confluence_server"),
}
FEED = Path(__file__).parents[3] / "shared" / "feeds" / "endoflife" / "products-full.json"
READ = datetime.date(2026, 11, 22)
BASELINES = for_every("baseline", bundled(), ids=lambda each: each.product)
PACKAGES = {"debian": "deb", "ubuntu": "deb", "el": "rpm"}


def sources(baseline: Baseline) -> Iterator[Source]:
    for branch in baseline.branches:
        yield branch.source
        yield from filter(None, (branch.eol_source, branch.distros_source))
        yield from (flaw.source for flaw in branch.flaws)
    yield from (fix.source for fix in baseline.fixes)


def test_every_agreed_product_once() -> None:
    names = Counter(each.product for each in bundled())
    assert set(names) >= AGREED
    assert set(names.values()) == {1}


@BASELINES
def test_facts_name_a_page_and_a_day_that_has_been(baseline: Baseline) -> None:
    for source in sources(baseline):
        assert source.url.startswith("https://")
        assert datetime.date(2000, 1, 1) < source.retrieved <= READ


@BASELINES
def test_branches_parse_and_do_not_contradict(baseline: Baseline) -> None:
    assert baseline.scheme in schemes()
    assert {name for name, count in Counter(each.name for each in baseline.branches).items() if count > 1} == set()
    for branch in baseline.branches:
        if branch.minimum is not None:
            assert compare(baseline.scheme, branch.minimum, branch.minimum) == 0
            # The GDR line of SQL Server 2017 began in 14.0.1xxx and went on in 14.0.2xxx; what is older than PaperCut
            # 20 goes on in 20.
            elsewhere = {("sql_server", "14.0.1xxx"), ("papercut_mf", "*")}
            assert holding(baseline, branch.minimum) is branch or (baseline.product, branch.name) in elsewhere
        else:
            assert branch.eol is not None or baseline.product == "iis", f"{branch.name} says nothing"
        assert branch.fixed_at is None or branch.fixed_at <= branch.source.retrieved
        assert branch.extended is None or (branch.eol is not None and branch.extended > branch.eol)
        assert (branch.distros_until is None) == (branch.distros_source is None)
        assert branch.distros_until is None or (branch.eol is not None and branch.distros_until > branch.eol)
        # PAN-OS fixed one flaw by hotfixes of several releases, each of which is a range of its own.
        assert len({(flaw.cve, flaw.introduced) for flaw in branch.flaws}) == len(branch.flaws)


@BASELINES
def test_a_flaw_ends_at_or_below_the_minimum(baseline: Baseline) -> None:
    for branch in baseline.branches:
        for flaw in branch.flaws:
            assert compare(baseline.scheme, flaw.fixed, flaw.fixed) == 0
            if branch.minimum is not None and branch.holds(flaw.fixed):
                assert compare(baseline.scheme, flaw.fixed, branch.minimum) in (-1, 0)
            if flaw.introduced is not None:
                assert compare(baseline.scheme, flaw.introduced, flaw.fixed) == -1


@BASELINES
def test_fixes_parse_belong_to_a_branch_and_are_not_repeated(baseline: Baseline) -> None:
    assert baseline.repackaged or not baseline.fixes
    seen = Counter((fix.distro, fix.fixed) for fix in baseline.fixes)
    assert [each for each, count in seen.items() if count > 1] == []
    for fix in baseline.fixes:
        family, _, release = fix.distro.partition(":")
        assert release
        assert compare(PACKAGES[family], fix.fixed, fix.fixed) == 0
        upstream = fix.fixed.rpartition(":")[2].rpartition("-")[0]
        assert holding(baseline, upstream) is not None, fix.fixed
        assert fix.fixed_at is None or fix.fixed_at <= fix.source.retrieved


def test_every_release_once_and_every_fix_of_a_release_with_a_life() -> None:
    lives = Counter(each.distro for each in distributions())
    assert set(lives.values()) == {1}
    assert {fix.distro for each in bundled() for fix in each.fixes} <= set(lives)
    assert {"debian:10", "debian:13", "ubuntu:18.04", "ubuntu:24.04", "el:7", "el:9"} <= set(lives)
    for life in distributions():
        assert life.extended is None or life.extended > life.eol


@pytest.mark.skipif(not FEED.exists(), reason=f"the end-of-life feed is not at {FEED}")
def test_end_of_life_agrees_with_the_feed() -> None:
    feed: dict[str, Any] = {each["name"]: each for each in json.loads(FEED.read_text("utf-8"))["result"]}
    checked = 0
    for baseline in bundled():
        if baseline.product == "sql_server":  # the feed has a release for each service pack under the same numbers
            continue
        for branch in baseline.branches:
            source = branch.eol_source or branch.source
            product = source.url.removeprefix("https://endoflife.date/")
            releases = {each["name"]: each for each in feed.get(product, {"releases": ()})["releases"]}
            release = releases.get(branch.name)
            if release is None:
                continue
            if release["eolFrom"] is not None or not release["isEol"]:
                # Everybody who runs Debian gets its LTS, which the feed tells from what Debian's own team maintains.
                ends = (product == "debian" and release["eoesFrom"]) or release["eolFrom"]
                assert branch.eol == as_date(ends), (baseline.product, branch.name)
            if branch.source.url == source.url and branch.minimum is not None:
                assert branch.minimum == release["latest"]["name"], (baseline.product, branch.name)
            checked += 1
    assert checked > 800


def test_nothing_is_wrong_with_them() -> None:
    found = lint(bundled(), READ, stale_after_days=90, products=product_names())
    assert [str(each) for each in found if each.kind in GRAVE] == []
    assert [str(each) for each in found if "no fingerprint" in each.what] == []


def test_there_are_enough_of_them() -> None:
    assert len(bundled()) >= 110
    assert sum(bool(branch.flaws) for each in bundled() for branch in each.branches) > 200


def test_reading_all_of_it_is_quick() -> None:
    """In a process of its own, so that nothing is cached. It takes 150 ms; the bound leaves room for a busy
    machine."""
    script = """
import time
import scanner.baselines
start = time.process_time()
scanner.baselines.bundled(), scanner.baselines.distributions()
print(time.process_time() - start)
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=True)
    assert float(run.stdout) < 0.45


def as_date(text: str | None) -> datetime.date | None:
    return None if text is None else datetime.date.fromisoformat(text)


@for_every(
    ("name", "version", "held"),
    [
        ("9.2", "9.2p1", True),
        ("9.2", "9.20p1", False),
        ("10.1", "10.11.6", False),
        ("4.97", "4.97_RC2", True),
        ("1.1.1", "1.1.1w", True),
        ("7.0", "v7.0.14,build0601", True),
        ("15.0.2xxx", "15.0.2135.5", True),
        ("15.0.2xxx", "15.0.4135.5", False),
        ("15.0.2xxx", "15.0.20000.5", False),
        ("*", "anything", True),
        ("9.2", "19.2", False),
        ("9.2", "", False),
    ],
)
def test_what_a_branch_holds(name: str, version: str, held: bool) -> None:
    assert Branch(name, Source("https://example.net", READ)).holds(version) is held
