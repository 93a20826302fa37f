"""`-o`: a format that needs several files gets them beside each other, and where there is no beside says so."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from scanner.cli._options import write_report
from scanner.errors import BadInput
from scanner.exporters import Exporter, exporters
from scanner.model.report import Digests, Report

REPORT = Report(1, "A", "b", "2026-11-06", (), (), (), (), (), (), (), (), Digests("", "", "", ""))
ENDINGS = ("", "-2", "-3")
SPLIT = Exporter(
    title="Three files",
    suffix=".part.txt",
    render=lambda report: b"all",
    files=lambda report: ((ending, f"{report.client}{ending}".encode()) for ending in ENDINGS),
)
ONE = msgspec.structs.replace(SPLIT, files=lambda report: iter([("", b"one")]))


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("out.part.txt", ["out.part.txt", "out-2.part.txt", "out-3.part.txt"]),
        ("out.json", ["out.json", "out-2.json", "out-3.json"]),
        ("a.b/out", ["a.b/out", "a.b/out-2", "a.b/out-3"]),
        (".hidden", [".hidden", ".hidden-2", ".hidden-3"]),
        (".part.txt", [".part.txt", ".part-2.txt", ".part-3.txt"]),
    ],
)
def test_the_files_stand_beside_each_other(tmp_path: Path, name: str, names: list[str]) -> None:
    (tmp_path / "a.b").mkdir()
    written = write_report(SPLIT, str(tmp_path / name), REPORT, ())
    assert list(written) == [str(tmp_path / each) for each in names]
    assert [Path(each).read_text() for each in written] == ["A", "A-2", "A-3"]


def test_stdout_takes_one_file_and_several_are_refused_before_anything_is_written(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    with pytest.raises(BadInput, match=r"^-o -: a report of this size is several files, and stdout takes one"):
        write_report(SPLIT, "-", REPORT, ())
    assert capfdbinary.readouterr().out == b""
    assert write_report(ONE, "-", REPORT, ()) == ("-",)
    assert capfdbinary.readouterr().out == b"one"


def test_a_device_takes_one_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="takes one; name a file"):
        write_report(SPLIT, os.devnull, REPORT, ())
    assert write_report(ONE, os.devnull, REPORT, ()) == (os.devnull,)


def test_a_part_replaces_nothing_that_is_needed(tmp_path: Path) -> None:
    site = tmp_path / "out-2.txt"
    site.write_text("client: A")
    with pytest.raises(BadInput, match="would overwrite"):
        write_report(SPLIT, str(tmp_path / "out.txt"), REPORT, (site,))
    assert site.read_text() == "client: A"


def test_a_format_of_one_file_is_written_as_it_is(tmp_path: Path) -> None:
    path = str(tmp_path / "report.json")
    assert write_report(exporters()["json"], path, REPORT, ()) == (path,)
    assert Path(path).read_bytes() == exporters()["json"].render(REPORT)
