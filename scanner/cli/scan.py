"""`fencewalk scan`: one vantage session."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli._options import SITE, STORE, Ticker, interruptible
from scanner.errors import BadInput
from scanner.model.network import METHODS, PATIENCE, Method

if TYPE_CHECKING:
    from scanner.model.observation import Event
    from scanner.net.evidence.capture import Capture


@click.command("scan", short_help="One vantage session: scan every zone from where the laptop stands.")
@SITE
@click.option("--from", "zone", required=True, metavar="ZONE", help="The zone in which the laptop stands.")
@click.option(
    "--interface", metavar="IF", help="The interface to scan from (default: the one with an address in ZONE)."
)
@click.option(
    "--engine", type=click.Choice(["auto", "raw", "connect", "nmap"]), default="auto", show_default=True,
    help="Who sends: raw packets, plain connects (no privilege), or Nmap.",
)  # fmt: skip
@click.option("--ports", "ports_text", metavar="SPEC", help="Nmap's syntax, top:N, all or none (default: top:200).")
@click.option("--no-identify", is_flag=True, help="Ports only: do not ask what runs there.")
@click.option("--no-names", is_flag=True, help="Do not ask hosts for their names (mDNS, LLMNR, NetBIOS, DNS).")
@click.option(
    "--discover", metavar="METHODS",
    help="How to find hosts of zones that are too large to be asked blindly: of echo,timestamp,syn,ack,udp "
    "(default: all).",
)  # fmt: skip
@click.option(
    "--patience", type=click.FloatRange(0, 60), default=PATIENCE, show_default=True, metavar="SECONDS",
    help="How long a router has to report a dead host.",
)  # fmt: skip
@click.option("--polite", is_flag=True, help="For fragile networks: slow, one thing at a time to a host.")
@click.option(
    "--capture", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Keep the scan's packets as evidence, in a pcap file.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Print every target, port and packet count, and send nothing.")
@click.option("--resume", is_flag=True, help="Go on with the unfinished scan from ZONE, or start one.")
@STORE
def COMMAND(
    site: Path,
    zone: str,
    interface: str | None,
    engine: str,
    ports_text: str | None,
    no_identify: bool,
    no_names: bool,
    discover: str | None,
    patience: float,
    polite: bool,
    capture: Path | None,
    dry_run: bool,
    resume: bool,
    store: Path | None,
) -> None:
    """Scan from ZONE: find hosts and services there, and probe every other zone from there.

    Nothing is sent outside the site file's scope, dates and rate. What is found goes to the store; `fencewalk assess`
    makes findings of it. A scan that is cut off keeps what it found, and --resume goes on with it.
    """
    from scanner import session
    from scanner.ports import DEFAULT, parse_ports
    from scanner.store import Store

    loaded = session.load_site(site)
    request = session.ScanRequest(
        site=loaded,
        zone=zone,
        interface=interface,
        engine=engine,  # type: ignore[arg-type]
        ports=parse_ports(DEFAULT if ports_text is None else ports_text),
        identify=not no_identify,
        names=not no_names,
        polite=polite,
        methods=_methods(discover),
        patience=patience,
        resume=resume,
    )
    request.zone_of()
    vantage = session.live_vantage(request)
    where = session.store_path(site, store)
    if capture is not None and capture.exists():
        raise BadInput(f"--capture {capture}: there is a file of that name; name another one")
    if dry_run:
        from scanner.plan import describe

        if where.exists():
            with Store(where, create=False) as opened:
                plan = session.plan_for(request, vantage, opened)
        else:
            plan = session.plan_for(request, vantage, None)
        click.echo(describe(plan, loaded))
        if refused := session.authorization_refusal(request):
            click.echo(f"fencewalk: a scan would be refused: {refused}", err=True)
        return
    # What takes a privilege is opened first, and everything else runs without.
    with contextlib.ExitStack() as opened_now:
        network = session.open_network(request, vantage)
        opened_now.callback(network.close)
        journal = session.open_journal(request, vantage, opened_now.enter_context(Store(where)))
        packets = session.open_capture(capture, loaded, journal.plan) if capture is not None else None
        session.drop_privileges(request, [each for each in (where, capture) if each is not None])
        limitations = session.blind_spots(loaded, vantage)
        for each in limitations:
            click.echo(f"fencewalk: {each.what}: {each.reason}", err=True)
        if packets is not None:
            opened_now.callback(_end_capture, packets)
            packets.start()
        ticker = Ticker(zone)
        if earlier := [row for _, row in journal.rows()]:
            when = f"{datetime.datetime.fromtimestamp(journal.scan.started):%Y-%m-%d %H:%M}"
            click.echo(f"fencewalk: going on with scan {journal.scan.id} of {when}, as it was planned then", err=True)
            for row in earlier:
                ticker.see(row)
        _carry_out(session.live_scan(network, request, journal, limitations, packets is not None), ticker)
    click.echo(f"{zone}: scan {journal.scan.id} complete, kept in {where}", err=True)


def _carry_out(events: Generator[Event, None, None], ticker: Ticker) -> None:
    """The scan itself, and whatever happens, its orderly end."""
    try:
        with interruptible(), contextlib.closing(events):
            for event in events:
                ticker.see(event)
    except KeyboardInterrupt:
        click.echo("\nWhat was collected is kept; --resume goes on with it.", err=True)
        raise
    finally:
        ticker.end()


def _end_capture(packets: Capture) -> None:
    for each in packets.stop():
        click.echo(f"fencewalk: {each.what}: {each.reason}", err=True)


def _methods(text: str | None) -> tuple[Method, ...]:
    if text is None:
        return METHODS
    wanted = [each.strip() for each in text.split(",")]
    strange = [each for each in wanted if each not in METHODS]
    if strange:
        raise BadInput(f"--discover {text}: {strange[0]!r} is none of {','.join(METHODS)}")
    return tuple(each for each in METHODS if each in wanted)
