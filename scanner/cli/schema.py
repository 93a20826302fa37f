"""`fencewalk schema`: the JSON Schemas of our files."""

from __future__ import annotations

from typing import Any

import click

KINDS = ("site", "topology", "baseline", "overrides", "report", "diff")


def schema_of(what: str) -> dict[str, Any]:
    """The JSON Schema of one of KINDS."""
    import msgspec

    from scanner.assess.later.compare import Diff
    from scanner.baselines.overrides import Overrides
    from scanner.lab.topology import Topology
    from scanner.model.baseline import Baseline
    from scanner.model.report import Report
    from scanner.model.site import Site

    kinds: dict[str, type] = dict(zip(KINDS, (Site, Topology, Baseline, Overrides, Report, Diff), strict=True))
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

    `report` and `diff` are what assess and diff write with -o json=; `overrides` is a client's baselines.yaml.

    \b
    fencewalk schema site > site.schema.json
    """
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(schema_of(what)), indent=2))
