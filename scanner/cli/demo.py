"""`fencewalk demo`: a client's network raised on this machine, scanned from every zone, judged and shown."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli._options import on_terminal, program, write_output
from scanner.cli._progress import Ticker
from scanner.model.text import plural

if TYPE_CHECKING:
    from scanner.lab.topology import Topology


@click.command("demo", short_help="A sample network: raised, scanned, judged and shown.")
@click.argument("topology", default="harbor-dental")
@click.option("--simulate", is_flag=True, help="Compute the answers, without packets: works anywhere.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("demo"), show_default=True,
    help="Folder for site.yaml, the scan data and report.html.",
)  # fmt: skip
@click.option("--tui/--no-tui", default=None, help="Open the TUI at the end (default: on a terminal).")
def COMMAND(topology: str, simulate: bool, out: Path, tui: bool | None) -> None:
    """Build a sample client's network inside this machine, scan it from every zone, and write report.html.

    TOPOLOGY is a name that `fencewalk lab list` prints, or a file. Nothing leaves this machine: the network is made of
    network namespaces. Where those cannot be had it says so and runs simulated.

    \b
    fencewalk demo
    fencewalk demo law-firm --out law-firm
    """
    from scanner import samples, session
    from scanner.cli._summary import summary
    from scanner.errors import BadInput
    from scanner.exporters import exporters

    if tui and not on_terminal():
        raise BadInput("--tui: stdin, stdout and stderr have to be a terminal; leave it out, or redirect none")
    started = time.monotonic()
    loaded = samples.load_topology(topology)
    if not simulate:
        refused = _enter_lab()
        if refused is not None:
            click.echo(f"fencewalk: no network namespaces here ({refused}); the demo runs simulated", err=True)
            simulate = True
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"--out {out}: no folder can be made there: {error.strerror}") from None
    site = out / "site.yaml"
    _check_ours(site)
    samples.write_lab_site(loaded, site, session.today_local())
    store = session.store_path(site, None)
    for old in (store, store.with_name(store.name + "-wal"), store.with_name(store.name + "-shm")):
        old.unlink(missing_ok=True)
    if simulate:
        _simulate(loaded, store)
    else:
        _scan_for_real(loaded, site, store)

    _import(loaded, out, store)
    report = session.assess_site(site, store, loaded.today)
    page = out / "report.html"
    write_output(str(page), exporters()["html"].render(report))
    click.echo(summary(report, color=sys.stdout.isatty()))
    seconds = time.monotonic() - started
    how = "simulated" if simulate else "with real packets"
    click.echo(
        f"\n{loaded.title}: {plural(len(report.vantages), 'session')} {how} in {seconds:.0f} s. The report: {page}"
    )
    click.echo(
        f"It is judged as of {loaded.today}, the demo's day, and not as of today: that is what the sample network was "
        "written for."
    )
    click.echo(f"Explore it again: {program()} tui {shlex.quote(str(site))} --today {loaded.today}")
    if tui if tui is not None else on_terminal():
        context = click.get_current_context()
        command = context.find_root().command
        assert isinstance(command, click.Group)
        explore = command.get_command(context, "tui")
        if explore is not None:
            context.invoke(explore, site=site, store=store, today=str(loaded.today))


def _check_ours(site: Path) -> None:
    """BadInput where `site` and its scan data are a client's: those of a demo are written anew."""
    from scanner import samples, session
    from scanner.errors import BadInput

    store = session.store_path(site, None)
    ours = samples.is_lab_site(session.read_text(site)) if site.exists() else not store.exists()
    if not ours:
        found = site if site.exists() else store
        raise BadInput(f"--out {site.parent}: {found} is there and is no demo's; name another folder")


def _enter_lab() -> str | None:
    """Become able to raise a lab, in a user namespace if need be (this starts the program anew); or why not."""
    from scanner.lab.privilege import can_raise, enter_user_namespace

    refused = can_raise()
    if refused is None:
        enter_user_namespace()
    return refused


def _simulate(topology: Topology, store: Path) -> None:
    from scanner import samples
    from scanner.ports import Ports, parse_ports
    from scanner.store import Store

    for ports in (Ports(), parse_ports(topology.scan.ports)):
        for zone in topology.site.zones:
            with Store(store) as opened:
                ticker = Ticker(zone.name)
                for event in samples.scan_simulated(topology, zone.name, ports, opened):
                    ticker.see(event)
                if ports.tcp:
                    ticker.end()


def _import(topology: Topology, out: Path, store: Path) -> None:
    """The inventories that somebody handed over, each a file beside the site file, imported as a technician would."""
    from scanner.cli._inventories import Asked, take_inventory

    for each in topology.inventories:
        file = out / each.file
        file.write_text(each.text, encoding="utf-8")
        take_inventory(topology.site, file, store, Asked(hosts=each.hosts, distro=each.distro))


def _scan_for_real(topology: Topology, site: Path, store: Path) -> None:
    """From each zone the very command that a technician types there; twice, so that every zone's hosts are known."""
    from scanner.errors import ScanIncomplete
    from scanner.lab.namespaces import raise_lab
    from scanner.store import Store

    # Ours stays open: whoever opens or closes a store first or last locks it for a moment.
    with Store(store), raise_lab(topology) as lab:
        size = f"{plural(len(topology.hosts), 'host')} in {plural(len(topology.networks), 'segment')}"
        click.echo(f"{topology.title}: {size} raised", err=True)
        for ports in ("none", topology.scan.ports):
            what = "finding who is there" if ports == "none" else "asking ports and services"
            click.echo(f"From every zone: {what}", err=True)
            running = [
                (zone.name, subprocess.Popen(lab.command(zone.name, _scan(site, zone.name, store, ports, topology))))
                for zone in topology.site.zones
            ]
            failed = [name for name, process in running if process.wait() != 0]
            if failed:
                raise ScanIncomplete(f"the scan from {', '.join(failed)} did not end well; see above")


def _scan(site: Path, zone: str, store: Path, ports: str, topology: Topology) -> list[str]:
    program = [sys.executable, "-m", "scanner.cli", "scan", str(site), "--from", zone, "--store", str(store)]
    return [*program, "--ports", ports, "--engine", topology.scan.engine]
