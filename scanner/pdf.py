"""The HTML report as a PDF, by the browser that this machine has. It alone lays out what the style sheet says of paper.

The browser sees one local file that can ask for nothing, resolves no name, and keeps nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from scanner.errors import BadInput
from scanner.exporters import exporters
from scanner.model.report import Report
from scanner.model.text import visible

NAME = "pdf"
TITLE = "Compliance report (PDF, printed by Chromium)"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
_FLAGS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-default-browser-check", "--disable-sync",
    "--disable-extensions", "--disable-background-networking", "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--no-pdf-header-footer",
)  # fmt: skip
_PATIENCE = 120.0
"""Seconds; a report of the greatest network takes a few."""


def browser() -> str | None:
    """The path of the browser that prints, if there is one."""
    return next((found for each in BROWSERS if (found := shutil.which(each))), None)


def check() -> None:
    """BadInput where nothing here can print."""
    if browser() is None:
        raise BadInput(
            "-o pdf: no Chromium, Chrome or Edge on this machine to print with: apt install chromium, or write "
            "-o html=FILE and print it from any browser"
        )


def render(report: Report) -> bytes:
    """The PDF. BadInput where there is no browser, or where it fails, with what it said."""
    check()
    with tempfile.TemporaryDirectory(prefix="fencewalk-") as name:
        folder = Path(name)
        page, printed = folder / "report.html", folder / "report.pdf"
        page.write_bytes(exporters()["html"].render(report))
        # Its sandbox is not to be had for root.
        root = ("--no-sandbox",) if os.geteuid() == 0 else ()
        command = [
            str(browser()), *_FLAGS, *root, f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={printed}",
            page.as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, timeout=_PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            raise BadInput(f"-o pdf: {command[0]} did not print within {_PATIENCE:.0f} s; use -o html") from None
        except OSError as error:
            raise BadInput(f"-o pdf: {command[0]} cannot be started: {error.strerror}") from None
        if not printed.is_file() or not printed.read_bytes().startswith(b"%PDF"):
            said = (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]
            raise BadInput(f"-o pdf: {command[0]} printed nothing: {visible(said, 300)}")
        return printed.read_bytes()
