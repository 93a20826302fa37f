"""`fencewalk feeds`: facts that are published for everybody, fetched, checked, and kept for use offline."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli._options import TODAY, program, write_output
from scanner.errors import BadInput
from scanner.files import check_replaceable
from scanner.model.text import plural, visible

if TYPE_CHECKING:
    from scanner.feeds.listing import Row
    from scanner.feeds.update import Outcome

_INCOMPLETE = 3
_COLOURS = {"FRESH": "green", "STALE": "yellow", "MISSING": None, "CHANGED": "red"}


@click.group("feeds", short_help="Published facts to judge by: end of life, exploited flaws, fixes.")
def COMMAND() -> None:
    """Facts that are published for everybody: until when a product is supported, which flaws are exploited, in which
    revision a distribution fixed what. They are fetched over HTTPS, checked, pinned by SHA-256, and kept for use
    offline; `assess` judges by them besides what comes with fencewalk. Nothing in them is ever run.

    \b
    fencewalk feeds list
    fencewalk feeds update                       all of them
    fencewalk feeds update kev epss              two of them
    fencewalk feeds export feeds.zip             for a laptop that is offline
    fencewalk feeds import feeds.zip             there
    """


@COMMAND.command("list")
@click.option("-o", "--output", metavar="json=PATH", help="Write the list as JSON; json=- for stdout.")
@TODAY
def list_(output: str | None, today: datetime.date | None) -> None:
    """Name every feed: its entries, the day of its facts, their age and its limit, and the file's SHA-256.

    FRESH: its facts can say that nothing is missing. STALE: they are older than the feed's limit, and only say what
    is. CHANGED: the file is not the one that was pinned, and is not used.
    """
    import msgspec

    from scanner.feeds.cache import feeds_folder
    from scanner.feeds.listing import rows
    from scanner.session import today_local

    path = _json_path(output)
    found = rows(feeds_folder(), today or today_local())
    if path:
        write_output(path, msgspec.json.format(msgspec.json.encode(found, order="deterministic"), indent=2) + b"\n")
        return
    _show(found)


@COMMAND.command("update")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--url", metavar="URL", help="Fetch the one NAME from here instead of from its publisher (a mirror).")
def update(names: tuple[str, ...], url: str | None) -> None:
    """Fetch the feeds NAME (default: all), and replace the cached editions by what can be believed.

    A file replaces the cached one only if it can be read, has a plausible number of entries, not less than half of the
    cached one's, and is not older. Where anything is amiss the cached edition stays, and the exit code is 3.
    """
    from scanner.feeds.cache import feeds_folder
    from scanner.feeds.feed import feeds
    from scanner.feeds.update import update as fetched

    chosen = _chosen(names, feeds())
    if url is not None and len(names) != 1:
        raise BadInput("--url is for one feed; name it")
    if url is not None and not url.startswith("https://"):
        raise BadInput(f"--url {url}: has to begin with https://")
    folder = _writable(feeds_folder())
    _tell(fetched(folder, name, feeds()[name], _now(), url) for name in chosen)


@COMMAND.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path, readable=False))
@click.option("--whole", is_flag=True, help="What PATH holds is all that its publisher has, however little it is.")
def import_(paths: tuple[Path, ...], whole: bool) -> None:
    """Take over what somebody fetched: a publisher's file, a folder of such, or what `feeds export` wrote.

    Which feed a file is of is told by what is in it. A few advisories out of a distribution's thousands are an
    excerpt: what they lack says nothing, so that each is only as fresh as its own date. --whole says that they are
    all there are.
    """
    from scanner.feeds.bring import bring
    from scanner.feeds.cache import feeds_folder

    folder = _writable(feeds_folder())
    _tell((each for path in paths for each in bring(folder, path, _now(), whole=whole)), incomplete=2)


@COMMAND.command("export")
@click.argument("file", type=click.Path(path_type=Path, readable=False))
def export(file: Path) -> None:
    """Write every cached feed into FILE, for `feeds import` on another laptop."""
    from scanner.feeds import bundle
    from scanner.feeds.cache import feeds_folder

    if file.is_dir():
        raise BadInput(f"{file}: is a folder; name a file in it, such as {file / 'feeds.zip'}")
    check_replaceable(file)
    pins = bundle.export(feeds_folder(), file)
    click.echo(f"{file} written: {', '.join(pin.name for pin in pins)}", err=True)


def _chosen(names: tuple[str, ...], known: Iterable[str]) -> tuple[str, ...]:
    from scanner.model.groups import did_you_mean

    known = tuple(known)
    for name in names:
        if name not in known:
            raise BadInput(f"{name}: no such feed{did_you_mean(name, known)}; there are: {', '.join(known)}")
    return names or known


def _json_path(output: str | None) -> str:
    if output is None:
        return ""
    name, equals, path = output.partition("=")
    if name != "json" or not equals or not path:
        raise BadInput(f"-o {output}: write json=PATH, or json=- for stdout")
    return path


def _tell(outcomes: Iterable[Outcome], incomplete: int = _INCOMPLETE) -> None:
    failed = 0
    for each in outcomes:
        failed += each.state == "failed"
        click.echo(f"{each.name}: {visible(each.told)}", err=True)
    if failed:
        click.get_current_context().exit(incomplete)


def _show(found: tuple[Row, ...]) -> None:
    click.echo(f"{'':8} {'feed':16} {'entries':>8} {'facts of':10} {'age':>5} {'limit':>5}  SHA-256")
    for row in found:
        age = "" if row.age_days is None else f"{row.age_days:,}"
        entries = "" if row.entries is None else f"{row.entries:,}"
        state = click.style(f"{row.state:8}", fg=_COLOURS.get(row.state))
        line = f"{state} {row.name:16} {entries:>8} {row.dated or '':10} {age:>5} {row.limit_days:>5}  "
        click.echo(line + (row.sha256 or row.title)[:40] + ("" if row.whole else "  an excerpt"))
    for row in found:
        if row.trouble:
            click.echo(f"{row.name}: {visible(row.trouble)}", err=True)
    stale = [row.name for row in found if row.state in ("STALE", "MISSING")]
    if stale:
        click.echo(f"{plural(len(stale), 'feed')} to update: {program()} feeds update {' '.join(stale)}", err=True)


def _writable(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{folder}: cannot be made: {error.strerror}; XDG_DATA_HOME names another place") from None
    return folder


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)
