"""What every format promises, whichever files are in the folder."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import msgspec
from sample import sample_report
from tables import for_every

from scanner.exporters import exporters
from scanner.model.report import Digests, Report

FORMATS = sorted(exporters())
EMPTY = Report(1, "A", "b", "2026-11-06", (), (), (), (), (), (), (), (), Digests("", "", "", ""))
ACTIVE = [b"\x00", b"\x07", b"\x1b", b"\x7f", "\x9b".encode(), "\u202e".encode()]
"""Characters of the sample that act on whatever shows them."""


def test_the_formats_of_this_version_are_there() -> None:
    assert {"json", "html", "csv"} <= set(FORMATS)


@for_every("name", FORMATS)
def test_a_format_names_itself(name: str) -> None:
    exporter = exporters()[name]
    assert exporter.title
    assert exporter.suffix.startswith(".")


def said(written: bytes) -> bytes:
    """What a file says: of a compressed one what is inside."""
    if not written.startswith(b"PK"):
        return written
    with zipfile.ZipFile(io.BytesIO(written)) as packed:
        return b"".join(packed.read(each) for each in packed.namelist())


@for_every("name", FORMATS)
def test_nothing_that_acts_gets_out(name: str) -> None:
    written = said(exporters()[name].render(sample_report()))
    assert [each for each in ACTIVE if each in written] == []
    assert b"Harbor Dental" in written


@for_every("name", FORMATS)
def test_an_empty_report_is_a_report(name: str) -> None:
    assert exporters()[name].render(EMPTY)


@for_every("name", FORMATS)
def test_a_lone_surrogate_does_not_stop_it(name: str) -> None:
    finding = msgspec.structs.replace(sample_report().findings[0], evidence="\ud800x")
    patch = msgspec.structs.replace(sample_report().patches[0], evidence="\ud800x")
    report = msgspec.structs.replace(sample_report(), site="\ud800x", findings=(finding,), patches=(patch,))
    written = said(exporters()[name].render(report))
    assert re.search(rb"(\\+|#92;)ud800x", written)


def test_the_bytes_depend_on_the_report_alone() -> None:
    program = (
        "import hashlib; from sample import sample_report; from scanner.exporters import exporters;"
        "print({n: hashlib.sha256(e.render(sample_report())).hexdigest() for n, e in exporters().items()})"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=Path(__file__).parent,
            env={"PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone, "PYTHONUTF8": utf8},
            capture_output=True,
            check=True,
            text=True,
            timeout=300,
        ).stdout
        for seed, locale, zone, utf8 in (("1", "C", "UTC", "0"), ("2", "C.UTF-8", "Asia/Tokyo", "1"))
    }
    assert len(runs) == 1
