"""Each publisher's format: what is read of a small file, and what is wrong with a broken one, in a sentence."""

from __future__ import annotations

import contextlib
import datetime
import gzip
import io
import json
import zipfile
from collections.abc import Callable

import pytest
from feeds import editions
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every

from scanner.errors import BadInput
from scanner.importers.archive import members, packed, unpacked
from scanner.importers.endoflife_json import read_endoflife
from scanner.importers.epss_csv import read_epss
from scanner.importers.kev_json import read_kev
from scanner.importers.microsoft_builds import read_exchange_builds, read_sql_builds, read_windows_builds
from scanner.importers.osv import read_osv
from scanner.importers.recog_xml import databases, read_recog
from scanner.importers.release_data import read_releases
from scanner.model.baseline import KnownExploited
from scanner.model.feeds import Build, Cycle, Lifecycle, Probability, Reading

TODAY = datetime.date(2026, 11, 22)
DAY = datetime.date(2026, 11, 20)
Reader = Callable[[bytes, str, datetime.date], Reading]


def test_kev() -> None:
    found = read_kev(editions.kev(count=1), "kev.json", TODAY)
    entry = KnownExploited("CVE-2026-1000", datetime.date(2026, 11, 2), datetime.date(2026, 11, 23))
    assert found == Reading((entry,), 1, DAY, catalogue=True)


@pytest.mark.parametrize("pack", [lambda raw: raw, gzip.decompress], ids=["packed", "plain"])
def test_epss(pack: Callable[[bytes], bytes]) -> None:
    found = read_epss(pack(editions.epss()), "epss.csv.gz", TODAY)
    scores = {"CVE-2026-1000": Probability(0.91234, 0.99871), "CVE-1999-0001": Probability(0.0046, 0.1)}
    assert found == Reading(scores, 2, datetime.date(2026, 11, 21), catalogue=True)


def test_endoflife() -> None:
    cycles = (
        editions.cycle("8.2", "8.2.9", "2028-05-01", eoesFrom="2030-05-01", releaseDate="2025-05-01"),
        editions.cycle("7", None, None, isEol=True),
    )
    data = editions.endoflife(editions.product("acme-server", *cycles, cpe="acme:server"))
    found = read_endoflife(data, "full.json", TODAY)
    first = Cycle(
        name="8.2",
        released=datetime.date(2025, 5, 1),
        eol=datetime.date(2028, 5, 1),
        extended=datetime.date(2030, 5, 1),
        latest="8.2.9",
        latest_at=datetime.date(2026, 11, 10),
    )
    life = Lifecycle(
        name="acme-server",
        title="Acme-Server",
        url="https://endoflife.date/acme-server",
        category="server-app",
        cpes=(("acme", "server"),),
        cycles=(first, Cycle(name="7", ended=True)),
    )
    assert found == Reading((life,), 1, DAY, catalogue=True)


def test_release_data_is_dated_by_the_newest_release_that_has_come() -> None:
    data = editions.releases(nginx={"1.30.1": "2026-05-13", "1.32.0": "2027-04-01"}, php={"8.4.1": "2026-11-19"})
    found = read_releases(data, "main.zip", TODAY)
    assert found.facts == {
        "nginx": {"1.30.1": datetime.date(2026, 5, 13), "1.32.0": datetime.date(2027, 4, 1)},
        "php": {"8.4.1": datetime.date(2026, 11, 19)},
    }
    assert (found.entries, found.dated, found.catalogue) == (3, datetime.date(2026, 11, 19), False)
    assert found.passed_over == 1


def test_windows_builds_of_a_second_tuesday_hold_every_security_fix() -> None:
    rows = (
        editions.window("10.0.20348.100", "2026-11-10"),
        editions.window("10.0.20348.90", "2026-11-10", "Hotpatch"),
        editions.window("10.0.20348.120", "2026-11-17", "Out-of-band"),
        editions.window("10.0.20348.80", "2026-10-27", "Preview"),
        editions.window("10.0.20348.70", "2026-10-20"),
    )
    found = read_windows_builds(editions.builds("windows-update-history", *rows), "win.json", TODAY)
    assert isinstance(found.facts, tuple)
    assert [(each.kind, each.hotpatch) for each in found.facts] == [
        ("security", False), ("security", True), ("unknown", False), ("other", False), ("other", False),
    ]  # fmt: skip
    assert found.facts[0] == Build(
        line="server 2022",
        version="10.0.20348.100",
        released=datetime.date(2026, 11, 10),
        kind="security",
        name="KB5100",
        url="https://support.microsoft.com/help/5100",
    )
    assert found.dated == datetime.date(2026, 11, 18)


def test_sql_and_exchange_builds() -> None:
    rows = (
        editions.sql("16.0.4212.1", "2026-11-10", "CU20 + GDR"),
        editions.sql("16.0.4215.2", "2026-11-12", "CU21"),
        editions.sql("11.0.7462.6", "2018-01-16", "ADV180002: GDR Security Update"),
    )
    found = read_sql_builds(editions.builds("sql-server-build-numbers", *rows), "sql.json", TODAY)
    assert isinstance(found.facts, tuple)
    assert [each.kind for each in found.facts] == ["security", "other", "security"]
    named = ("Exchange Server 2019 CU14 Aug25SU", "Exchange Server SE RTM May26HU", "Exchange Server 2016 CU17")
    lines = (editions.exchange(f"15.2.1544.{n}", "2026-11-10", name) for n, name in enumerate(named))
    found = read_exchange_builds(editions.builds("exchange-server-build-numbers", *lines), "ex.json", TODAY)
    assert isinstance(found.facts, tuple)
    assert [each.kind for each in found.facts] == ["security", "other", "other"]


def test_a_page_that_is_not_microsofts_is_not_named() -> None:
    row = {**editions.sql("16.0.4212.1", "2026-11-10", "GDR"), "article_url": "javascript:alert(1)"}
    found = read_sql_builds(editions.builds("sql-server-build-numbers", row), "sql.json", TODAY)
    assert isinstance(found.facts, tuple)
    assert found.facts[0].url.startswith("https://learn.microsoft.com/")


def test_recog_databases() -> None:
    found = read_recog(editions.recog(3), "recog.zip", TODAY)
    assert found == Reading(("ssh_banners.xml",), 3, None, catalogue=False)
    assert list(databases(editions.recog(3), "recog.zip")) == ["ssh_banners.xml"]


ROW = editions.window("10.0.20348.100", "2026-11-10")
BROKEN: dict[str, tuple[Reader, bytes, str]] = {
    "a page instead": (read_kev, b"<html>", "kev.json: not JSON"),
    "cut off": (read_kev, editions.kev()[:-20], "kev.json: not JSON"),
    "too deep": (read_endoflife, b'{"x": ' + b"[" * 100_000, "nested too deeply"),
    "a key is missing": (read_kev, b'{"catalogVersion": "1"}', "missing required field `dateReleased`"),
    "counts wrongly": (read_kev, editions.kev(said=9), "says it has 9 entries and has 3"),
    "no CVE": (read_kev, editions.kev().replace(b"CVE-2026-1001", b"<b>bold</b>"), "is no CVE, or is listed twice"),
    "listed twice": (read_kev, editions.kev().replace(b"-1001", b"-1000"), "is no CVE, or is listed twice"),
    "no day": (read_kev, editions.kev().replace(b"2026-11-23", b"tomorrow"), "'tomorrow' is no day"),
    "a score above one": (read_epss, editions.epss(rows="CVE-2026-1000,1.5,0.9\n"), ":3: not a CVE with two numbers"),
    "a score of nan": (read_epss, editions.epss(rows="CVE-2026-1000,nan,0.9\n"), ":3: not a CVE with two numbers"),
    "a column more": (read_epss, editions.epss(rows="CVE-2026-1000,0.5,0.9,1\n"), ":3: not a CVE with two numbers"),
    "no date of scores": (read_epss, b"cve,epss,percentile\nCVE-2026-1000,0.5,0.9\n", "should name the score_date"),
    "gzip cut off": (read_epss, editions.epss()[:-12], "breaks off in the middle"),
    "gzip damaged": (read_epss, editions.epss()[:12] + b"\xff" * 40, "damaged"),
    "not a zip": (read_releases, b"PK\x03\x04" + b"x" * 40, "the zip file is damaged"),
    "zip cut off": (read_releases, editions.releases(nginx={"1": "2026-01-01"})[:-30], "the zip file is damaged"),
    "a file in it": (read_releases, packed({"releases/php.json": b"{"}), "releases/php.json: not JSON"),
    "a day in it": (read_releases, editions.releases(php={"8": "soon"}), "php.json: 8: 'soon' is no day"),
    "another data set": (read_sql_builds, editions.builds("windows-update-history"), "holds 'windows-update-history'"),
    "another count": (
        read_windows_builds,
        editions.builds("windows-update-history", ROW).replace(b'"recordCount": 1', b'"recordCount": 2'),
        "says it has 2 records and has 1",
    ),
    "no build": (
        read_windows_builds,
        editions.builds("windows-update-history", {**ROW, "full_version": "10.0.x"}),
        "'10.0.x' is no build",
    ),
    "XML cut off": (read_recog, packed({"a.xml": b"<fingerprints><fingerprint "}), "a.xml: not XML that can be used"),
    "XML entities": (
        read_recog,
        packed(
            {"a.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><fingerprints><fingerprint >&b;</fingerprint></fingerprints>'}
        ),
        "a.xml: not XML that can be used",
    ),
    "an advisory": (read_osv, packed({"ALSA-1.json": b'{"id": 5}'}), "ALSA-1.json: not what this feed's file"),
}


@for_every("case", BROKEN)
def test_what_is_wrong_is_said_in_a_sentence(case: str) -> None:
    read, data, told = BROKEN[case]
    with pytest.raises(BadInput) as error:
        read(data, "kev.json", TODAY)
    assert told in str(error.value)
    assert str(error.value).startswith("kev.json")
    assert "\n" not in str(error.value)


WHOLE: dict[str, tuple[Reader, bytes]] = {
    "kev": (read_kev, editions.kev()),
    "epss": (read_epss, editions.epss()),
    "endoflife": (read_endoflife, editions.endoflife(editions.product("a", editions.cycle("1", "1.2")))),
    "releases": (read_releases, editions.releases(nginx={"1": "2026-01-01"})),
    "windows": (read_windows_builds, editions.builds("windows-update-history", ROW)),
    "recog": (read_recog, editions.recog()),
    "osv": (read_osv, editions.osv(editions.advisory("ALSA-1", "AlmaLinux:8", {"a": "1-1.el8"}, ("CVE-2026-1000",)))),
}


@pytest.mark.parametrize("name", WHOLE)
@given(data=st.data())
@settings(max_examples=40)
def test_damage_anywhere_is_bad_input_or_harmless(name: str, data: st.DataObject) -> None:
    read, whole = WHOLE[name]
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + data.draw(st.binary(max_size=4)) + whole[at + data.draw(st.integers(0, 4)) :]
    with contextlib.suppress(BadInput):
        assert read(damaged, "f", TODAY).entries >= 0


def test_packing_the_same_files_gives_the_same_bytes() -> None:
    assert packed({"b": b"2", "a": b"1"}) == packed({"a": b"1", "b": b"2"})
    assert dict(members(packed({"a.json": b"1", "b.txt": b"2"}), "z", 100, ".json")) == {"a.json": b"1"}


def test_more_than_a_feed_ever_holds_is_not_unpacked() -> None:
    with pytest.raises(BadInput, match="unpacks to more than 1 MiB"):
        unpacked(gzip.compress(b"0" * (8 << 20)), "f", 1 << 20)
    with pytest.raises(BadInput, match="unpacks to more than 1 MiB"):
        list(members(packed({"a.json": b"0" * (8 << 20)}), "f", 1 << 20, ".json"))


def test_a_locked_zip_is_refused() -> None:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("a.json", json.dumps({}))
    locked = bytearray(raw.getvalue())
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(BadInput, match="locked"):
        list(members(bytes(locked), "f", 100, ".json"))
