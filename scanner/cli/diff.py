"""`fencewalk diff`: what changed between two visits."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from scanner.cli._options import SITE, STORE, TODAY, check_outputs, check_store, write_output


@click.command("diff", short_help="What changed since earlier scans.")
@SITE
@click.option(
    "--base", metavar="SCAN|DATE",
    help="Compare with the scans up to this one, or up to the end of this day (default: those before the newest whole "
    "scan of each zone).",
)  # fmt: skip
@click.option(
    "--until", metavar="SCAN|DATE", help="Leave out what came after this scan, or after this day (default: nothing)."
)
@click.option("-o", "--output", metavar="json=PATH", help="Write the diff as json; PATH - is stdout.")
@click.option(
    "--fail-on-new", type=click.Choice(["info", "low", "medium", "high", "critical"]),
    help="Exit with 1 if a new finding is at least this severe.",
)  # fmt: skip
@TODAY
@STORE
def COMMAND(
    site: Path,
    base: str | None,
    until: str | None,
    output: str | None,
    fail_on_new: str | None,
    today: datetime.date | None,
    store: Path | None,
) -> None:
    """Findings that are new, fixed, persisting, and not retested, and the flows that opened and closed.

    Both states are judged by today's site file and facts, so that only what was observed differs. A finding is fixed
    only where its probes were sent again from the same zone and the answers show it; silence is no fix.

    \b
    fencewalk diff site.yaml
    fencewalk diff site.yaml --base 2026-10-31 -o json=-
    fencewalk diff site.yaml --base 2026-10-31 --until 2026-11-15
    """
    import msgspec

    from scanner import diff, session
    from scanner.cli._diff_text import described
    from scanner.errors import BadInput
    from scanner.model.base import SEVERITIES
    from scanner.model.report import is_open

    path = ""
    if output is not None:
        name, equals, path = output.partition("=")
        if name != "json" or not equals or not path:
            raise BadInput(f"-o {output}: write json=PATH, or json=- for stdout")
    where = session.store_path(site, store)
    check_store(where, create=False)
    if path:
        check_outputs([path], (site, where, site.parent / session.EXCEPTIONS))
    found = diff.diff_site(site, store, base, today, until)
    if path:
        compact = msgspec.json.encode(found, order="deterministic")
        write_output(path, msgspec.json.format(compact, indent=2) + b"\n")
        if path != "-":
            click.echo(f"{path} written", err=True)
    if path != "-":
        click.echo(described(found))
    if fail_on_new is not None:
        floor = SEVERITIES.index(fail_on_new)
        if any(SEVERITIES.index(each.finding.severity) >= floor for each in found.new if is_open(each.finding)):
            click.get_current_context().exit(1)
