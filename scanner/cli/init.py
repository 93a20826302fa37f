"""`fencewalk init`: a site file to go on from."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.cli._options import on_terminal
from scanner.errors import BadInput
from scanner.model.text import plural, visible


@click.command("init", short_help="Write a commented site file from what this laptop sees.")
@click.argument("path", type=click.Path(path_type=Path, readable=False, allow_dash=True), default=Path("site.yaml"),
                metavar="[FILE]")  # fmt: skip
@click.option("--client", metavar="NAME", help="Whose network it is.")
@click.option("--site", metavar="NAME", help="Which of the client's places.")
@click.option("--zone", "zones", multiple=True, metavar="NAME=SUBNET[,SUBNET]", help="A zone that is known already.")
@click.option("--force", is_flag=True, help="Write over FILE if it is there.")
def COMMAND(path: Path, client: str | None, site: str | None, zones: tuple[str, ...], force: bool) -> None:
    """Write FILE (site.yaml): a zone for each network that this laptop is plugged into, with its gateway, VLAN and
    routes in comments, and every other key to be filled in. `-` prints it.

    Nothing is sent: the addresses, routes and neighbours are those that the system knows. Networks of containers and
    virtual machines, tunnels, and what lies behind routes are named and left for you to take.

    \b
    fencewalk init
    fencewalk init harbor.yaml --client "Harbor Dental" --site main-office
    fencewalk init plan.yaml --zone front-desk=10.20.10.0/24 --zone servers=10.20.20.0/24
    """
    from scanner.identify.vendor import vendor
    from scanner.importers.document import read_document
    from scanner.importers.site_draft import parse_zones, site_draft
    from scanner.model.site import Site
    from scanner.net.surroundings import surroundings
    from scanner.session import replace_text, today_local

    shown = str(path)
    if shown != "-":
        _check(path, force)
    known = tuple(parse_zones(zones))
    if on_terminal():
        client = client or click.prompt("Client", err=True)
        site = site or click.prompt("Site", default="main-office", err=True)
    text = site_draft(
        surroundings(), client or "Name of the client", site or "main-office", known, today_local(), vendor
    )
    made = read_document(text, Site, shown)
    if shown == "-":
        click.echo(text, nl=False)
        return
    if force:
        replace_text(path, text)
    else:
        _write_new(path, text)
    missing = "" if client else "the client's name, "
    click.echo(
        f"{visible(shown)}: {plural(len(made.zones), 'zone')} ({', '.join(each.name for each in made.zones)}). Fill in "
        f"{missing}who authorised it and what may flow; then: fencewalk scan {shown} --from {made.zones[0].name} "
        "--dry-run",
        err=True,
    )


def _check(path: Path, force: bool) -> None:
    if path.is_dir():
        raise BadInput(f"{path}: is a folder; name a file in it, such as {path / 'site.yaml'}")
    if (path.exists() or path.is_symlink()) and not force:
        raise BadInput(f"{path}: is there already; --force writes over it, or name another file")
    if not path.absolute().parent.is_dir():
        raise BadInput(f"{path}: there is no folder {path.parent}; make it first")


def _write_new(path: Path, text: str) -> None:
    """Never over a file that somebody made in the meantime."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise BadInput(f"{path}: is there already; --force writes over it, or name another file") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be written: {error.strerror}") from None
