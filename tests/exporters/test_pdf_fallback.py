"""`-o pdf` where no browser is: by WeasyPrint, or a sentence that says what to install; and by Chromium as typed."""

from __future__ import annotations

import importlib.util
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from browser import BROWSER
from sample import sample_report
from typed import visited

from scanner import pdf
from scanner.errors import BadInput


def folder_with(tmp_path: Path, text: str) -> Path:
    """A folder with a package of that name that does this as it is imported."""
    package = tmp_path / "weasyprint"
    package.mkdir()
    (package / "__init__.py").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: apt install chromium")
def test_the_command_prints_a_report(tmp_path: Path) -> None:
    site, printed = visited("harbor-dental", tmp_path), tmp_path / "owner.pdf"
    command = [sys.executable, "-m", "scanner.cli", "assess", str(site), "--today", "2026-11-20", "--for", "owner"]
    command += ["-o", f"pdf={printed}"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    data = printed.read_bytes()
    assert data.startswith(b"%PDF")
    assert data.rstrip().endswith(b"%%EOF")
    assert set(re.findall(rb"/(?:CreationDate|ModDate) (\(\S+\))", data)) == {b"(D:20261120000000+00'00')"}, (
        "no clock's"
    )
    assert 10 < len(re.findall(rb"/Type\s*/Page\b(?!s)", data)) < 60
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 10, "of processors, judging included"


@pytest.mark.parametrize(
    ("printed", "wanted"),
    [
        (b"/CreationDate (D:20261122230843+00'00')", b"/CreationDate (D:20261120000000+00'00')"),
        (b"/ModDate (D:20261122230843-09'30')", b"/ModDate (D:20261120000000+00'00')"),
        (b"/ModDate (D:20261122230843Z)", b"/ModDate (D:20261120000000Z)"),
        (rb"/Title (/ModDate \(D:20261122230843Z\))", rb"/Title (/ModDate \(D:20261122230843Z\))"),
    ],
)
def test_the_day_is_the_report_s(printed: bytes, wanted: bytes) -> None:
    assert pdf.dated(printed, "2026-11-20") == wanted


def test_without_either_the_sentence_names_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"no Chromium.*no WeasyPrint.*apt install chromium.*fencewalk\[pdf\].*-o html"):
        pdf.check()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("raise OSError('cannot load library libpango-1.0-0\\nmore')", "cannot load library libpango-1.0-0)"),
        ("HTML = None", "weasyprint.urls"),
    ],
    ids=["its libraries are missing", "it is another package of that name"],
)
def test_what_weasyprint_lacks_is_said_in_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    command = "import sys; from scanner import pdf\ntry: pdf._woven(b'<p>x')\nexcept pdf.BadInput as e: print(e)"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(folder_with(tmp_path, text))!r})\n{command}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("-o pdf: WeasyPrint cannot be used here (")
    assert says in done.stdout
    assert done.stdout.count("\n") == 1


if importlib.util.find_spec("weasyprint") is not None:

    def test_weasyprint_prints_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert pdf.render(sample_report()).startswith(b"%PDF")
