"""`python -m tui.pictures SITE DAY`: the README's pictures, made by the program from a site's scan data."""

from __future__ import annotations

import datetime
import re
import sys
from pathlib import Path

from scanner.session import assess_site
from tui.app import screenshot_svg

PICTURES: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("overview", "overview", (), "fencewalk-dark"),
    ("gaps", "gaps", (), "fencewalk-dark"),
    ("patches", "patches", (), "fencewalk-dark"),
    ("matrix", "matrix", (), "fencewalk-deuteranopia"),
    # The riskiest attack path, drawn.
    ("path", "gaps", ("slash", *"kind:attack-path", "enter", "p"), "fencewalk-dark"),
)
"""Name, screen, the keys that are typed there, theme."""


def draw(site: Path, today: datetime.date, folder: Path) -> None:
    """An SVG a picture."""
    report = assess_site(site, None, today)
    for name, screen, keys, theme in PICTURES:
        picture = screenshot_svg(report, screen, size=(132, 40), keys=keys, theme=theme)
        # Rich points to fonts on a server of somebody's; whoever looks at a picture should ask nobody for anything.
        picture = re.sub(r"@font-face \{[^}]*\}", "", picture)
        (folder / f"{name}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("python -m tui.pictures SITE DAY: the site file, and the day to judge by as YYYY-MM-DD")
    draw(Path(sys.argv[1]), datetime.date.fromisoformat(sys.argv[2]), Path(__file__).parent)
