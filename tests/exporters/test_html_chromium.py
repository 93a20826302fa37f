"""The report in a real browser: the policy blocks nothing of ours, and it can be seen, turned dark and printed."""

from __future__ import annotations

import re
import struct
import subprocess
from pathlib import Path

import pytest
from browser import BROWSER, FLAGS, Browser
from fence_sample import fence_report
from page_reader import PageReader
from sample import sample_report

from scanner.exporters.html import EXPORTER
from scanner.model.report import Report

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: apt install chromium")


def browse(folder: Path, page: bytes, *flags: str) -> subprocess.CompletedProcess[str]:
    """Open the page and do what the flags say; only the browser's own scratch folder and `folder` are written to."""
    (folder / "report.html").write_bytes(page)
    return subprocess.run(
        [str(BROWSER), *FLAGS, f"--user-data-dir={folder / 'profile'}", *flags, (folder / "report.html").as_uri()],
        cwd=folder,
        capture_output=True,
        check=True,
        text=True,
        timeout=300,
    )


def complaints(log: str) -> list[str]:
    return [line for line in log.splitlines() if "CONSOLE" in line or "Content Security Policy" in line]


@pytest.mark.parametrize("report", [sample_report(), fence_report()], ids=["sample", "fence"])
def test_the_browser_sees_what_was_written_and_refuses_nothing(tmp_path: Path, report: Report) -> None:
    written = EXPORTER.render(report)
    with Browser(tmp_path) as browser:
        browser.ask("Emulation.setScriptExecutionDisabled", value=True)
        browser.open(written)
        root = browser.ask("DOM.getDocument", depth=0)["root"]["nodeId"]
        seen = browser.ask("DOM.getOuterHTML", nodeId=root)["outerHTML"]
        assert browser.complaints == []
    ours, theirs = PageReader(written.decode()), PageReader(seen)
    assert [tag for tag, _ in theirs.elements] == [tag for tag, _ in ours.elements]
    assert theirs.text == ours.text


def test_the_policy_stops_what_is_not_ours(tmp_path: Path) -> None:
    strange = (
        b"<p style='color:red' onclick='x()'>x</p><img src='file:///nowhere.png'><script>document.title=1</script>"
    )
    written = EXPORTER.render(sample_report()).replace(b"</main>", strange + b"</main>")
    found = complaints(browse(tmp_path, written, "--dump-dom").stderr)
    assert len(found) >= 3
    assert any("inline style" in each for each in found)
    assert any("image" in each or "img-src" in each for each in found)
    assert any("inline script" in each for each in found)


def test_it_shows_light_dark_and_narrow(tmp_path: Path) -> None:
    written = EXPORTER.render(sample_report())
    pictures = {}
    for name, width, *flags in (
        ("light", 1280), ("dark", 1280, "--blink-settings=preferredColorScheme=0"), ("phone", 500),
    ):  # fmt: skip
        target = tmp_path / f"{name}.png"
        browse(tmp_path, written, f"--window-size={width},1400", f"--screenshot={target}", *map(str, flags))
        pictures[name] = target.read_bytes()
        assert pictures[name].startswith(b"\x89PNG")
        assert struct.unpack(">II", pictures[name][16:24]) == (width, 1400)
        assert len(pictures[name]) > 30_000, "more than an empty page"
    assert pictures["light"] != pictures["dark"]


def test_it_prints(tmp_path: Path) -> None:
    target = tmp_path / "report.pdf"
    browse(tmp_path, EXPORTER.render(sample_report()), "--no-pdf-header-footer", f"--print-to-pdf={target}")
    printed = target.read_bytes()
    assert printed.startswith(b"%PDF")
    assert 5 < len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) < 40
