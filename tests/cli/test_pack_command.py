"""`fencewalk pack`, as it is typed: a pack of a site that was surveyed, and what is wrong in a sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from resurvey import survey
from typed import Run
from verify_networks import network

WRONG = [
    ([], "Name a site file"),
    (["SITE"], "-o says where"),
    (["SITE", "--check", "p.zip"], "--check takes a pack"),
    (["--check", "nothing.zip"], "there is no such pack"),
    (["SITE", "-o", "p.zip", "--trust", "abcd"], "--trust says whose key"),
    (["gone.yaml", "-o", "p.zip"], "gone.yaml"),
    (["SITE", "-o", "SITE"], "would overwrite"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=[" ".join(each[0]) or "nothing" for each in WRONG])
def test_what_is_wrong_is_said_in_a_sentence(arguments: list[str], said: str, site: Path, run: Run) -> None:
    code, out, err = run("pack", *(str(site) if each == "SITE" else each for each in arguments))
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_a_pack_is_made_checked_and_found_changed(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENCEWALK_DATA", str(tmp_path / "data"))
    site = survey(network(), tmp_path)
    for path in (tmp_path / "p.zip", tmp_path / "folder"):
        code, out, _ = run("pack", site, "-o", path, "--today", network().today)
        assert code == 0
        key = re.search(r"signed with (\S+)", out)
        assert key is not None
        code, out, _ = run("pack", "--check", path, "--trust", key[1])
        assert (code, "as it was signed" in out) == (0, True)
    assert run("pack", site, "-o", tmp_path / "folder", "--today", network().today)[0] == 2
    data = bytearray((tmp_path / "p.zip").read_bytes())
    data[len(data) // 2] ^= 4
    (tmp_path / "p.zip").write_bytes(data)
    code, out, _ = run("pack", "--check", tmp_path / "p.zip")
    assert code == 1
    assert re.search(r"p\.zip: \S+: byte [0-9,]+ was changed", out)
