"""`fencewalk except`: accepted findings, from the command line to the next report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typed import Run, sentence, simulated

DAY = ("--today", "2026-11-20")
WHO = ("--owner", "J. Ortiz", "--reason", "until the move")


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated("flat-office", tmp_path_factory.mktemp("flat"))


@pytest.fixture
def own(tmp_path: Path, flat: Path) -> Path:
    """A site with scan data that no other test accepts anything of."""
    for each in flat.parent.glob("site.*"):
        shutil.copy(each, tmp_path / each.name)
    return tmp_path / flat.name


def findings(run: Run, site: Path, day: str = "2026-11-20") -> list[dict[str, Any]]:
    _, out, _ = run("assess", site, "--today", day, "-o", "json=-")
    return list(json.loads(out)["findings"])


def test_an_accepted_finding_stays_and_comes_back(run: Run, own: Path) -> None:
    first = findings(run, own)[0]["id"]
    code, out, err = run("except", own, first, *WHO, "--until", "2026-12-01", "--approved-by", "A. Lee", *DAY)
    assert (code, first in out) == (0, True)
    assert "exceptions.yaml: 1 finding accepted by J. Ortiz until 2026-12-01" in err

    found = next(each for each in findings(run, own, "2026-12-01") if each["id"] == first)
    assert found["exception"]["owner"] == "J. Ortiz"
    assert found["exception"]["approved_by"] == "A. Lee"
    assert found["exception"]["expired"] is False
    found = next(each for each in findings(run, own, "2026-12-02") if each["id"] == first)
    assert found["exception"]["expired"] is True


def test_accepting_again_replaces(run: Run, own: Path) -> None:
    first = findings(run, own)[0]["id"]
    for until in ("2026-12-01", "2027-01-31"):
        assert run("except", own, first, *WHO, "--until", until, *DAY)[0] == 0
    assert (own.parent / "exceptions.yaml").read_text().count(first) == 1
    assert findings(run, own, "2027-01-31")[0]["exception"]["expired"] is False


def test_findings_by_what_they_are_about(run: Run, own: Path) -> None:
    kind = findings(run, own)[0]["kind"]
    assert run("except", own, f"kind={kind}", *WHO, "--until", "2026-12-01", *DAY)[0] == 0
    for each in findings(run, own):
        assert (each["exception"] is not None) == (each["kind"] == kind)


@pytest.mark.parametrize(
    ("finding", "flags", "says"),
    [
        ("gap-00000000", ("--until", "2026-12-01"), "no finding"),
        ("kind=outdatet", ("--until", "2026-12-01"), "kind"),
        ("colour=red", ("--until", "2026-12-01"), "none of kind, host"),
        ("kind=outdated,kind=exposure", ("--until", "2026-12-01"), "twice"),
        ("x", ("--until", "2026-11-19"), "is past"),
        ("x", ("--until", "soon"), "YYYY-MM-DD"),
        ("x", ("--until", "2026-12-01", "--owner", " "), "nobody is named"),
    ],
)
def test_mistakes_are_one_sentence_and_write_nothing(
    run: Run, own: Path, finding: str, flags: tuple[str, ...], says: str
) -> None:
    code, out, err = run("except", own, finding, *WHO, *flags, *DAY)
    assert (code, out) == (2, "")
    assert says in sentence(err)
    assert not (own.parent / "exceptions.yaml").exists()
