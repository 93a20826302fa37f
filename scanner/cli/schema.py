"""`fencewalk schema`: the JSON Schemas of our files."""

from __future__ import annotations

import click


@click.command("schema", short_help="The JSON Schema of a site file, or another of our files.")
@click.argument("what", type=click.Choice(["site", "topology", "baseline", "report"]))
def COMMAND(what: str) -> None:
    """Print every key that a file of ours may have, as JSON Schema; editors complete and check YAML by it.

    \b
    fencewalk schema site > site.schema.json
    """
    import msgspec

    from scanner.lab.topology import Topology
    from scanner.model.baseline import Baseline
    from scanner.model.report import Report
    from scanner.model.site import Site

    kinds: dict[str, type] = {"site": Site, "topology": Topology, "baseline": Baseline, "report": Report}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"fencewalk {what}",
        **msgspec.json.schema(kinds[what]),
    }
    click.echo(msgspec.json.format(msgspec.json.encode(schema), indent=2))
