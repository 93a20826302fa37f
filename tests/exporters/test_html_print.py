"""The report on paper: the browser prints it, nothing is clipped, and it takes seconds."""

from __future__ import annotations

import re
import resource
from pathlib import Path

import pytest
from browser import BROWSER, Browser
from fence_sample import fence_report
from sample import sample_report

from scanner import pdf
from scanner.errors import BadInput
from scanner.exporters.html import EXPORTER
from scanner.model.report import Report

chromium = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: apt install chromium")
CLIPPED = """
[...document.querySelectorAll('main *, footer *')].filter(each => {
  const style = getComputedStyle(each), box = each.getBoundingClientRect();
  if (!box.width || each.closest(".hidden, svg, .skip")) return false;
  const hides = style.overflowX !== 'visible' && style.display !== 'inline' && each.scrollWidth > each.clientWidth + 1;
  return hides || box.right > innerWidth + 1;
}).map(each => each.outerHTML.slice(0, 160))
"""


@chromium
def test_a_pdf_with_all_pages_in_seconds() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    printed = pdf.render(sample_report())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert printed.startswith(b"%PDF")
    assert 5 < len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) < 40
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 8, "of processors, start included"


@chromium
@pytest.mark.parametrize("report", [sample_report(), fence_report()], ids=["sample", "fence"])
def test_nothing_is_clipped_on_paper(tmp_path: Path, report: Report) -> None:
    with Browser(tmp_path) as browser:
        browser.open(EXPORTER.render(report))
        # A4 less the margins that the style sheet sets.
        browser.ask("Emulation.setDeviceMetricsOverride", width=680, height=990, deviceScaleFactor=1, mobile=False)
        browser.ask("Emulation.setEmulatedMedia", media="print")
        assert browser.say(CLIPPED) == []


def test_a_browser_that_prints_nothing_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nprintf 'no\\033[2Jdisplay\\n' >&2\nexit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match=r"printed nothing: no\\x1b\[2Jdisplay"):
        pdf.render(sample_report())
