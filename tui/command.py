"""`fencewalk tui`: explore a site's report in the terminal. Textual is imported only once there is a report to show."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.errors import BadInput

if TYPE_CHECKING:
    from scanner.model.report import Report
    from tui.site_desk import SiteDesk


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


def _opened(
    site: Path | None, store: Path | None, today: str | None, saved: Path | None
) -> tuple[Report, SiteDesk | None]:
    """The report to begin with, and the desk that works on its site. A site that was never scanned has one too: the
    scan can be made from the screens."""
    if saved is not None or site is None:
        return _report(site, store, today, saved), None
    from scanner.session import parse_day
    from tui.site_desk import SiteDesk

    desk = SiteDesk(site, store, parse_day(today, "--today") if today else None)
    return desk.reassess(), desk


def _print(report: Report, sections: tuple[str, ...], masked: bool) -> None:
    """Everything in plain lines. Needs no terminal; a reader that has read enough may close the pipe."""
    from tui.linear import SECTIONS, lines

    strange = [each for each in sections if each not in SECTIONS]
    if strange:
        raise BadInput(f"--section {strange[0]}: there is no such section; there are {', '.join(SECTIONS)}.")
    if masked:
        from tui.mask import masked as mask

        report = mask(report)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot write a letter shows its escape.
        sys.stdout.reconfigure(errors="backslashreplace")
    for line in lines(report, sections or SECTIONS):
        click.echo(line)


def _serve(arguments: list[str], host: str, port: int) -> None:
    try:
        from tui.web.server import serve
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] in ("textual_serve", "aiohttp"):
            raise BadInput("--serve needs textual-serve, which is not installed: pip install textual-serve") from None
        raise
    serve(arguments, host, port)


def _arguments(site: Path | None, store: Path | None, today: str | None, saved: Path | None) -> list[str]:
    """What each page starts `fencewalk tui` with."""
    named = (("--store", store), ("--today", today), ("--report", saved))
    # The site's own name may start with a dash.
    return [str(part) for option, value in named if value is not None for part in (option, value)] + (
        ["--", str(site)] if site is not None else []
    )


@click.command("tui", short_help="Explore the report in the terminal.")
@click.argument("site", required=False, type=click.Path(path_type=Path))
@click.option("--store", type=click.Path(path_type=Path), help="Scan data; beside the site file by default.")
@click.option("--today", metavar="YYYY-MM-DD", help="Judge as of this day (default: today).")
@click.option("--report", "saved", type=click.Path(path_type=Path), help="Show this saved JSON report instead.")
@click.option("--accessible", is_flag=True, help="Print it all as plain lines, for a screen reader or a pipe.")
@click.option("--section", "sections", multiple=True, help="With --accessible: only this; may be given again.")
@click.option("--masked", is_flag=True, help="With --accessible: the client's data behind pseudonyms.")
@click.option("--serve", is_flag=True, help="Show it in a browser of this laptop (needs textual-serve).")
@click.option("--host", default="127.0.0.1", show_default=True, help="With --serve: 127.0.0.1 or ::1, no other.")
@click.option("--port", type=click.IntRange(1, 65535), default=8765, show_default=True, help="With --serve.")
def COMMAND(
    site: Path | None, store: Path | None, today: str | None, saved: Path | None, accessible: bool,
    sections: tuple[str, ...], masked: bool, serve: bool, host: str, port: int,
) -> None:  # fmt: skip
    """Explore the report of SITE in the terminal: overview, hosts, services, zone matrix, gaps, patches, scans."""
    if accessible and serve:
        raise BadInput("--accessible and --serve: give one of the two.")
    if not accessible and (sections or masked):
        raise BadInput(f"{'--section' if sections else '--masked'} goes with --accessible.")
    if accessible:
        _print(_report(site, store, today, saved), sections, masked)
        return
    # A page that textual-serve started has no terminal, and needs none.
    paged = os.environ.get("TEXTUAL_DRIVER", "").startswith("textual.drivers.web_driver:")
    # Textual draws on stderr, reads stdin, and a redirected stdout means that somebody expects text there.
    if not serve and not paged and not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise BadInput("The TUI needs a terminal; for plain text use `fencewalk assess`, or --accessible.")
    report, desk = _opened(site, store, today, saved)
    if serve:
        # A file that cannot be read is said here, and not on a page that stays black.
        _serve(_arguments(site, store, today, saved), host, port)
        return
    from tui.app import run_app

    run_app(report, desk)
