"""`fencewalk baselines`: the facts that versions are judged by, listed and checked."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from scanner.cli._options import TODAY
from scanner.model.text import plural, visible

_WRONG = 1


@click.group("baselines", short_help="Patch baselines: list them, check their facts.")
def COMMAND() -> None:
    """What each product's version has to be, and where that was read. A client's file baselines.yaml, beside the site
    file, may ask for more.

    \b
    fencewalk baselines list
    fencewalk baselines lint
    fencewalk baselines lint my-product.yaml
    """


@COMMAND.command("list")
def list_() -> None:
    """Name every product that comes with a baseline: its branches, and when their facts were read."""
    from scanner.baselines import bundled

    width = max(len(each.product) for each in bundled())
    click.echo(f"{'product':{width}}  {'scheme':12} {'branches':>8} {'flaws':>5} {'facts of':10}  title")
    for each in sorted(bundled(), key=lambda one: one.product):
        flaws = len({flaw.cve for branch in each.branches for flaw in branch.flaws})
        read = max(branch.source.retrieved for branch in each.branches)
        numbers = f"{len(each.branches):>8} {flaws:>5} {read}"
        click.echo(f"{each.product:{width}}  {each.scheme:12} {numbers}  {each.title}")


@COMMAND.command("lint")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path, readable=False))
@click.option(
    "--endoflife", "feed", type=click.Path(path_type=Path, readable=False), metavar="FILE",
    help="Compare ends of support with endoflife.date's products/full as saved in FILE.",
)  # fmt: skip
@TODAY
def lint(files: tuple[Path, ...], feed: Path | None, today: datetime.date | None) -> None:
    """Name facts that contradict one another, have no source, are of no use or have aged; in FILE..., or in those that
    come with fencewalk.

    Exit code 1 if anything is contradictory, unsourced or unusable; what has aged or is odd is a note.
    """
    from scanner.assess.machines.patches import STALE_AFTER_DAYS
    from scanner.baselines import bundled
    from scanner.baselines.lint import GRAVE
    from scanner.baselines.lint import lint as remarks
    from scanner.identify.nameable import product_names
    from scanner.importers.document import read_document
    from scanner.model.baseline import Baseline
    from scanner.session import read_text, today_local

    day = today or today_local()
    chosen = tuple(read_document(read_text(each), Baseline, str(each)) for each in files) or bundled()
    found = remarks(
        chosen,
        day,
        stale_after_days=STALE_AFTER_DAYS,
        products=product_names(),
        feed=None if feed is None else _ends(feed, day),
    )
    for each in sorted(found, key=lambda one: one.kind not in GRAVE):
        click.echo(visible(str(each)))
    wrong = sum(each.kind in GRAVE for each in found)
    notes = plural(len(found) - wrong, "note")
    click.echo(f"{plural(len(chosen), 'product')}: {wrong or 'nothing'} wrong, {notes}", err=True)
    if wrong:
        raise SystemExit(_WRONG)


def _ends(path: Path, today: datetime.date) -> dict[str, dict[str, datetime.date | None]]:
    """Product -> release -> the end of its support, where endoflife.date says a day or that there is none yet.

    A release that goes on under names of its own (SQL Server's `13.0-sp3`) does not end with the first of them.
    """
    from scanner.importers.endoflife_json import read_endoflife
    from scanner.model.feeds import Lifecycle
    from scanner.session import read_text

    facts = read_endoflife(read_text(path).encode(), str(path), today).facts
    assert isinstance(facts, tuple)
    ends: dict[str, dict[str, datetime.date | None]] = {}
    for product in facts:
        assert isinstance(product, Lifecycle)
        longer = {each.name.partition("-")[0] for each in product.cycles if "-" in each.name}
        ends[product.name] = {
            each.name: each.eol
            for each in product.cycles
            if each.name not in longer and (each.eol is not None or not each.ended)
        }
    return ends
