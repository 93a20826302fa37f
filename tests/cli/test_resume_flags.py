"""`scan --resume` beside other flags: what agrees goes on, what does not is refused before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from typed import SITE, Run, sentence

from scanner import session
from scanner.ports import parse_ports
from scanner.store import Store


@pytest.fixture
def cut_off(site: Path) -> list[str]:
    """The command of a scan that was planned and cut off before its first packet; `--dry-run` keeps it there."""
    request = session.ScanRequest(
        site=session.load_site(site), zone="loop", interface="lo", engine="connect", ports=parse_ports("22,80"),
        names=False, resume=True,
    )  # fmt: skip
    with Store(session.store_path(site, None)) as opened:
        session.open_journal(request, session.live_vantage(request), opened)
    return ["scan", str(site), "--from", "loop", "--interface", "lo", "--resume", "--dry-run"]


AGREE = [
    ("no flag", []),
    ("the same ports", ["--ports", "22,80"]),
    ("the same engine", ["--engine", "connect"]),
    ("any engine", ["--engine", "auto"]),
    ("the same manners", ["--no-names", "--patience", "3.6", "--discover", "echo,timestamp,syn,ack,udp"]),
]


@pytest.mark.parametrize("flags", [each[1] for each in AGREE], ids=[each[0] for each in AGREE])
def test_what_agrees_goes_on_with_the_plan(run: Run, cut_off: list[str], flags: list[str]) -> None:
    code, out, err = run(*cut_off, *flags)
    assert (code, err) == (0, "")
    assert out.startswith("resume")
    assert "tcp ports    2: 22,80" in out
    assert "asked for their names" not in out
    assert "connect: " in out


DIFFER = [
    ("ports", ["--ports", "top:10"], ["--ports (22,80)"]),
    ("engine", ["--engine", "raw"], ["--engine (connect)"]),
    ("polite", ["--polite"], ["--polite (without it)"]),
    ("patience", ["--patience", "1"], ["--patience (3.6)"]),
    ("two", ["--no-identify", "--discover", "echo"], ["--no-identify (without it)", "--discover (echo,timestamp"]),
]


@pytest.mark.parametrize(("flags", "named"), [each[1:] for each in DIFFER], ids=[each[0] for each in DIFFER])
def test_what_differs_is_named_with_what_was_planned(
    run: Run,
    cut_off: list[str],
    flags: list[str],
    named: list[str],
) -> None:
    code, out, err = run(*cut_off, *flags)
    assert (code, out) == (2, "")
    assert all(each in sentence(err) for each in named)
    assert "leave out --resume to scan anew" in err


def test_there_is_nothing_to_go_on_with(site: Path, cut_off: list[str]) -> None:
    from scanner.cli._resume import nothing_to_resume, unfinished

    where, loaded = session.store_path(site, None), session.load_site(site)
    assert unfinished(where, loaded, "loop") is not None
    assert unfinished(where, loaded, "far") is None
    assert "holds no unfinished scan from far of Test / here, only from loop; this is" in nothing_to_resume(
        where, loaded, "far"
    )
    site.write_text(SITE.replace("client: Test", "client: Tset"))
    assert "of Tset / here (it holds Test / here); this" in nothing_to_resume(where, session.load_site(site), "loop")
    assert "this is a new one" in nothing_to_resume(where.with_name("none.sqlite"), loaded, "far")
