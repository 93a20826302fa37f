"""The schemes against the dates of real releases: within a branch, what came later is above."""

from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from scanner.versions import compare

FEEDS = Path(__file__).resolve().parents[3] / "shared" / "feeds"
SCHEMES = {
    **dict.fromkeys(("nginx", "postfix", "dovecot", "haproxy", "redis", "valkey", "openvpn", "memcached"), "dotted"),
    **dict.fromkeys(("apache-http-server", "zabbix", "rabbitmq", "mongodb", "elasticsearch", "roundcube"), "dotted"),
    **dict.fromkeys(("unrealircd", "clamav", "mediawiki", "python", "amazon-corretto", "big-ip", "xcp-ng"), "dotted"),
    **dict.fromkeys(("openssl", "exim", "mariadb", "postgresql", "php", "tomcat", "proftpd", "squid"), ""),
    **dict.fromkeys(("opnsense", "openwrt", "wordpress", "mysql", "grafana"), ""),
    "routeros": "mikrotik",
    "eclipse-jetty": "jetty",
    "veeam-backup-and-replication": "veeam",
    **dict.fromkeys(("eclipse-temurin", "oracle-jdk"), "java"),
    **dict.fromkeys(("nodejs", "gitlab"), "semver"),
}
"""Products of the data by scheme; an empty one is of the product's own name."""
MISDATED = {
    "openssl": {"0.9.5"},
    "exim": {"4.90.0.27"},
    "squid": {"3.3.7", "3.3.8", "3.5.27"},
    "routeros": {"6.49.8"},
    "wordpress": {"4.4.3"},
    "memcached": {"1.2.0", "1.2.1", "1.2.2", "1.2.3"},
    "mongodb": {"7.0.36", "8.3.0", "8.3.1"},
    "grafana": {
        *("8.5.16", "9.4.0", "11.1.1"),
        # Security builds of a release, made when the next one was already out.
        *("11.0.5+security-01", "11.1.6+security-01", "11.2.1+security-01"),
    },
}
"""Versions that the data date later than a higher number of their branch. Each was looked at: most are days or weeks
apart, and in every case it is the date that is out of order."""
PLACELESS = {
    # A major version alone hides the minor; here it is the first release of each.
    "postgresql": r"[2-7]\.[0-5]",
    # Performance and Macintosh editions; before 1.3 two series are counted side by side (1.2.2_018, 1.2.2_18).
    "oracle-jdk": r"6u[0-9]+[mp]|1\.[0-2](\..*)?",
}
EQUALS = {
    # Builds of one release are of the packager; `java` leaves them out.
    "eclipse-temurin": r".*\+.*|.*-b.*",
    # A zero behind a version does not count.
    "dovecot": r"2\.2\.26(\.0)?",
}


def _own_branch(product: str, version: str) -> str | None:
    """Where the data know wider branches than the product had, or none."""
    numbers = re.split(r"[^0-9]+", version)
    if product == "grafana":
        return ".".join(numbers[:2])
    if product in ("openssl", "oracle-jdk") and numbers[0] in ("0", "1"):
        return ".".join(numbers[:3])
    return None


@cache
def known_branches() -> dict[str, list[str]]:
    """The branches of every product by endoflife.date's name of it."""
    whole = json.loads((FEEDS / "endoflife" / "products-full.json").read_text(encoding="utf-8"))
    return {each["name"]: [release["name"] for release in each["releases"]] for each in whole["result"]}


def branches(product: str) -> list[list[tuple[str, str]]]:
    """The versions with their dates, by the branches that endoflife.date names, else by two numbers."""
    data = json.loads((FEEDS / "release-data" / "releases" / f"{product}.json").read_text(encoding="utf-8"))
    names = sorted(known_branches().get(product, ()), key=len, reverse=True)
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for version, facts in data["versions"].items():
        named = (name for name in names if re.match(re.escape(name) + "(?![0-9])", version))
        found[_own_branch(product, version) or next(named, ".".join(version.split(".")[:2]))].append(
            (version, facts["date"])
        )
    return list(found.values())


@pytest.mark.parametrize("product", SCHEMES)
def test_later_releases_of_a_branch_are_above(product: str) -> None:
    if not (FEEDS / "release-data").is_dir() or not (FEEDS / "endoflife").is_dir():
        pytest.skip("the release data are not in ../shared/feeds/release-data and ../shared/feeds/endoflife")
    scheme = SCHEMES[product] or product
    odd, equal, misdated = PLACELESS.get(product, "$^"), EQUALS.get(product, "$^"), MISDATED.get(product, set())
    wrong, used, checked = [], set(), 0
    for branch in branches(product):
        placed = [each for each in branch if not re.fullmatch(odd, each[0])]
        assert [version for version, _ in placed if compare(scheme, version, version) != 0] == []
        for (left, began), (right, ended) in itertools.combinations(placed, 2):
            checked += 1
            order = compare(scheme, left, right)
            if order == 0 and re.fullmatch(equal, left) and re.fullmatch(equal, right):
                continue
            if order is None or order == 0 or (began != ended and order != (-1 if began < ended else 1)):
                if {left, right} & set(misdated):
                    used |= {left, right} & set(misdated)
                else:
                    wrong.append((left, began, right, ended, order))
    assert wrong == []
    assert used == set(misdated), "an exception that excuses nothing"
    assert checked > 0
