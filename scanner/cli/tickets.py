"""`fencewalk tickets`: one item of work at the ticket system for each step of the plan."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli._options import SITE, STORE, TODAY, Seconds, check_outputs, check_store, write_output
from scanner.model.text import plural, visible

if TYPE_CHECKING:
    from scanner.tickets import Ticket
    from scanner.tickets.rounds import Result

_WORDS = {
    "create": "to create", "update": "to update", "reopen": "to reopen", "close": "to close", "hold": "held open",
    "left": "left closed", "keep": "as they are",
}  # fmt: skip
_DONE = _WORDS | {"create": "created", "update": "updated", "reopen": "reopened", "close": "closed"}


@click.command("tickets", short_help="One item at the ticket system for each step of the plan.")
@SITE
@click.option("--to", required=True, metavar="DESK", help="connectwise, alertops or webhook.")
@click.option("--send", is_flag=True, help="Do it. Without this it is only said what would be done.")
@click.option(
    "--at-least", "least", type=click.Choice(["info", "low", "medium", "high", "critical"]), default="info",
    show_default=True, help="Create items only for what is at least this severe.",
)  # fmt: skip
@click.option(
    "--most", type=click.IntRange(0), default=100, show_default=True, metavar="N",
    help="Send nothing if more than N items would be created.",
)  # fmt: skip
@click.option(
    "--firewall", metavar="NAME", help="Tell the rules of this firewall: nftables, pfsense, fortigate, cisco."
)
@click.option("--full", is_flag=True, help="Print each item's text as well.")
@click.option("--beside", is_flag=True, help="Send although the other one of ConnectWise and AlertOps has items open.")
@click.option(
    "--timeout", type=Seconds(1, 600), default=20.0, show_default=True, metavar="SECONDS",
    help="How long to wait for an answer.",
)  # fmt: skip
@click.option("-o", "--output", metavar="json=PATH", help="Write what is done as json; PATH - is stdout.")
@TODAY
@STORE
def COMMAND(
    site: Path,
    to: str,
    send: bool,
    least: str,
    most: int,
    firewall: str | None,
    full: bool,
    beside: bool,
    timeout: float,
    output: str | None,
    today: datetime.date | None,
    store: Path | None,
) -> None:
    """Keep one open item at DESK for each step of the plan of SITE: found again before it is created, updated, closed
    once its probes show that it is gone, and opened again when it is back.

    Says what it would do, and sends nothing; --send does it. An item is closed only where the same was asked again
    from the same zone and the host answered: silence closes nothing, nor does another machine at the address. What was
    sent is noted beside the scan data, in SITE.fencewalk.tickets.sqlite; an item that was put there from another
    laptop's scan data is kept up to date and left for that one to close. AlertOps and a webhook cannot be asked what
    another laptop put there: send to them from one laptop only, which takes the others' scan data over first
    (`fencewalk import`). A scan may be running meanwhile: what it sees from then on is for the next time.

    Where the items go is in the site file (all keys: `fencewalk schema site`):

    \b
    tickets:
      connectwise: {server: https://na.myconnectwise.net, login: MSP, company: CLIENT, board: Service Board}
      alertops: {url: "https://notify.alertops.com/POSTAlert/{key}/SOURCE"}
      webhook: {url: https://hooks.example.com/fencewalk}

    Keys are in the environment, or in the system's keyring under the service fencewalk, never in a file of ours:

    \b
    FENCEWALK_CONNECTWISE_PUBLIC_KEY, ..._PRIVATE_KEY, ..._CLIENT_ID    (connectwise-public-key ... in the keyring)
    FENCEWALK_ALERTOPS_KEY                                              (alertops-key)
    FENCEWALK_WEBHOOK_URL, _SECRET (signs), _TOKEN (bearer)             (webhook-url ...)

    \b
    fencewalk tickets site.yaml --to connectwise
    fencewalk tickets site.yaml --to connectwise --at-least medium --send
    """
    import msgspec

    from scanner import session, ticketing
    from scanner.errors import BadInput
    from scanner.exporters.fence_words import FIREWALLS
    from scanner.tickets.ledger import ledger_path
    from scanner.tickets.wire import Patience

    path = ""
    if output is not None:
        name, equals, path = output.partition("=")
        if name != "json" or not equals or not path:
            raise BadInput(f"-o {output}: write json=PATH, or json=- for stdout")
    if firewall is not None and firewall not in FIREWALLS:
        raise BadInput(f"--firewall {firewall}: is none of {', '.join(FIREWALLS)}")
    where = session.store_path(site, store)
    check_store(where, create=False)
    if path:
        check_outputs([path], (site, where, ledger_path(where), site.parent / session.EXCEPTIONS))
    wanted = ticketing.Wanted(
        to=to,
        send=send,
        least=least,  # type: ignore[arg-type]
        most=most,
        firewall=firewall,
        beside=beside,
        patience=Patience(timeout=timeout),
    )
    quiet = path == "-"
    counts: dict[str, int] = {}

    def told(result: Result, ticket: Ticket) -> None:
        counts[result.word] = counts.get(result.word, 0) + (not result.refused)
        if quiet:
            return
        if result.word != "keep" or result.refused:
            click.echo(_line(result))
            if full and result.word in ("create", "update", "reopen"):
                click.echo("".join(f"    {line}\n" for line in ticket.body.splitlines()))

    def warn(text: str) -> None:
        click.echo(f"fencewalk: {visible(text)}", err=True)

    done = ticketing.tickets_site(site, store, today, wanted, told, warn)
    if path:
        write_output(path, msgspec.json.format(msgspec.json.encode(done, order="deterministic"), indent=2) + b"\n")
    words = _DONE if send else _WORDS
    said = ", ".join(f"{counts[each]:,} {words[each]}" for each in words if counts.get(each)) or "nothing to do"
    click.echo(f"{plural(len(done.items), 'item')} at {to}: {said}", err=quiet)
    if not send:
        click.echo("Nothing was sent: --send does it.", err=True)


def _line(result: Result) -> str:
    named = f" #{visible(result.id)}" if result.id and result.id != result.fingerprint else ""
    line = f"{result.word:<7} {result.severity:<8} {visible(result.title)}{named}"
    why = f"refused: {result.refused}" if result.refused else result.reason
    return f"{line}\n        {visible(why)}" if why else line
