"""`fencewalk verify`: one finding's probes again."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli import INTERRUPTED, _complete, _events
from scanner.cli._events import UNTIL_EOF
from scanner.cli._interrupt import interruptible
from scanner.cli._options import SITE, STORE, check_store
from scanner.cli._progress import Ticker
from scanner.model.text import visible

if TYPE_CHECKING:
    from scanner.assess.later.settled import Outcome
    from scanner.model.report import FindingRow


@click.command("verify", short_help="Run just one finding's probes again.")
@SITE
@click.argument("finding", shell_complete=_complete.findings)
@click.option("--interface", metavar="IF", help="The interface to ask from (default: the one in the zone to ask from).")
@click.option(
    "--engine", type=click.Choice(["auto", "raw", "connect", "nmap"]), default="auto", show_default=True,
    help="As for `fencewalk scan`; what tells a fence's refusals from a host's takes raw.",
)  # fmt: skip
@UNTIL_EOF
@STORE
def COMMAND(site: Path, finding: str, interface: str | None, engine: str, until_eof: bool, store: Path | None) -> None:
    """Ask again what FINDING (its id, such as gap-1a2b3c4d) rests on, and say whether it still is so.

    The first words on stdout are `confirmed`, `gone` or `cannot tell here`, and the id and the reason follow. Gone
    takes proof: a refusal by the fence, a closed port, a newer version; or silence while the target shows itself
    alive. Ends with 0 whatever comes out. The answers are kept with the scans.

    \b
    sudo fencewalk verify site.yaml gap-1a2b3c4d
    """
    from scanner import session, verify
    from scanner.store import Store

    loaded = session.load_site(site)
    where = session.store_path(site, store)
    check_store(where, create=False)
    with Store(where, create=False) as opened:
        sessions = opened.sessions(loaded.client, loaded.site)
    today = session.today_local()
    known = verify.knowing(loaded, today, facts=session.knowledge_for(site, today))
    case = verify.case_for(known, sessions, finding)
    click.echo(f"{case.finding.id}: {visible(case.finding.title)}", err=True)
    vantage = verify.stand(case, interface, lambda zone, name: verify.vantage_in(loaded, zone, name))
    if vantage is None:
        standing = [each.name for each in loaded.zones if verify.vantage_in(loaded, each.name, interface) is not None]
        if interface is not None and not standing:
            raise verify.nowhere(loaded, interface)
        _say(case.finding, verify.elsewhere(case, standing))
        return
    check_store(where, create=True)
    request = verify.request_for(case, vantage, interface, engine)  # type: ignore[arg-type]
    with contextlib.ExitStack() as opened_now:
        network = session.open_network(request, vantage)
        opened_now.callback(network.close)
        journal = verify.begin(case, vantage, opened_now.enter_context(Store(where)), network.engine)
        session.drop_privileges(request, [where])
        ticker = Ticker(vantage.zone)
        how = ""
        try:
            with (
                interruptible(),
                _events.until_eof(until_eof),
                contextlib.closing(verify.live_verify(case, network, request, journal)) as events,
            ):
                for event in events:
                    ticker.see(event)
        except KeyboardInterrupt:
            how = "interrupted"
            raise click.exceptions.Exit(INTERRUPTED) from None
        finally:
            ticker.end(how)
    _say(case.finding, verify.found_out(site, store, case, journal))


def _say(finding: FindingRow, found: Outcome) -> None:
    click.echo(f"{found.word}: {finding.id}: {visible(found.reason)}")
