"""`scan --resume`: what there is to go on with, and whether the flags agree with how it was planned."""

from __future__ import annotations

import datetime
import os
import shlex
from pathlib import Path

from scanner.cli._options import program
from scanner.errors import BadInput
from scanner.model.addresses import AddressSet, ports_text
from scanner.model.base import Frozen
from scanner.model.observation import Scan
from scanner.model.site import Site
from scanner.model.text import plural
from scanner.plan import Plan
from scanner.ports import Ports
from scanner.session import ScanRequest
from scanner.store import Store


class Unfinished(Frozen, frozen=True):
    """A scan that did not end, and how it was planned."""

    scan: Scan
    plan: Plan

    def __str__(self) -> str:
        return f"scan {self.scan.id} of {datetime.datetime.fromtimestamp(self.scan.started):%Y-%m-%d %H:%M}"


def unfinished(where: Path, site: Site, zone: str) -> Unfinished | None:
    """The scan from `zone` that is to be gone on with; None where there is none, or no store yet."""
    if not where.exists() or not where.stat().st_size:
        return None
    with Store(where, create=False) as opened:
        journal = opened.unfinished(site.client, site.site, zone)
        return None if journal is None else Unfinished(journal.scan, journal.plan)


def follow(earlier: Unfinished, request: ScanRequest, given: set[str]) -> None:
    """Make the request the one that the unfinished scan was planned by.

    BadInput where a flag that was `given` says otherwise: whoever types it expects it to hold, and a scan is carried
    out, and judged, as one whole. Asking the rest otherwise than the first half, or not at all what the command line
    says, would both mislead.
    """
    planned, manners = earlier.plan, earlier.plan.manners
    flags = [
        ("ports_text", "--ports", request.ports == planned.ports, _spelled(planned.ports)),
        ("engine", "--engine", request.engine in ("auto", earlier.scan.engine), earlier.scan.engine),
        ("discover", "--discover", request.methods == manners.methods, ",".join(manners.methods)),
        ("patience", "--patience", request.patience == manners.patience, f"{manners.patience:g}"),
        ("no_identify", "--no-identify", request.identify == manners.identify, "without it"),
        ("deep", "--deep", request.deep == manners.deep, "without it"),
        ("no_names", "--no-names", request.names == manners.names, "without it"),
        ("resolver", "--resolver", request.resolver == manners.resolver, manners.resolver or "none"),
        ("canaries", "--canary", _asked(request) == planned.canary, planned.canary or "without it"),
        ("canary_ports", "--canary-ports", request.canary_ports == planned.canary_ports, "as it was"),
        ("polite", "--polite", request.polite == manners.polite, "without it"),
        ("thorough", "--thorough", request.thorough == manners.thorough, "without it"),
    ]
    wrong = [f"{flag} ({value})" for name, flag, agrees, value in flags if name in given and not agrees]
    if wrong:
        raise BadInput(
            f"--resume: {earlier} was planned otherwise in {', '.join(wrong)}, and is gone on with as it was planned; "
            f"leave {'that flag' if len(wrong) == 1 else 'those flags'} out, or leave out --resume to scan anew"
        )
    request.ports, request.methods, request.patience = planned.ports, manners.methods, manners.patience
    request.identify, request.names, request.polite = manners.identify, manners.names, manners.polite
    request.resolver, request.deep, request.thorough = manners.resolver, manners.deep, manners.thorough
    engine = earlier.scan.engine
    request.engine = engine if engine in ("raw", "connect", "nmap") else request.engine  # type: ignore[assignment]


def _asked(request: ScanRequest) -> str:
    """The canaries that the command line names; a text that is no address agrees with no plan."""
    try:
        return str(AddressSet.of(request.canary))
    except ValueError:
        return "?"


def command(site: Path, zone: str, store: Path | None) -> str:
    """What to type to go on with the scan from `zone`."""
    words = ["scan", str(site), "--from", zone, *(["--store", str(store)] if store else []), "--resume"]
    sudo = "sudo " if "SUDO_USER" in os.environ else ""
    return f"{sudo}{program()} {shlex.join(words)}"


def as_flags(earlier: Unfinished) -> str:
    """How it was planned, in the words of the command line."""
    manners = earlier.plan.manners
    flags = [f"--engine {earlier.scan.engine}", f"--ports {_spelled(earlier.plan.ports)}"]
    flags += [f"--canary {each}" for each in AddressSet.parse(earlier.plan.canary)]
    flags += [
        flag
        for flag, said in (
            ("--no-identify", not manners.identify),
            ("--deep", manners.deep),
            ("--no-names", not manners.names),
            ("--polite", manners.polite),
            ("--thorough", manners.thorough),
        )
        if said
    ]
    return ", ".join(flags)


def nothing_to_resume(where: Path, site: Site, zone: str) -> str:
    """Why a new scan begins, with what else the store holds: perhaps that was meant."""
    what = f"--resume: {where} holds no unfinished scan from {zone} of {site.client} / {site.site}"
    others: list[str] = []
    if where.exists() and where.stat().st_size:
        with Store(where, create=False) as opened:
            others = [each.name for each in site.zones if each.name != zone]
            others = [each for each in others if opened.unfinished(site.client, site.site, each)]
            sites = [f"{client} / {name}" for client, name in opened.sites()]
        if f"{site.client} / {site.site}" not in sites and sites:
            what += f" (it holds {', '.join(sites)})"
    if others:
        what += f", only from {', '.join(others)}"
    return f"{what}; this is a new one"


def _spelled(ports: Ports) -> str:
    """As `--ports` is written; a long list by its counts."""
    if not ports.tcp and not ports.udp:
        return "none"
    text = ports_text(ports.tcp)
    if ports.udp:
        text += f"{',' if text else ''}U:{ports_text(ports.udp)}"
    if len(text) <= 40:
        return text
    return f"{plural(len(ports.tcp), 'TCP port')} and {plural(len(ports.udp), 'UDP port')}"
