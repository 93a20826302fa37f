"""`fencewalk except`: accept a finding for a while."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli import _complete
from scanner.cli._options import SITE, STORE, TODAY, check_store
from scanner.errors import BadInput
from scanner.model.text import plural, visible

if TYPE_CHECKING:
    from scanner.model.accepted import Exception_

_LONG = datetime.timedelta(days=366)
_KEYS = ("kind", "host", "product", "from", "to", "service")


@click.command("except", short_help="Accept a finding for a while: owner, reason, until.")
@SITE
@click.argument("finding", shell_complete=_complete.findings)
@click.option("--owner", required=True, metavar="NAME", help="Who answers for it at the client's.")
@click.option("--reason", required=True, metavar="TEXT", help="Why it is accepted.")
@click.option(
    "--until", required=True, metavar="YYYY-MM-DD", help="The last day on which it is; the finding is back after it."
)
@click.option("--approved-by", default="", metavar="NAME", help="Who agreed to it.")
@TODAY
@STORE
def COMMAND(
    site: Path,
    finding: str,
    owner: str,
    reason: str,
    until: str,
    approved_by: str,
    today: datetime.date | None,
    store: Path | None,
) -> None:
    """Accept FINDING: its id, such as gap-1a2b3c4d, or what findings are about, as KEY=VALUE[,KEY=VALUE...].

    It goes into exceptions.yaml beside SITE. The finding stays in every report, says who accepted it until when, and
    counts again on the day after. Accepting the same again replaces what was there.

    \b
    fencewalk except site.yaml gap-1a2b3c4d --owner "J. Ortiz" --reason "replaced in March" --until 2027-03-31
    fencewalk except site.yaml kind=exposure,host=10.20.40.7 --owner "J. Ortiz" --reason "lab" --until 2027-03-31

    The keys are kind, host, product, from, to and service (tcp/443); all that are given have to fit.
    """
    from scanner import session
    from scanner.assess.findings.accepted import accept

    day = today or session.today_local()
    last = session.parse_day(until, "--until")
    if last < day:
        raise BadInput(f"--until {until}: is past; name the last day on which the finding is accepted")
    wanted = _wanted(finding, owner, reason, last, approved_by)
    check_store(session.store_path(site, store), create=False)
    report = session.assess_site(site, store, today)
    rows, _ = accept(report.findings, (wanted,), day)
    fitting = [each for each in rows if wanted.fits(each)]
    if not fitting:
        raise BadInput(
            f"{visible(finding)}: no finding of today's assessment is that; `fencewalk assess {site}` lists them"
        )
    where = session.add_exception(site, wanted)
    if last - day > _LONG:
        click.echo(f"fencewalk: --until {until} is more than a year away; an auditor will ask why", err=True)
    for each in fitting:
        click.echo(f"{each.id}  {each.severity}  {visible(each.title)}")
    click.echo(f"{where}: {plural(len(fitting), 'finding')} accepted by {visible(owner)} until {last}", err=True)


def _wanted(finding: str, owner: str, reason: str, until: datetime.date, approved_by: str) -> Exception_:
    import msgspec

    from scanner.model.accepted import Exception_

    value: dict[str, object] = {"owner": owner, "reason": reason, "until": until, "approved_by": approved_by}
    if "=" in finding:
        pairs = [each.partition("=") for each in finding.split(",")]
        for key, _, _ in pairs:
            if key not in _KEYS:
                raise BadInput(f"{visible(finding)}: {visible(key) or 'a key'} is none of {', '.join(_KEYS)}")
        value["match"] = {key: text for key, _, text in pairs}
        if len(value["match"]) < len(pairs):  # type: ignore[arg-type]
            raise BadInput(f"{visible(finding)}: a key stands there twice")
    else:
        value["finding"] = finding
    if not owner.strip():
        raise BadInput("--owner: nobody is named; an exception holds only while somebody answers for it")
    try:
        return msgspec.convert(value, Exception_)
    except msgspec.ValidationError as error:
        raise BadInput(f"{visible(finding)}: {str(error).partition(' - at')[0]}") from None
