"""What every feed has to be."""

from __future__ import annotations

import datetime
from urllib.parse import urlsplit

import msgspec
from feeds import editions
from tables import for_every

from scanner.feeds.cache import settled
from scanner.feeds.feed import feeds

TODAY = datetime.date(2026, 11, 22)
CVES = ("CVE-2026-1000",)
SAMPLES = {
    "endoflife": editions.endoflife(editions.product("acme", editions.cycle("1", "1.2"))),
    "epss": editions.epss(),
    "exchange-builds": editions.builds(
        "exchange-server-build-numbers", editions.exchange("15.2.1544.1", "2026-11-10", "Exchange Server 2019 CU14")
    ),
    "kev": editions.kev(),
    "osv-almalinux": editions.osv(editions.advisory("ALSA-1", "AlmaLinux:8", {"a": "1-1.el8"}, CVES)),
    "osv-debian": editions.osv(editions.advisory("DSA-1", "Debian:12", {"a": "1-1"}, CVES)),
    "osv-rocky": editions.osv(editions.advisory("RLSA-1", "Rocky Linux:8", {"a": "1-1.el8"}, CVES)),
    "osv-ubuntu": editions.osv(editions.advisory("USN-1-1", "Ubuntu:22.04:LTS", {"a": "1-1"}, CVES)),
    "recog": editions.recog(),
    "releases": editions.releases(nginx={"1.30.1": "2026-05-13"}),
    "sql-server-builds": editions.builds(
        "sql-server-build-numbers", editions.sql("16.0.4212.1", "2026-11-10", "CU20 + GDR")
    ),
    "windows-builds": editions.builds("windows-update-history", editions.window("10.0.20348.100", "2026-11-10")),
}


@for_every("name", feeds())
def test_says_what_it_is_and_where_from(name: str) -> None:
    feed = feeds()[name]
    assert urlsplit(feed.url).scheme == "https"
    assert urlsplit(feed.url).hostname
    assert feed.title
    assert feed.says
    assert feed.licence
    assert 0 < feed.limit_days <= 366
    assert 0 < feed.largest <= 1 << 30
    assert feed.plausible > 1
    assert feed.packed in (None, ".json", ".xml")
    assert (".zip" in feed.url) == (feed.packed is not None)


@for_every("name", feeds())
def test_its_facts_survive_being_kept(name: str) -> None:
    """They are stored as what was made of the file; that has to be read back as it was."""
    feed = feeds()[name]
    reading = feed.read(SAMPLES[name], name, TODAY)
    assert reading.entries >= 1
    for whole in (True, False):
        facts = settled(feed, reading, TODAY, whole)
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(facts), type=feed.facts) == facts


@for_every("name", feeds())
def test_a_file_is_recognised_by_its_own_feed_alone(name: str) -> None:
    feed = feeds()[name]
    raw = SAMPLES[name]
    if feed.packed is not None:
        from scanner.importers.archive import members

        raw = next(
            data
            for path, data in members(raw, name, 1 << 20, feed.packed)
            if "report" not in path and "pom" not in path
        )
    assert [other for other, each in feeds().items() if each.recognises(raw)] == [name]
    assert not feed.recognises(b"")
    assert not feed.recognises(b'{"title": "a schema", "properties": {"vulnerabilities": {}}}')
