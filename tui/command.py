"""`fencewalk tui`: explore a site's report in the terminal. Textual is imported only once there is a report to show."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.errors import BadInput

if TYPE_CHECKING:
    from scanner.model.report import Report


def load_report(path: Path) -> Report:
    """A report that `-o json=FILE` wrote, its text made visible. BadInput names the file and what is wrong with it."""
    import msgspec

    from scanner.model.report import Report

    try:
        # The file may have come from anywhere, so it is not trusted to be what we wrote.
        return msgspec.convert(_visible(msgspec.json.decode(path.read_bytes())), Report)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error}).") from None
    except msgspec.MsgspecError as error:
        raise BadInput(
            f"{path}: is no fencewalk report ({error}); write one with `fencewalk assess -o json=FILE`."
        ) from None


def _visible(value: object) -> object:
    from scanner.model.text import visible

    if isinstance(value, str):
        # Line ends are ours to write (a remedy and its command); the screens show them only where they belong.
        return "\n".join(visible(line, 65536) for line in value.split("\n"))
    if isinstance(value, list):
        return [_visible(each) for each in value]
    if isinstance(value, dict):
        return {key: _visible(each) for key, each in value.items()}
    return value


def _report(site: Path | None, store: Path | None, today: str | None, saved: Path | None) -> Report:
    if saved is not None:
        return load_report(saved)
    if site is None:
        raise BadInput("Name a site file, or a saved report with --report FILE.")
    from scanner.session import assess_site, parse_day

    return assess_site(site, store=store, today=parse_day(today, "--today") if today else None)


@click.command("tui", short_help="Explore the report in the terminal.")
@click.argument("site", required=False, type=click.Path(path_type=Path))
@click.option("--store", type=click.Path(path_type=Path), help="Scan data; beside the site file by default.")
@click.option("--today", metavar="YYYY-MM-DD", help="Judge as of this day (default: today).")
@click.option("--report", "saved", type=click.Path(path_type=Path), help="Show this saved JSON report instead.")
def COMMAND(site: Path | None, store: Path | None, today: str | None, saved: Path | None) -> None:
    """Explore the report of SITE in the terminal: overview, hosts, zone matrix, gaps and patches."""
    # Textual draws on stderr, reads stdin, and a redirected stdout means that somebody expects text there.
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise BadInput("The TUI needs a terminal; for plain text use `fencewalk assess`.")
    report = _report(site, store, today, saved)
    from tui.app import run_app

    run_app(report)
