"""`fencewalk schema`: the JSON Schemas of our files."""

from __future__ import annotations

from typing import Any

import click

KINDS = ("site", "topology", "baseline", "overrides", "report", "diff", "tickets", "webhook", "exceptions", "columns")


def schema_of(what: str) -> dict[str, Any]:
    """The JSON Schema of one of KINDS."""
    import msgspec

    from scanner.assess.later.compare import Diff
    from scanner.baselines.overrides import Overrides
    from scanner.importers.inventory import ColumnMap
    from scanner.lab.topology import Topology
    from scanner.model.accepted import Exceptions
    from scanner.model.baseline import Baseline
    from scanner.model.report import Report
    from scanner.model.site import Site
    from scanner.ticketing import Round
    from scanner.tickets.webhook import Event

    every = (Site, Topology, Baseline, Overrides, Report, Diff, Round, Event, Exceptions, ColumnMap)
    kinds: dict[str, Any] = dict(zip(KINDS, every, strict=True))
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"fencewalk {what}",
        **msgspec.json.schema(kinds[what]),
    }
    # msgspec leaves the defaults as Python has them: tuples, structs.
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(schema))
    return found


@click.command("schema", short_help="The JSON Schema of a site file, or another of our files.")
@click.argument("what", type=click.Choice(KINDS))
def COMMAND(what: str) -> None:
    """Print every key that a file of ours may have, as JSON Schema; editors complete and check YAML by it.

    `report`, `diff` and `tickets` are what assess, diff and tickets write with -o json=; `webhook` is what tickets
    sends to one; `overrides` is a client's baselines.yaml, `exceptions` its exceptions.yaml, both beside the site
    file; `columns` is what import takes as --map.

    \b
    fencewalk schema site > site.schema.json
    """
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(schema_of(what)), indent=2))
