"""The commands as a user types them: exit codes, one clear sentence, results on stdout and the rest on stderr."""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from typed import SITE, Run, sentence, simulated

from scanner import session


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site folder with a scanned flat-office in its store."""
    return simulated("flat-office", tmp_path_factory.mktemp("flat"))


def test_help_answers_at_once() -> None:
    """In processor time, which other work on the machine does not stretch as it does the clock's."""
    spent = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "scanner.cli", "--help"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert {"scan", "assess", "demo", "lab", "tui", "doctor", "schema"} <= set(done.stdout.split())
    assert min(spent) < 0.2


BAD = [
    ("a zone that is not there", ["scan", "SITE", "--from", "nowhere"], "its zones are loop, far"),
    ("an interface that is not there", ["scan", "SITE", "--from", "loop", "--interface", "wlan9"], "wlan9"),
    ("a laptop elsewhere", ["scan", "SITE", "--from", "far"], "127.77.0.0/29"),
    ("the wrong interface for the zone", ["scan", "SITE", "--from", "far", "--interface", "lo"], "127.77.0.0/29"),
    ("ports that are none", ["scan", "SITE", "--from", "loop", "--ports", "htp"], "--ports htp"),
    ("an empty store", ["assess", "SITE"], "no scan data"),
    ("a format that is none", ["assess", "SITE", "-o", "docx=x"], "FORMAT=PATH"),
    ("two reports on stdout", ["assess", "SITE", "-o", "json=-", "-o", "csv=-"], "only one"),
    ("a site that is not there", ["assess", "missing.yaml"], "missing.yaml: no such file"),
    (
        "names from nobody",
        ["scan", "SITE", "--from", "loop", "--no-names", "--resolver", "127.0.0.1"],
        "--no-names asks",
    ),
    ("polite names", ["scan", "SITE", "--from", "loop", "--polite", "--resolver", "127.0.0.1"], "--polite asks nobody"),
    ("versions of no ports", ["scan", "SITE", "--from", "loop", "--ports", "none", "--deep"], "--ports none asks no"),
    ("a day in another order", ["assess", "SITE", "--today", "20.11.2026"], "YYYY-MM-DD"),
    ("a day with its hour", ["assess", "SITE", "--today", "2026-11-20T10"], "YYYY-MM-DD"),
    ("a day that is none", ["assess", "SITE", "--today", "2026-02-30"], "no such day"),
    ("a TUI without a terminal", ["demo", "--simulate", "--tui", "--out", "/dev/null/x"], "--tui: stdin, stdout and"),
    ("a topology that is not there", ["demo", "atlantis"], "law-firm"),
    ("a lab that is not there", ["lab", "down", "atlantis"], "atlantis"),
]


@pytest.mark.parametrize(("args", "says"), [each[1:] for each in BAD], ids=[each[0] for each in BAD])
def test_bad_input_is_one_sentence_and_exit_2(run: Run, site: Path, args: list[str], says: str) -> None:
    code, out, err = run(*(site if each == "SITE" else each for each in args))
    assert code == 2
    assert not out
    assert says in sentence(err)


@pytest.mark.parametrize(
    "text",
    [
        SITE + "colour: red\n",
        SITE.replace("127.0.0.0/29", "127.77.0.0/30"),
        "a: [",
        SITE.replace("[127.0.0.0/29]", "[]"),
        "",
    ],
    ids=["unknown key", "overlapping zones", "bad YAML", "a zone without subnets", "empty"],
)
def test_a_bad_site_file_is_one_sentence_and_exit_2(run: Run, site: Path, text: str) -> None:
    site.write_text(text)
    code, _, err = run("assess", site)
    assert code == 2
    assert "site.yaml" in sentence(err)


def test_a_binary_site_file_is_refused(run: Run, site: Path) -> None:
    site.write_bytes(b"\x00\xff\xfe\x80")
    code, _, err = run("scan", site, "--from", "loop")
    assert code == 2
    assert "not UTF-8" in sentence(err)


@pytest.mark.parametrize("until", ["2020-01-31", None], ids=["expired", "none"])
def test_without_an_authorisation_for_today_nothing_is_sent(run: Run, site: Path, until: str | None) -> None:
    text = (
        SITE.replace("2099-12-31", until)
        if until
        else "".join(SITE.splitlines(keepends=True)[:2] + SITE.splitlines(keepends=True)[3:])
    )
    site.write_text(text)
    code, _, err = run("scan", site, "--from", "loop", "--interface", "lo", "--engine", "connect")
    assert code == 2
    assert "authoriz" in sentence(err)
    assert not list(site.parent.glob("*.sqlite")), "a refused scan leaves no store behind"


def test_a_missing_nmap_is_named_with_its_mend(run: Run, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    code, _, err = run("scan", site, "--from", "loop", "--interface", "lo", "--engine", "nmap", "--ports", "9")
    assert code == 2
    assert "apt install nmap" in sentence(err)


def test_the_dry_run_prints_the_plan_and_keeps_nothing(run: Run, site: Path) -> None:
    code, out, _ = run("scan", site, "--from", "loop", "--interface", "lo", "--dry-run", "--ports", "22,80")
    assert code == 0
    assert "127.77.0.1-127.77.0.6" in out
    assert "22,80" in out
    assert not list(site.parent.glob("*.sqlite"))


def test_json_on_stdout_parses_and_has_every_documented_key(run: Run, flat: Path) -> None:
    code, out, _ = run("assess", flat, "--today", "2026-11-20", "-o", "json=-")
    assert code == 0
    report = json.loads(out)
    assert report["schema"] == 1
    assert {
        "client", "site", "generated", "vantages", "hosts", "reachability", "cells", "patches", "findings",
        "remediation", "coverage", "digests",
    } <= report.keys()  # fmt: skip
    assert {"id", "kind", "severity", "title", "host", "from", "to", "transport", "port", "path", "remedy", "replay",
            "evidence", "controls", "exception"} <= report["findings"][0].keys()  # fmt: skip


def test_reports_go_to_files_and_findings_to_stdout(run: Run, flat: Path, tmp_path: Path) -> None:
    page, table = tmp_path / "r.html", tmp_path / "r.csv"
    code, out, err = run("assess", flat, "--today", "2026-11-20", "-o", f"html={page}", "-o", f"csv={table}")
    assert code == 0
    assert "Accounts stands in office" in out
    assert page.read_bytes().startswith(b"<!DOCTYPE html>")
    assert table.stat().st_size > 100
    assert str(page) in err
    code, _, err = run("assess", flat, "-o", "html=/nonexistent/x.html")
    assert code == 2
    assert "cannot be written" in sentence(err)


@pytest.mark.parametrize("name", ["site.yaml", "site.fencewalk.sqlite", "exceptions.yaml"])
def test_a_report_never_replaces_what_it_is_made_from(run: Run, flat: Path, name: str) -> None:
    before = flat.read_bytes()
    code, _, err = run("assess", flat, "-o", f"html={flat.parent / name}")
    assert code == 2
    assert "overwrite" in sentence(err)
    assert flat.read_bytes() == before
    code, _, err = run("assess", flat, "-o", f"html={flat.parent / 'x'}", "-o", f"json={flat.parent / 'x'}")
    assert code == 2


def test_a_link_stays_a_link_and_a_pipe_is_written_to(run: Run, flat: Path, tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE)
    outputs = ("-o", f"json={tmp_path / 'link.json'}", "-o", f"json={tmp_path / 'pipe'}")
    assert run("assess", flat, "--today", "2026-11-20", *outputs)[0] == 0
    piped, _ = reader.communicate(timeout=300)
    assert (tmp_path / "link.json").is_symlink()
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert piped == (tmp_path / "real.json").read_bytes()


def test_hostile_names_in_the_site_file_reach_no_terminal(run: Run, flat: Path, tmp_path: Path) -> None:
    evil = "Bright\x1b]0;owned\x07\u202ewater"
    hostile, store = tmp_path / "site.yaml", tmp_path / "s.sqlite"
    quoted = evil.replace("\x1b", "\\e").replace("\x07", "\\a")
    hostile.write_text(flat.read_text().replace("client: Brightwater Plumbing", f'client: "{quoted}"'))
    before = run("assess", hostile, "--store", session.store_path(flat, None))
    with sqlite3.connect(session.store_path(flat, None)) as db:
        db.execute("VACUUM INTO ?", (str(store),))
    with sqlite3.connect(store) as db:
        db.execute("UPDATE scans SET client = ?", (evil,))
    after = run("assess", hostile, "--store", store, "--today", "2026-11-20")
    assert (before[0], after[0]) == (2, 0)
    assert r"Bright\x1b]0;owned" in after[1]
    for text in (*before[1:], *after[1:]):
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_exceptions_that_do_nothing_are_named(run: Run, flat: Path) -> None:
    accepted = flat.parent / "exceptions.yaml"
    accepted.write_text("- {finding: gap-00000000, owner: me, reason: known, until: 2026-12-01}\n")
    try:
        _, _, err = run("assess", flat, "--today", "2026-11-20", "-o", "json=-")
        assert "gap-00000000 matches no finding" in err
    finally:
        accepted.unlink()


def test_evidence_on_a_read_only_disk_can_be_read(tmp_path: Path, flat: Path) -> None:
    for name in ("site.yaml", "site.fencewalk.sqlite"):
        shutil.copy(flat.parent / name, tmp_path / name)
        (tmp_path / name).chmod(0o444)
    script = f'mount --bind {tmp_path} {tmp_path} && mount -o remount,ro,bind {tmp_path} && exec "$@"'
    command = [sys.executable, "-m", "scanner.cli", "assess", str(tmp_path / "site.yaml"), "--today", "2026-11-20"]
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script, "sh", *command], capture_output=True, text=True)
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(f"no mount namespace here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert "Accounts stands in office" in done.stdout


def test_somebody_elses_database_is_left_alone(run: Run, flat: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE theirs (x)")
    before = other.read_bytes()
    code, _, err = run("assess", flat, "--store", other)
    assert code == 2
    assert "some other program" in sentence(err)
    assert other.read_bytes() == before


@pytest.mark.parametrize(("severity", "code"), [("critical", 1), ("low", 1)])
def test_fail_on_ends_with_1(run: Run, flat: Path, severity: str, code: int) -> None:
    assert run("assess", flat, "--today", "2026-11-20", "--fail-on", severity)[0] == code


def test_an_accepted_finding_no_longer_fails(run: Run, flat: Path) -> None:
    _, out, _ = run("assess", flat, "--today", "2026-11-20", "-o", "json=-")
    lines = [
        f"- {{finding: {each['id']}, owner: me, reason: known, until: 2026-12-01}}"
        for each in json.loads(out)["findings"]
    ]
    accepted = flat.parent / "exceptions.yaml"
    accepted.write_text("\n".join(lines))
    try:
        assert run("assess", flat, "--today", "2026-12-01", "--fail-on", "low")[0] == 0
        assert run("assess", flat, "--today", "2026-12-02", "--fail-on", "low")[0] == 1
        accepted.write_text("- {finding: x}")
        code, _, err = run("assess", flat)
        assert code == 2
        assert "exceptions.yaml:1" in sentence(err)
    finally:
        accepted.unlink()


def test_the_same_inputs_give_the_same_bytes(run: Run, flat: Path) -> None:
    outputs = {run("assess", flat, "--today", "2026-11-20", "-o", f"{kind}=-")[1] for kind in ("json", "json")}
    assert len(outputs) == 1


def test_the_doctor_says_what_can_be_done_here(run: Run) -> None:
    code, out, _ = run("doctor")
    assert code == 0
    assert "raw packets" in out
    assert "interface lo" in out


def test_a_store_of_another_client_is_named(run: Run, site: Path, flat: Path) -> None:
    code, _, err = run("assess", site, "--store", session.store_path(flat, None))
    assert code == 2
    assert "Brightwater" in sentence(err)


def test_ctrl_c_ends_with_130_and_no_traceback() -> None:
    import signal

    topology = "harbor-dental"
    process = subprocess.Popen(
        [sys.executable, "-m", "scanner.cli", "demo", topology, "--simulate", "--no-tui", "--out", "/dev/null/x"],
        stderr=subprocess.PIPE,
        text=True,
    )
    _, err = process.communicate(timeout=300)
    assert process.returncode == 2
    assert "Traceback" not in err
    waiting = subprocess.Popen(
        [sys.executable, "-c", "import scanner.cli as c, time, click\n"
         "@c.group.command('wait')\ndef wait():\n    print('ready', flush=True)\n    time.sleep(30)\n"
         "c.Commands.get_command = lambda s, x, n: wait\nc.main(['wait'])"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == "ready\n"
    waiting.send_signal(signal.SIGINT)
    _, err = waiting.communicate(timeout=300)
    assert waiting.returncode == 130
    assert err.strip() == "fencewalk: interrupted"
