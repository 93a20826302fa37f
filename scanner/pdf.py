"""The HTML report as a PDF: by the browser that this machine has, else by WeasyPrint.

A browser lays out all that the style sheet says of paper, and is much the quicker; WeasyPrint is the extra `pdf`.
Either sees one local document that can ask for nothing. The browser resolves no name, and keeps nothing.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from scanner.errors import BadInput
from scanner.exporters import exporters
from scanner.model.report import Report
from scanner.model.text import visible

NAME = "pdf"
TITLE = "Compliance report (PDF, printed by Chromium or WeasyPrint)"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
_FLAGS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-default-browser-check", "--disable-sync",
    "--disable-extensions", "--disable-background-networking", "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--no-pdf-header-footer",
)  # fmt: skip
_PATIENCE = 120.0
"""Seconds; a report of the greatest network takes a few."""
_WRITTEN = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)\d{14}(Z|[-+]\d\d'\d\d')(?=\))")
"""In a document's own strings a bracket has a backslash before it: none of them can look like this."""
_INSTEAD = "or write -o html=FILE and print it from any browser"


def browser() -> str | None:
    """The path of the browser that prints, if there is one."""
    return next((found for each in BROWSERS if (found := shutil.which(each))), None)


def check() -> None:
    """BadInput where nothing here can print."""
    if browser() is None and importlib.util.find_spec("weasyprint") is None:
        raise BadInput(
            "-o pdf: no Chromium, Chrome or Edge on this machine to print with, and no WeasyPrint: apt install "
            f"chromium, pip install 'fencewalk[pdf]', {_INSTEAD}"
        )


def render(report: Report) -> bytes:
    """The PDF. BadInput where nothing here can print, or where that fails, with what it said."""
    check()
    found, page = browser(), exporters()["html"].render(report)
    return dated(_woven(page) if found is None else _printed(found, page), report.generated)


def dated(printed: bytes, day: str) -> bytes:
    """As if printed on that day (2026-11-20): the same report gives the same bytes. None of them moves."""
    stamp = day.replace("-", "").encode() + b"000000"

    def zone(found: re.Match[bytes]) -> bytes:
        return found[1] + stamp + (b"Z" if found[2] == b"Z" else b"+00'00'")

    return _WRITTEN.sub(zone, printed)


def _printed(program: str, text: bytes) -> bytes:
    with tempfile.TemporaryDirectory(prefix="fencewalk-") as name:
        folder = Path(name)
        page, printed = folder / "report.html", folder / "report.pdf"
        page.write_bytes(text)
        # Its sandbox is not to be had for root.
        root = ("--no-sandbox",) if os.geteuid() == 0 else ()
        command = [
            program, *_FLAGS, *root, f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={printed}",
            page.as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, timeout=_PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            raise BadInput(f"-o pdf: {program} did not print within {_PATIENCE:.0f} s; use -o html") from None
        except OSError as error:
            raise BadInput(f"-o pdf: {program} cannot be started: {error.strerror}") from None
        if not printed.is_file() or not printed.read_bytes().startswith(b"%PDF"):
            said = (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]
            raise BadInput(f"-o pdf: {program} printed nothing: {visible(said, 300)}")
        return printed.read_bytes()


def _woven(page: bytes) -> bytes:
    """By WeasyPrint, which runs no script: the page's are for the screen. Its time grows with the pages, and what a
    page writes out is bounded."""
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher  # late, and it may not be there
    except (ImportError, OSError) as error:  # OSError: the libraries that it draws with
        said = visible(str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__, 300)
        raise BadInput(f"-o pdf: WeasyPrint cannot be used here ({said}); apt install chromium, {_INSTEAD}") from None

    inside = URLFetcher(allowed_protocols=["data"])
    printed: bytes = HTML(string=page.decode(), url_fetcher=inside).write_pdf()
    return printed
