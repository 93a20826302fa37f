"""Files that are none, folders that are somebody's, streams that are closed: a sentence, and nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from feeds import editions
from typed import SITE, Run, sentence, simulated

from scanner.errors import BadInput
from scanner.files import replace_text

FENCEWALK = f"{sys.executable} -m scanner.cli"


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated("flat-office", tmp_path_factory.mktemp("flat"))


@pytest.mark.parametrize("words", [["assess", "."], ["diff", "."], ["tickets", ".", "--to", "webhook"]])
def test_a_folder_is_no_site_file(run: Run, words: list[str]) -> None:
    code, _, err = run(*words)
    assert code == 2
    assert sentence(err) == "fencewalk: .: is a folder; name a site file in it, such as site.yaml"


@pytest.mark.parametrize("words", [["assess"], ["pack", "-o", "x.zip"], ["scan", "--from", "loop"]])
def test_a_link_that_leads_to_itself_is_said(run: Run, tmp_path: Path, words: list[str]) -> None:
    loop = tmp_path / "loop.yaml"
    loop.symlink_to(loop)
    code, _, err = run(words[0], loop, *words[1:])
    assert code == 2
    assert "symbolic links" in sentence(err)


@pytest.mark.parametrize(
    ("words", "flag"),
    [(["scan", "--from", "loop", "--dry-run", "--patience", "nan"], "--patience"),
     (["canary", "--zone", "loop", "--seconds", "nan"], "--seconds"),
     (["tickets", "--to", "webhook", "--timeout", "nan"], "--timeout")],
)  # fmt: skip
def test_not_a_number_is_no_number_of_seconds(run: Run, site: Path, words: list[str], flag: str) -> None:
    code, _, err = run(words[0], site, *words[1:])
    assert code == 2
    assert err.strip().endswith(f"Invalid value for '{flag}': 'nan' is not a valid number of seconds.")


@pytest.mark.parametrize(
    ("streams", "code", "says"),
    [
        ("-o json=- >&-", 2, "fencewalk: the system refused: stdout is closed\n"),
        (">&-", 2, "fencewalk: the system refused: stdout is closed\n"),
        (">&- 2>&-", 2, ""),
        ("<&- >/dev/null", 0, None),
        ("2>&- >/dev/null", 0, ""),
    ],
)
def test_closed_streams(flat: Path, streams: str, code: int, says: str | None) -> None:
    command = f"{FENCEWALK} assess {flat} --today 2027-01-01 {streams}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert says is None or done.stderr == says


def test_no_program_that_is_started_gets_the_store_as_its_stdout(flat: Path) -> None:
    script = (
        "import os, sys; from scanner.cli._streams import open_closed; open_closed();"
        f"file = open({str(flat)!r}); sys.exit(file.fileno() if os.readlink('/proc/self/fd/1') == os.devnull else 99)"
    )
    done = subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c", script], check=False)
    assert 2 < done.returncode < 99


def test_a_demo_never_replaces_a_clients_site(run: Run, tmp_path: Path) -> None:
    site, store = tmp_path / "site.yaml", tmp_path / "site.fencewalk.sqlite"
    site.write_text(SITE)
    store.write_bytes(b"what was collected")
    code, _, err = run("demo", "flat-office", "--simulate", "--no-tui", "--out", tmp_path)
    assert code == 2
    assert "is no demo's; name another folder" in sentence(err)
    site_text = site.read_text()
    site.unlink()
    assert run("demo", "flat-office", "--simulate", "--no-tui", "--out", tmp_path)[0] == 2, "scan data alone"
    assert (site_text, store.read_bytes()) == (SITE, b"what was collected")


def test_a_demo_replaces_a_demo(tmp_path: Path) -> None:
    assert simulated("flat-office", tmp_path) == simulated("flat-office", tmp_path)


def test_feeds_are_written_over_nothing_but_feeds(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENCEWALK_DATA", str(tmp_path / "data"))
    kev, pipe, site = tmp_path / "kev.json", tmp_path / "pipe", tmp_path / "site.yaml"
    kev.write_bytes(editions.kev())
    site.write_text(SITE)
    os.mkfifo(pipe)
    assert run("feeds", "import", kev)[0] == 0
    for target, says in ((pipe, "is no ordinary file"), (site, "no file of `fencewalk feeds export`")):
        code, _, err = run("feeds", "export", target)
        assert code == 2
        assert says in sentence(err)
    assert pipe.is_fifo(), "nor is a device replaced by a file, which root could"
    assert site.read_text() == SITE
    for _ in range(2):
        assert run("feeds", "export", tmp_path / "feeds.zip")[0] == 0


def test_nothing_of_ours_takes_the_place_of_a_device(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="is no ordinary file"):
        replace_text(tmp_path / "pipe", "text")
    assert (tmp_path / "pipe").is_fifo()


def test_sessions_of_a_zone_that_was_renamed_are_missed_aloud(run: Run, tmp_path: Path) -> None:
    site = simulated("flat-office", tmp_path)
    text = site.read_text()
    old = msgspec.yaml.decode(text)["zones"][0]["name"]
    site.write_text(text.replace(f"name: {old}", "name: renamed"))
    code, _, err = run("assess", site, "--today", "2026-11-20")
    assert code == 0
    assert f"2 sessions from zone {old} count for nothing" in err
    site.write_text(text)
    assert "count for nothing" not in run("assess", site, "--today", "2026-11-20")[2]
