"""`python -m tui.pictures SITE`: the README's pictures, made by the program from a site's scan data."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

from scanner.session import assess_site
from tui.app import screenshot_svg


def draw(site: Path, today: datetime.date, folder: Path) -> None:
    """An SVG a screen."""
    report = assess_site(site, None, today)
    for screen in ("overview", "gaps"):
        (folder / f"{screen}.svg").write_text(screenshot_svg(report, screen, size=(132, 40)), encoding="utf-8")


if __name__ == "__main__":
    draw(Path(sys.argv[1]), datetime.date.fromisoformat(sys.argv[2]), Path(__file__).parent)
