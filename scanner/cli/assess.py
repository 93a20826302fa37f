"""`fencewalk assess`: findings from what was observed."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli import _complete
from scanner.cli._options import SITE, STORE, TODAY, check_outputs, check_store, write_output, write_report
from scanner.model.text import plural

if TYPE_CHECKING:
    from scanner.model.recorded import Audience
    from scanner.model.report import Report


@click.command("assess", short_help="Findings on stdout, and reports as files.")
@SITE
@click.option(
    "-o", "--output", "outputs", multiple=True, metavar="FORMAT=PATH", shell_complete=_complete.outputs,
    help="Write a report: json, html, pdf, csv, xlsx, sarif, and more; PATH - is stdout. May be given several times.",
)  # fmt: skip
@click.option(
    "--fail-on", type=click.Choice(["info", "low", "medium", "high", "critical"]),
    help="Exit with 1 if a finding is at least this severe.",
)  # fmt: skip
@click.option(
    "--deny", "denied", multiple=True, metavar="RULE",
    help='What if the fence had this rule as well: "guest -> servers tcp/445". May be given several times.',
)  # fmt: skip
@click.option(
    "--capture", "captures", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
    help="A pcap file that `scan --capture` wrote, for --excerpts. May be given several times.",
)  # fmt: skip
@click.option(
    "--excerpts", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write the packets that show each finding to DIR/FINDING.pcap, out of --capture.",
)  # fmt: skip
@click.option(
    "--for", "audience", type=click.Choice(["owner", "auditor", "insurer", "engineer"]),
    help="Order and depth of the HTML report for these readers (default: all of it, in the usual order).",
)  # fmt: skip
@click.option(
    "--framework", "frameworks", multiple=True, metavar="NAME",
    help="Show the controls of this framework only, such as pci-dss. May be given several times.",
)  # fmt: skip
@TODAY
@STORE
def COMMAND(
    site: Path,
    outputs: tuple[str, ...],
    fail_on: str | None,
    denied: tuple[str, ...],
    captures: tuple[Path, ...],
    excerpts: Path | None,
    audience: Audience | None,
    frameworks: tuple[str, ...],
    today: datetime.date | None,
    store: Path | None,
) -> None:
    """Judge all scans of SITE: which zones are really apart, what runs there unpatched, what to change first.

    Prints the findings, unless a report goes to stdout (-o json=-). With --deny it prints what these rules would
    close, leave and break, and reports, --fail-on too, are of the fence as it would be.

    \b
    fencewalk assess site.yaml
    fencewalk assess site.yaml -o html=report.html -o json=report.json
    fencewalk assess site.yaml --for insurer --framework pci-dss -o html=insurer.html
    fencewalk assess site.yaml --fail-on high
    fencewalk assess site.yaml --deny "guest -> servers tcp/445" --deny "voice -> *"
    """
    from scanner import history, pdf, session
    from scanner.cli._summary import summary
    from scanner.cli._what_if import what_if
    from scanner.errors import BadInput, ScanIncomplete
    from scanner.exporters import exporters
    from scanner.exporters.verdict import unfinished
    from scanner.exporters.views import viewed
    from scanner.model.base import SEVERITIES
    from scanner.model.report import is_open

    wanted: list[tuple[str, str]] = []
    for output in outputs:
        name, equals, path = output.partition("=")
        if not equals or not path or name not in (*exporters(), pdf.NAME):
            raise BadInput(f"-o {output}: write FORMAT=PATH with one of {', '.join(sorted((*exporters(), pdf.NAME)))}")
        if name == pdf.NAME:
            pdf.check()
        wanted.append((name, path))
    if sum(path == "-" for _, path in wanted) > 1:
        raise BadInput("-o: only one report can go to stdout")
    where = session.store_path(site, store)
    check_store(where, create=False)
    check_outputs((path for _, path in wanted), (site, where, site.parent / session.EXCEPTIONS))

    if bool(captures) != (excerpts is not None):
        raise BadInput("--capture FILE and --excerpts DIR go together: from which packets, and where to")
    as_it_is = session.assess_site(site, store, today, changes=bool(wanted))
    if today is None:
        # As of another day it is a supposition, which is no part of how things went.
        history.keep(where, as_it_is)
    report = session.assess_site(site, store, today, denied) if denied else as_it_is
    report = viewed(report, audience, frameworks)
    for warning in session.warnings(site, as_it_is):
        click.echo(f"fencewalk: {warning}", err=True)
    taken = (site, where, site.parent / session.EXCEPTIONS, *(Path(path) for _, path in wanted if path != "-"))
    for name, path in wanted:
        if name == pdf.NAME:
            write_output(path, pdf.render(report))
            if path != "-":
                click.echo(f"{path} written", err=True)
            continue
        for written in write_report(exporters()[name], path, report, taken):
            if written != "-":
                click.echo(f"{written} written", err=True)
    if excerpts is not None:
        _write_excerpts(report, captures, excerpts)
    if not any(path == "-" for _, path in wanted):
        click.echo(what_if(as_it_is, report) if denied else summary(report, color=sys.stdout.isatty()))
    if fail_on is not None:
        floor = SEVERITIES.index(fail_on)
        if any(SEVERITIES.index(each.severity) >= floor for each in report.findings if is_open(each)):
            click.get_current_context().exit(1)
        if unfinished(report):
            # What was not looked at to the end has not passed, whoever reads nothing but the exit code.
            raise ScanIncomplete(f"--fail-on {fail_on}: the scan from {', '.join(unfinished(report))} did not finish")


def _write_excerpts(report: Report, captures: tuple[Path, ...], folder: Path) -> None:
    """One file a finding; a finding whose packets no capture holds gets none, and is named."""
    from scanner.assess.findings.packets import flows_of
    from scanner.errors import BadInput
    from scanner.net.evidence.excerpt import excerpts

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"--excerpts {folder}: cannot be made: {error.strerror}") from None
    wanted = {folder / f"{each.id}.pcap": flows_of(report, each) for each in report.findings}
    counts = excerpts(captures, wanted, lambda lack: click.echo(f"fencewalk: {lack}", err=True))
    missing = [out.stem for out, count in counts.items() if not count]
    click.echo(f"{plural(len(counts) - len(missing), 'excerpt')} written to {folder}", err=True)
    if missing:
        click.echo(f"fencewalk: no packets are captured of {', '.join(missing)}", err=True)
