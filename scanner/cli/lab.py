"""`fencewalk lab`: topologies as real networks, to try things in."""

from __future__ import annotations

import subprocess
import sys

import click


@click.group("lab", short_help="Topologies as real networks: list, up, down, shell, run.")
def COMMAND() -> None:
    """Raise a topology as network namespaces on this machine, and work from its zones."""


@COMMAND.command("list")
def list_() -> None:
    """Name the topologies, and the labs that are up."""
    from scanner import session
    from scanner.lab.namespaces import labs

    for name in session.topology_names():
        topology = session.load_topology(name)
        click.echo(f"{name:16} {topology.title} ({len(topology.networks)} segments, {len(topology.hosts)} hosts)")
    for lab in labs():
        click.echo(f"{lab.name}: up, {lab.topology}, zones {', '.join(lab.zones)}")


@COMMAND.command("up")
@click.argument("topology")
def up(topology: str) -> None:
    """Raise TOPOLOGY; it stays up until `fencewalk lab down NAME`. Prints NAME."""
    import os

    from scanner import session
    from scanner.errors import NoPrivilege
    from scanner.lab.namespaces import raise_lab

    if os.geteuid() != 0:
        raise NoPrivilege("a lab that stays up needs root: sudo fencewalk lab up (fencewalk demo needs none)")
    lab = raise_lab(session.load_topology(topology), persistent=True)
    click.echo(lab.name)
    click.echo(f"zones: {', '.join(lab.zones)}; try: fencewalk lab shell {lab.name} {lab.zones[0]}", err=True)


@COMMAND.command("down")
@click.argument("name")
def down(name: str) -> None:
    """Take the lab NAME down (`all`: every lab)."""
    from scanner.lab.namespaces import labs, lower

    for each in [lab.name for lab in labs()] if name == "all" else [name]:
        lower(each)


@COMMAND.command("shell")
@click.argument("name")
@click.argument("zone")
def shell(name: str, zone: str) -> None:
    """Open a shell on the laptop in ZONE of the lab NAME."""
    import os

    raise SystemExit(_inside(name, zone, [os.environ.get("SHELL", "/bin/sh")]))


@COMMAND.command("run", context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("zone")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(name: str, zone: str, command: tuple[str, ...]) -> None:
    """Run COMMAND on the laptop in ZONE of the lab NAME; its exit code is ours."""
    raise SystemExit(_inside(name, zone, list(command)))


def _inside(name: str, zone: str, command: list[str]) -> int:
    from scanner.errors import BadInput
    from scanner.lab.namespaces import labs

    standing = {lab.name: lab for lab in labs()}
    if name not in standing:
        raise BadInput(
            f"no lab is called {name!r}; there are: {', '.join(standing) or 'none (fencewalk lab up TOPOLOGY)'}"
        )
    sys.stdout.flush()
    return subprocess.run(standing[name].command(zone, command), check=False).returncode
