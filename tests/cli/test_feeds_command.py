"""`fencewalk feeds` as it is typed, and `assess` with what it cached."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from feeds import editions
from feeds.publisher import gives, publisher
from typed import Run, sentence, visited


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FENCEWALK_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "kev.json"
    path.write_bytes(editions.kev())
    return path


def test_list_without_any(run: Run) -> None:
    code, out, err = run("feeds", "list")
    assert code == 0
    states = [line.split()[0] for line in out.splitlines()[1:]]
    assert len(states) >= 12
    assert set(states) == {"MISSING"}
    assert "12 feeds to update: " in err


def test_list_says_the_age_of_each(run: Run, catalogue: Path) -> None:
    assert run("feeds", "import", catalogue) == (0, "", "kev: the edition of 2026-11-20 with 3 entries; an excerpt\n")
    for day, state, age in (("2026-12-04", "FRESH", 14), ("2026-12-05", "STALE", 15)):
        line = next(each for each in run("feeds", "list", "--today", day)[1].splitlines() if " kev " in each)
        assert line.split()[:6] == [state, "kev", "3", "2026-11-20", str(age), "14"]
        code, out, _ = run("feeds", "list", "--today", day, "-o", "json=-")
        row = next(each for each in json.loads(out) if each["name"] == "kev")
        assert (code, row["state"], row["age_days"], row["entries"]) == (0, state, age, 3)
        assert len(row["sha256"]) == 64


def test_a_changed_file_is_said_by_list_and_assess(run: Run, catalogue: Path, data: Path, tmp_path: Path) -> None:
    site = visited("harbor-dental", tmp_path / "demo")
    run("feeds", "import", catalogue)
    assert "pinned" not in run("assess", site)[2]
    next((data / "feeds" / "kev").glob("*.raw")).write_bytes(b"{}")
    _, out, err = run("feeds", "list")
    assert next(each for each in out.splitlines() if " kev " in each).startswith("CHANGED")
    assert "is not the file that was pinned" in err
    assert "is not the file that was pinned" in run("assess", site)[2]


def test_a_bundle_from_one_laptop_to_another(
    run: Run, catalogue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("feeds", "import", catalogue)
    assert run("feeds", "export", tmp_path / "feeds.zip")[0] == 0
    monkeypatch.setenv("FENCEWALK_DATA", str(tmp_path / "other"))
    assert (
        run("feeds", "import", tmp_path / "feeds.zip")[2]
        == "kev: the edition of 2026-11-20 with 3 entries; an excerpt\n"
    )
    with zipfile.ZipFile(tmp_path / "feeds.zip") as archive:
        manifest = archive.read("manifest.json")
    with zipfile.ZipFile(tmp_path / "feeds.zip", "w") as archive:
        archive.writestr("manifest.json", manifest)
        archive.writestr("kev.raw", editions.kev(count=4))
    code, _, err = run("feeds", "import", tmp_path / "feeds.zip")
    assert code == 2
    assert "kev.raw is not what its manifest says" in sentence(err)


def test_update_from_a_mirror(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "server").mkdir()
    with publisher(tmp_path / "server") as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server" / "authority.pem"))
        url = server.publishes("/kev.json", gives(editions.kev("2026-11-19", 1_200)))
        assert run("feeds", "update", "kev", "--url", url) == (
            0,
            "",
            "kev: the edition of 2026-11-19 with 1,200 entries\n",
        )
        server.publishes("/kev.json", b"garbage")
        code, _, err = run("feeds", "update", "kev", "--url", url)
        assert code == 3
        assert err.startswith("kev: not JSON")
        assert err.endswith("the edition of 2026-11-19 is kept\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("update", "kew"), "kew: no such feed"),
        (("update", "--url", "https://localhost/"), "--url is for one feed; name it"),
        (("update", "kev", "--url", "http://localhost/"), "has to begin with https://"),
        (("import", "nowhere.json"), "no such file or folder"),
        (("export", "."), "is a folder; name a file in it"),
        (("export", "feeds.zip"), "no feed is cached"),
        (("list", "-o", "xml=-"), "write json=PATH"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_mistakes_are_one_sentence(
    run: Run, words: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run("feeds", *words)
    assert code == 2
    assert told in sentence(err)


def test_a_folder_that_cannot_be_written(run: Run, catalogue: Path, data: Path) -> None:
    data.write_text("a file")
    code, _, err = run("feeds", "import", catalogue)
    assert code == 2
    assert "cannot be made" in sentence(err)


def test_what_a_file_says_is_shown_with_visible_escapes(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "kev.json"
    path.write_bytes(editions.kev().replace(b"CVE-2026-1001", b"\\u001b[2JCVE"))
    code, _, err = run("feeds", "import", path)
    assert code == 2
    assert "\x1b" not in err
