"""`fencewalk scan`: one vantage session."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.cli._options import SITE, STORE, Ticker


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
        resume=resume,
    )
    request.zone_of()
    vantage = session.live_vantage(request)
    where = session.store_path(site, store)
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
    network = session.live_network(request, vantage)
    with Store(where) as opened:
        journal = session.open_journal(request, vantage, opened)
        limitations = session.blind_spots(loaded, vantage)
        for each in limitations:
            click.echo(f"fencewalk: {each.what}: {each.reason}", err=True)
        ticker = Ticker(zone)
        try:
            for event in session.scan(network, loaded, journal, limitations):
                ticker.see(event)
        except KeyboardInterrupt:
            click.echo("\nWhat was collected is kept; --resume goes on with it.", err=True)
            raise
        finally:
            ticker.end()
    click.echo(f"{zone}: scan {journal.scan.id} complete, kept in {where}", err=True)
