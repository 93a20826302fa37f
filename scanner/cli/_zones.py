"""NetBox's prefixes as zones of a site file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.model.text import plural, visible

if TYPE_CHECKING:
    from scanner.model.site import Site


def add_zones(loaded: Site, site: Path, paths: Sequence[Path], client: str | None, write: bool) -> None:
    """Print the zones that SITE has not yet, or add them to it."""
    from scanner.importers.netbox import MOST_BYTES, read_netbox
    from scanner.importers.site_text import with_zones, zones_text
    from scanner.session import replace_text

    files = []
    for path in paths:
        with path.open("rb") as file:
            files.append((file.read(MOST_BYTES + 1), visible(str(path))))
    found = read_netbox(files, loaded, client)
    for each in found.notes:
        click.echo(f"fencewalk: {visible(each)}", err=True)
    names = ", ".join(name for _, name in files)
    if not found.zones:
        there = f": {plural(found.known, 'prefix', 'prefixes')} of it in its zones already" if found.known else ""
        click.echo(f"{names}: no zone to add to {site}{there}", err=True)
        return
    scope = "" if loaded.scope.include else "; its scope includes all zones, so that these may be scanned, too"
    if write:
        replace_text(site, with_zones(site.read_bytes().decode("utf-8"), found.zones, str(site)))
        click.echo(f"{site}: {plural(len(found.zones), 'zone')} added from {names}{scope}", err=True)
    else:
        click.echo(zones_text(found.zones), nl=False)
        click.echo(f"{names}: {plural(len(found.zones), 'zone')} to add to {site}; --write adds them{scope}", err=True)
