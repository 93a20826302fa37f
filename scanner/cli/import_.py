"""`fencewalk import`: what others have written down, taken over: a matrix of zones, another laptop's scan data."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from scanner.cli._options import SITE, STORE, check_store
from scanner.errors import BadInput
from scanner.model.text import plural, visible

if TYPE_CHECKING:
    from scanner.model.site import Rule, Site
    from scanner.store.merge import Taken

_HEAD = 8192
_MOST_BYTES = 4 << 20
"""Of a text file; a store may be larger."""

_SITE_KEY = re.compile(rb"^(?:client|site|scope|zones|allow|critical)[ \t]*:", re.MULTILINE)

Format = Literal["store", "matrix"]


@click.command("import", short_help="Take over a matrix of zones, or another laptop's scan data.")
@SITE
@click.argument("files", type=click.Path(path_type=Path, readable=False), nargs=-1, required=True, metavar="FILE...")
@click.option("--write", is_flag=True, help="Add a matrix's rules to SITE itself, instead of printing them.")
@STORE
def COMMAND(site: Path, files: tuple[Path, ...], write: bool, store: Path | None) -> None:
    """Take FILEs over into SITE or its scan data. Their format is recognised by what is in them.

    \b
    a matrix of zones   CSV out of a spreadsheet: the first line and the first column name the zones,
                        a row's cells say what may pass from its zone to each column's: yes, no,
                        or services such as tcp/443, udp/53, https, icmp; !tcp/23 takes one out.
                        Prints the rules that the site file has not yet; --write adds them to it.
    a store             Another laptop's scan data (site.fencewalk.sqlite): its sessions of this
                        client and site are added to this laptop's; doing it again changes nothing.

    \b
    fencewalk import site.yaml zones.csv
    fencewalk import site.yaml /media/usb/site.fencewalk.sqlite
    """
    from scanner import session

    loaded = session.load_site(site)
    formats = [(each, _format(each, site)) for each in files]
    if write and not any(kind == "matrix" for _, kind in formats):
        raise BadInput("--write is for the rules of a matrix; scan data goes into --store without it")
    where = session.store_path(site, store)
    if any(kind == "store" for _, kind in formats):
        check_store(where, create=True)
    for path, kind in formats:
        if kind == "store":
            _take_over(loaded, site, path, where)
        else:
            _add_rules(loaded, site, path, write)
            loaded = session.load_site(site)


def _format(path: Path, site: Path) -> Format:
    """BadInput for what cannot be taken over, with what it is where that can be told."""
    from scanner.importers import importers
    from scanner.importers.matrix import looks_like_matrix
    from scanner.store.merge import MAGIC

    if not path.is_file():
        raise BadInput(f"{path}: {'is no ordinary file' if path.exists() else 'no such file'}")
    if path.samefile(site):
        raise BadInput(f"{path}: is the site file itself; name what is to be taken over into it")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(MAGIC):
        return "store"
    if not head.strip():
        raise BadInput(f"{path}: the file is empty")
    for each in importers().values():
        if each.recognises(head):
            raise BadInput(
                f"{path}: {each.title}: cannot be imported yet; `scan --engine nmap` runs Nmap from a vantage"
            )
    if len(_SITE_KEY.findall(head)) > 1:
        raise BadInput(f"{path}: is a site file (YAML), which cannot be imported; copy its rules by hand")
    if path.suffix.lower() in (".yaml", ".yml"):
        raise BadInput(f"{path}: is a YAML file; a matrix of zones (CSV) or a store of scan data can be imported")
    if looks_like_matrix(head):
        return "matrix"
    raise BadInput(f"{path}: is neither a matrix of zones (CSV) nor a store of scan data; nothing else is imported yet")


def _take_over(loaded: Site, site: Path, path: Path, where: Path) -> None:
    from scanner.store import Store
    from scanner.store.merge import merge

    with Store(where) as opened:
        taken = merge(opened, path, loaded.client, loaded.site)
    for each in taken:
        _tell(f"{path}: {_told(each)}")
        if loaded.zone(each.scan.vantage.zone) is None:
            zones = ", ".join(zone.name for zone in loaded.zones)
            _tell(f"{site}: has no zone {each.scan.vantage.zone}, which that scan is from; its zones are {zones}")
    came = [each for each in taken if each.fate in ("new", "grown")]
    rows = sum(each.rows for each in came)
    click.echo(f"{path}: {plural(len(came), 'session')} with {plural(rows, 'observation')} taken over", err=True)


def _told(taken: Taken) -> str:
    scan = taken.scan
    what = {"scan": "scan", "canary": "canary", "verify": "verification"}[scan.purpose]
    ended = "" if scan.complete else ", unfinished"
    fate = {
        "new": plural(taken.rows, "observation"),
        "grown": f"{plural(taken.rows, 'observation')} more than were here",
        "known": "is here already",
        "differs": "was gone on with in both stores: what is here is kept, nothing of it is taken over",
    }[taken.fate]
    return f"{what} {scan.id} from {scan.vantage.zone}{ended}: {fate}"


def _add_rules(loaded: Site, site: Path, path: Path, write: bool) -> None:
    from scanner.assess.policies.matrix import compare
    from scanner.importers.matrix import read_matrix
    from scanner.importers.site_text import rules_text

    with path.open("rb") as file:
        raw = file.read(_MOST_BYTES + 1)
    found = compare(loaded, read_matrix(raw, loaded, str(path)), path.name)
    for each in (*found.contradictions, *found.notes):
        _tell(each)
    new = {key: rules for key, rules in (("allow", found.allow), ("deny", found.deny)) if rules}
    if write and found.contradictions:
        what = plural(len(found.contradictions), "contradiction")
        raise BadInput(f"{path}: {what} with {site}, named above: nothing is written; change the one or the other")
    if not new:
        known = f": what its {plural(found.known, 'cell')} allow is allowed there already" if found.known else ""
        click.echo(f"{path}: nothing to add to {site}{known}", err=True)
    elif write:
        _write(site, new)
        click.echo(f"{site}: {_counted(new)} added from {path}", err=True)
    else:
        click.echo("".join(rules_text(key, rules) for key, rules in new.items()), nl=False)
        then = "--write adds them"
        if found.contradictions:
            what = plural(len(found.contradictions), "contradiction")
            then = f"--write refuses while there is {what}, named above: change the one file or the other first"
        click.echo(f"{path}: {_counted(new)} to add to {site}; {then}", err=True)


def _counted(new: dict[str, tuple[Rule, ...]]) -> str:
    return " and ".join(f"{plural(len(rules), 'rule')} to `{key}`" for key, rules in new.items())


def _write(site: Path, new: dict[str, tuple[Rule, ...]]) -> None:
    """The site file, whole or not at all, with its line ends and its rights."""
    from scanner.importers.site_text import with_rules

    target = site.resolve()
    text = target.read_bytes().decode("utf-8")
    for key, rules in new.items():
        text = with_rules(text, key, rules, str(site))
    temporary = target.with_name(f".{target.name}.part")
    try:
        temporary.write_bytes(text.encode("utf-8"))
        shutil.copymode(target, temporary)
        with contextlib.suppress(
            OSError, AttributeError
        ):  # with sudo the file stays its owner's; Windows has no owners
            os.chown(temporary, target.stat().st_uid, target.stat().st_gid)
        temporary.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise BadInput(f"{site}: cannot be written: {error.strerror}") from None


def _tell(text: str) -> None:
    click.echo(f"fencewalk: {visible(text)}", err=True)
