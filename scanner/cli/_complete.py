"""What a shell may complete: sites, zones, finding ids, formats. Whatever goes wrong here completes nothing, and says
nothing: somebody is in the middle of a line."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

from scanner.errors import FencewalkError

if TYPE_CHECKING:
    import click

_HEAD = 65536
_MOST_FILES = 200
_MOST_STORE = 4 << 20
"""Bytes of scan data that are judged while somebody waits at the prompt."""
_KEY = re.compile(rb"^(?:client|site|zones)[ \t]*:", re.MULTILINE)


def sites(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The site files of the folder; where there is none, whatever file the shell knows."""
    typed = Path(incomplete)
    folder = typed if incomplete.endswith("/") else typed.parent
    prefix = "" if incomplete.endswith("/") else typed.name
    start = incomplete.removesuffix(prefix)
    found = [each for each in _site_files(folder) if each.name.startswith(prefix)]
    return [CompletionItem(f"{start}{each.name}") for each in found] or [CompletionItem(incomplete, type="file")]


def zones(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The zones of the site file that was typed, or of the only one here."""
    from scanner import session

    with contextlib.suppress(FencewalkError, OSError):
        site = _site(ctx)
        if site is not None:
            return [
                CompletionItem(each.name, help=f"{', '.join(each.subnets[:3])}, {each.trust}")
                for each in session.load_site(site).zones
                if each.name.startswith(incomplete)
            ]
    return []


def findings(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The ids of the site's findings, where judging its scan data takes but a moment."""
    from scanner import session
    from scanner.model.text import visible

    with contextlib.suppress(FencewalkError, OSError):
        site = _site(ctx)
        if site is None:
            return []
        store = ctx.params.get("store")
        where = session.store_path(site, store if isinstance(store, Path) else None)
        if where.stat().st_size > _MOST_STORE:
            return []
        report = session.assess_site(site, where)
        return [
            CompletionItem(each.id, help=f"{each.severity}: {visible(each.title, 100)}")
            for each in report.findings
            if each.id.startswith(incomplete)
        ]
    return []


def outputs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """`json=`, `html=`: the formats; behind the sign the shell's own files."""
    from scanner import pdf
    from scanner.exporters import exporters

    if "=" in incomplete:
        return [CompletionItem(incomplete.partition("=")[2], type="file")]
    titles = {name: each.title for name, each in exporters().items()} | {pdf.NAME: pdf.TITLE}
    return [CompletionItem(f"{name}=", help=titles[name]) for name in sorted(titles) if name.startswith(incomplete)]


def _site(ctx: click.Context) -> Path | None:
    typed = ctx.params.get("site")
    if isinstance(typed, Path):
        return typed
    # With an option whose value is still to come, nothing of the line was understood yet.
    for each in ctx.args:
        if each.endswith((".yaml", ".yml")) and Path(each).is_file():
            return Path(each)
    known = _site_files(Path())
    return known[0] if len(known) == 1 else None


def _site_files(folder: Path) -> list[Path]:
    found = []
    with contextlib.suppress(OSError):
        listed = sorted(each for each in folder.iterdir() if each.suffix in (".yaml", ".yml"))
        for each in listed[:_MOST_FILES]:
            with contextlib.suppress(OSError):
                if each.is_file() and len(set(_KEY.findall(_head(each)))) == 3:
                    found.append(each)
    return found


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)
