"""`fencewalk lab`: topologies as real networks, to try things in."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import click

from scanner.cli._options import program


@click.group("lab", short_help="Sample networks inside this machine, to try things in.")
def COMMAND() -> None:
    """Sample networks inside this machine, to try fencewalk or anything else in.

    \b
    fencewalk lab list
    sudo fencewalk lab up harbor-dental          prints NAME
    sudo fencewalk lab shell NAME guest          a shell on a laptop in the guest zone
    sudo fencewalk lab down NAME
    """


@COMMAND.command("list")
def list_() -> None:
    """Name the sample networks, and those that are up."""
    from scanner import samples
    from scanner.lab.namespaces import labs
    from scanner.model.text import plural

    for name in samples.topology_names():
        topology = samples.load_topology(name)
        size = f"{plural(len(topology.networks), 'segment')}, {plural(len(topology.hosts), 'host')}"
        click.echo(f"{name:16} {topology.title} ({size})")
    for lab in labs():
        click.echo(f"{lab.name}: up, {lab.topology}, zones {', '.join(lab.zones)}")


@COMMAND.command("up")
@click.argument("topology")
def up(topology: str) -> None:
    """Bring TOPOLOGY up, until `lab down NAME`. Prints NAME."""
    from scanner import samples
    from scanner.lab.namespaces import raise_lab

    _only_root("only root can raise a lab that stays up (fencewalk demo needs no root)")
    lab = raise_lab(samples.load_topology(topology), persistent=True)
    click.echo(lab.name)
    click.echo(f"zones: {', '.join(lab.zones)}; try: fencewalk lab shell {lab.name} {lab.zones[0]}", err=True)


@COMMAND.command("down")
@click.argument("name")
def down(name: str) -> None:
    """Take the network NAME down; `all` takes down every one."""
    from scanner.lab.namespaces import labs, lower

    _only_root("only root sees labs and takes them down")
    for each in [lab.name for lab in labs()] if name == "all" else [name]:
        lower(each)


@COMMAND.command("shell")
@click.argument("name")
@click.argument("zone")
def shell(name: str, zone: str) -> None:
    """Open a shell on the laptop in ZONE of NAME."""
    raise SystemExit(_inside(name, zone, [os.environ.get("SHELL", "/bin/sh")]))


@COMMAND.command("run", context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("zone")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(name: str, zone: str, command: tuple[str, ...]) -> None:
    """Run COMMAND on the laptop in ZONE of NAME.

    Ends with the exit code of COMMAND.
    """
    raise SystemExit(_inside(name, zone, list(command)))


def _only_root(why: str) -> None:
    """NoPrivilege names the command that works. Without this a user is told that there is no lab, or nothing at all:
    the records of labs are not his to read, nor are their namespaces his to enter."""
    from scanner.errors import NoPrivilege

    if os.geteuid() != 0:
        raise NoPrivilege(f"{why}: sudo {program()} {shlex.join(sys.argv[1:])}")


def _inside(name: str, zone: str, command: list[str]) -> int:
    from scanner.errors import BadInput
    from scanner.lab.namespaces import labs

    _only_root("only root sees labs and enters them")
    standing = {lab.name: lab for lab in labs()}
    if name not in standing:
        raise BadInput(
            f"no lab is called {name!r}; there are: {', '.join(standing) or 'none (fencewalk lab up TOPOLOGY)'}"
        )
    sys.stdout.flush()
    return subprocess.run(standing[name].command(zone, command), check=False).returncode
