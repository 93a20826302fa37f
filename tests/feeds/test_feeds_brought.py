"""Files that somebody brings, and bundles carried from laptop to laptop."""

from __future__ import annotations

import datetime
import os
import zipfile
from pathlib import Path

import pytest
from feeds import editions

from scanner.errors import BadInput
from scanner.feeds.bring import bring
from scanner.feeds.bundle import export
from scanner.feeds.cache import facts, feeds_folder, kept, pinned, raw
from scanner.feeds.feed import feeds
from scanner.feeds.update import Outcome
from scanner.importers.archive import members

NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
FIXED = {"openssh": "8.0p1-25.el8_10"}
ADVISORY = editions.advisory("ALSA-2026:1", "AlmaLinux:8", FIXED, ("CVE-2026-1000",))


def brought(folder: Path, path: Path, whole: bool = False) -> dict[str, Outcome]:
    return {each.name: each for each in bring(folder, path, NOW, whole=whole)}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """As a technician's download folder has them: under any name, among other things."""
    where = tmp_path / "downloads"
    (where / "deep" / "xml").mkdir(parents=True)
    (where / "advisories").mkdir()
    (where / "releases").mkdir()
    (where / "kev (1).json").write_bytes(editions.kev())
    (where / "schema.json").write_bytes(b'{"$schema": "x", "properties": {"catalogVersion": {}}}')
    (where / "scores.gz").write_bytes(editions.epss())
    (where / "deep" / "full.json").write_bytes(editions.endoflife(editions.product("acme", editions.cycle("1", "1.2"))))
    (where / "advisories" / "ALSA-2026:1.json").write_bytes(ADVISORY)
    (where / "LICENSE").write_text("MIT")
    for pack, folder in ((editions.recog(), "deep/xml"), (editions.releases(nginx={"1": "2026-05-13"}), "releases")):
        for name, data in members(pack, "pack", 1 << 20, ""):
            (where / folder / Path(name).name).write_bytes(data)
    return where


def test_a_folder_is_taken_for_what_is_in_it(tmp_path: Path, files: Path) -> None:
    found = brought(tmp_path / "feeds", files)
    assert {name: each.state for name, each in found.items()} == dict.fromkeys(
        ["endoflife", "epss", "kev", "osv-almalinux", "recog", "releases"], "new"
    )
    again = brought(tmp_path / "feeds", files)
    assert {each.state for each in again.values()} == {"unchanged"}


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (editions.kev(), "kev"),
        (editions.epss(), "epss"),
        (editions.osv(ADVISORY), "osv-almalinux"),
        (ADVISORY, "osv-almalinux"),
        (editions.releases(nginx={"1": "2026-05-13"}), "releases"),
        (editions.recog(), "recog"),
    ],
    ids=["JSON", "gzip", "zip of advisories", "one advisory", "archive of a project", "zip of XML"],
)
def test_a_file_is_taken_for_what_is_in_it(tmp_path: Path, data: bytes, name: str) -> None:
    path = tmp_path / "download"
    path.write_bytes(data)
    assert list(brought(tmp_path / "feeds", path)) == [name]


def test_the_publishers_own_zip_is_kept_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    path.write_bytes(editions.osv(ADVISORY))
    brought(tmp_path, path)
    pin = pinned(tmp_path, "osv-almalinux")
    assert pin is not None
    assert raw(tmp_path, pin) == path.read_bytes()


def test_an_excerpt_is_only_as_fresh_as_its_own_advisories(tmp_path: Path) -> None:
    """What it lacks may have been fixed since: it must not acquit anybody on the strength of the newest one."""
    path = tmp_path / "all.zip"
    later = editions.advisory("ALSA-2026:2", "AlmaLinux:8", {"a": "1-1"}, ("CVE-2026-1001",))
    path.write_bytes(editions.osv(ADVISORY.replace(b"2026-11-19", b"2026-03-01"), later))
    feed = feeds()["osv-almalinux"]
    for whole, day in ((False, "2026-03-01"), (True, "2026-11-19")):
        outcome = brought(tmp_path, path, whole=whole)["osv-almalinux"]
        assert ("an excerpt" in outcome.told) is not whole
        pin = pinned(tmp_path, "osv-almalinux")
        assert pin is not None
        assert (pin.whole, str(pin.dated)) == (whole, "2026-11-19")
        assert str(facts(tmp_path, pin, feed)["el:8"]["openssh"][0].source.retrieved) == day


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: None, "no such file or folder"),
        (lambda path: path.write_bytes(b""), "the file is empty"),
        (lambda path: path.write_bytes(b"\x7fELF"), "is of no feed that is known here"),
        (lambda path: path.mkdir(), "nothing in this folder is of a feed"),
        (lambda path: path.write_bytes(b"PK\x03\x04damaged"), "the zip file is damaged"),
        (os.mkfifo, "is no ordinary file"),
    ],
    ids=["nothing there", "empty", "a program", "an empty folder", "a damaged zip", "a pipe"],
)
def test_what_is_of_no_feed_is_said(tmp_path: Path, make: object, told: str) -> None:
    path = tmp_path / "thing"
    make(path)  # type: ignore[operator]
    with pytest.raises(BadInput, match=told):
        brought(tmp_path / "feeds", path)


def test_a_broken_file_among_good_ones_fails_alone(tmp_path: Path, files: Path) -> None:
    (files / "kev (1).json").write_bytes(editions.kev(said=8))
    found = brought(tmp_path / "feeds", files)
    assert found["kev"].state == "failed"
    assert "says it has 8 entries and has 3" in found["kev"].told
    assert found["epss"].state == "new"


def test_an_older_or_much_smaller_file_does_not_replace_the_cached_one(tmp_path: Path) -> None:
    path = tmp_path / "kev.json"
    path.write_bytes(editions.kev(count=9))
    brought(tmp_path, path)
    for data, told in (
        (editions.kev("2026-11-01", 9), "older than the cached edition of 2026-11-20"),
        (editions.kev(count=3), "less than half of the 9"),
    ):
        path.write_bytes(data)
        found = brought(tmp_path, path)["kev"]
        assert (found.state, told in found.told) == ("failed", True)
    assert brought(tmp_path, path, whole=True)["kev"].state == "new"


def bundle(tmp_path: Path, files: Path) -> Path:
    brought(tmp_path / "here", files)
    export(tmp_path / "here", tmp_path / "feeds.zip")
    return tmp_path / "feeds.zip"


def test_a_bundle_carries_every_feed_as_it_is(tmp_path: Path, files: Path) -> None:
    path = bundle(tmp_path, files)
    found = brought(tmp_path / "there", path)
    assert {each.state for each in found.values()} == {"new"}
    for name in found:
        mine, other = pinned(tmp_path / "here", name), pinned(tmp_path / "there", name)
        assert mine is not None
        assert other is not None
        assert (mine.sha256, mine.dated, mine.whole, mine.facts) == (
            other.sha256,
            other.dated,
            other.whole,
            other.facts,
        )
    assert export(tmp_path / "there", tmp_path / "again.zip")


def changed(path: Path, name: str, data: bytes | None) -> None:
    """The bundle with another content of one file, or without it."""
    with zipfile.ZipFile(path) as archive:
        inside = {each: archive.read(each) for each in archive.namelist()}
    del inside[name]
    if data is not None:
        inside[name] = data
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in inside.items():
            archive.writestr(each, content)


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("kev.raw", editions.kev(count=4), "kev.raw is not what its manifest says"),
        ("kev.raw", None, "kev.raw, which its manifest names, is not in it"),
        ("releases.raw", b"", "releases.raw is not what its manifest says"),
    ],
    ids=["another content", "missing", "empty"],
)
def test_a_bundle_that_was_changed_anywhere_changes_nothing(
    tmp_path: Path, files: Path, name: str, data: bytes | None, told: str
) -> None:
    path = bundle(tmp_path, files)
    changed(path, name, data)
    with pytest.raises(BadInput, match=told):
        brought(tmp_path / "there", path)
    assert kept(tmp_path / "there", *feeds()) == ()


def test_a_bundle_with_an_older_edition_leaves_the_newer_one(tmp_path: Path, files: Path) -> None:
    path = bundle(tmp_path, files)
    newer = tmp_path / "kev.json"
    newer.write_bytes(editions.kev("2026-11-21"))
    brought(tmp_path / "there", newer)
    found = brought(tmp_path / "there", path)
    assert found["kev"].state == "kept"
    assert "older than the cached edition of 2026-11-21, which is kept" in found["kev"].told
    assert found["epss"].state == "new"


def test_there_is_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no feed is cached"):
        export(tmp_path, tmp_path / "feeds.zip")


@pytest.mark.parametrize("suffix", [".raw", ".facts"])
def test_a_file_that_was_changed_on_disk_is_not_used(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "kev.json").write_bytes(editions.kev())
    brought(tmp_path, tmp_path / "kev.json")
    pin = pinned(tmp_path, "kev")
    assert pin is not None
    path = next((tmp_path / "kev").glob(f"*{suffix}"))
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(BadInput, match="is not the file that was pinned"):
        facts(tmp_path, pin, feeds()["kev"])
    path.unlink()
    with pytest.raises(BadInput, match="is missing; fetch it again with `fencewalk feeds update kev`"):
        facts(tmp_path, pin, feeds()["kev"])


def test_another_reader_reads_the_file_again(tmp_path: Path) -> None:
    import msgspec

    (tmp_path / "kev.json").write_bytes(editions.kev())
    brought(tmp_path, tmp_path / "kev.json")
    pin, feed = pinned(tmp_path, "kev"), feeds()["kev"]
    assert pin is not None
    newer = msgspec.structs.replace(feed, version=feed.version + 1)
    assert facts(tmp_path, pin, newer) == facts(tmp_path, pin, feed)
    again = pinned(tmp_path, "kev")
    assert again is not None
    assert again.reader == newer.version


@pytest.mark.parametrize("text", [b"", b"{", b'{"name": "epss"}', b"\xff\xfe"])
def test_a_pin_that_cannot_be_used_is_said(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "kev").mkdir()
    (tmp_path / "kev" / "pin.json").write_bytes(text)
    with pytest.raises(BadInput, match=r"kev/pin.json: .*fencewalk feeds update kev"):
        pinned(tmp_path, "kev")


def test_where_feeds_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert feeds_folder() == tmp_path / "fencewalk" / "feeds"
    monkeypatch.setenv("FENCEWALK_DATA", str(tmp_path / "else"))
    assert feeds_folder() == tmp_path / "else" / "feeds"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FENCEWALK_DATA", "relative")
    assert feeds_folder() == tmp_path / "relative" / "feeds"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FENCEWALK_DATA", "~/mine")
    assert feeds_folder() == tmp_path / "home" / "mine" / "feeds"
    monkeypatch.setenv("FENCEWALK_DATA", "")
    assert feeds_folder() == tmp_path / "fencewalk" / "feeds"
