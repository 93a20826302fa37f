"""`fencewalk scan`: one vantage session."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli import INTERRUPTED, _complete
from scanner.cli._events import UNTIL_EOF
from scanner.cli._interrupt import interruptible
from scanner.cli._options import SITE, STORE, Seconds, check_store
from scanner.cli._progress import Ticker
from scanner.errors import BadInput, FencewalkError, OutOfScope
from scanner.model.addresses import AddressSet
from scanner.model.network import METHODS, PATIENCE, Method
from scanner.model.text import visible

if TYPE_CHECKING:
    from scanner.cli._resume import Unfinished
    from scanner.model.observation import Event
    from scanner.net.evidence.capture import Capture
    from scanner.ports import Ports
    from scanner.session import ScanRequest
    from scanner.store import Journal


@click.command("scan", short_help="Scan every zone from the one in which the laptop stands.")
@SITE
@click.option(
    "--from", "zone", required=True, metavar="ZONE", help="The zone in which the laptop stands.",
    shell_complete=_complete.zones,
)  # fmt: skip
@click.option(
    "--interface", metavar="IF", help="The interface to scan from (default: the one with an address in ZONE)."
)
@click.option(
    "--engine", type=click.Choice(["auto", "raw", "connect", "nmap"]), default="auto", show_default=True,
    help="raw: packets of our own, by sudo. connect: ordinary connections, without it. nmap: Nmap asks the ports. "
    "auto: raw where it may be had, else connect.",
)  # fmt: skip
@click.option(
    "--ports", "ports_text", metavar="SPEC",
    help="22,80,8000-8100,U:53, names such as http*, top:N, all or none (default: top:200). Ports that the site file "
    "names (critical, allow, require) are asked as well, unless it is none.",
)  # fmt: skip
@click.option("--no-identify", is_flag=True, help="Only ask which ports are open, not what runs there.")
@click.option(
    "--deep", is_flag=True,
    help="Let Nmap's version detection ask the TCP services that nothing else could name (slow; needs nmap).",
)  # fmt: skip
@click.option("--no-names", is_flag=True, help="Do not ask hosts for their names (mDNS, LLMNR, NetBIOS, DNS).")
@click.option(
    "--resolver", metavar="ADDRESS",
    help="The DNS server to ask for hosts' names (default: the laptop's own, if the site file lets it be asked).",
)  # fmt: skip
@click.option(
    "--discover", metavar="METHODS",
    help="How hosts are found in zones too large to ask every address for its ports: "
    "echo,timestamp,syn,ack,udp or some of these (default: all).",
)  # fmt: skip
@click.option(
    "--patience", type=Seconds(0, 60), default=PATIENCE, show_default=True, metavar="SECONDS",
    help="How long to wait for a router's report that a host is dead.",
)  # fmt: skip
@click.option(
    "--thorough", is_flag=True,
    help="Ask what was silent or refused again, from source ports that careless rules trust (53, 20, 88, 123) and in "
    "fragments, and hand more packets to neighbours that may forward them.",
)  # fmt: skip
@click.option("--polite", is_flag=True, help="For fragile networks: slow, one thing at a time to a host.")
@click.option(
    "--canary", "canaries", multiple=True, metavar="ADDRESS",
    help="Ask the canary that listens there with signed probes (see `fencewalk canary`); once for each address.",
)  # fmt: skip
@click.option(
    "--canary-ports", metavar="SPEC", help="The ports to ask of canaries (default: every TCP and UDP port, and echo)."
)
@click.option(
    "--capture", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Keep the scan's packets as evidence, in a new pcap file.",
)  # fmt: skip
@click.option(
    "--dry-run", is_flag=True,
    help="Print every target, port and packet count, and send nothing; the cable need not be in. Says what the scan "
    "would be refused for, and ends with its exit code.",
)  # fmt: skip
@click.option(
    "--resume", is_flag=True,
    help="Go on with the unfinished scan from ZONE as it was planned; start one where there is none.",
)  # fmt: skip
@click.option(
    "--events", metavar="FILE",
    help="Write each event (what was seen, and how far the scan is) as one line of JSON; - is stdout.",
)  # fmt: skip
@UNTIL_EOF
@STORE
def COMMAND(
    site: Path,
    zone: str,
    interface: str | None,
    engine: str,
    ports_text: str | None,
    no_identify: bool,
    deep: bool,
    no_names: bool,
    resolver: str | None,
    discover: str | None,
    patience: float,
    thorough: bool,
    polite: bool,
    canaries: tuple[str, ...],
    canary_ports: str | None,
    capture: Path | None,
    dry_run: bool,
    resume: bool,
    events: str | None,
    until_eof: bool,
    store: Path | None,
) -> None:
    """Find hosts and services in ZONE, and what can be reached from there in every other zone.

    Nothing is sent outside the site file's scope, dates and rate. `fencewalk assess` makes findings of what is found.
    A scan that is cut off keeps what it found, and --resume goes on with it.

    \b
    fencewalk scan site.yaml --from guest --dry-run
    sudo fencewalk scan site.yaml --from guest
    sudo fencewalk scan site.yaml --from guest --resume
    """
    from scanner import session
    from scanner.canary_plan import every_port
    from scanner.cli import _dry_run, _events, _resume
    from scanner.ports import DEFAULT, Ports, parse_ports
    from scanner.store import Store

    wanted = parse_ports(DEFAULT if ports_text is None else ports_text)
    _check_flags(wanted, no_identify, deep, no_names, resolver, polite)
    if thorough and polite:
        raise BadInput(
            "--thorough sends fragments and half-open handshakes, --polite forbids them: leave one of them out"
        )
    if canary_ports is not None and not canaries and not resume:
        raise BadInput("--canary-ports says what a canary is asked, and no --canary says where it is: add one")
    loaded = session.load_site(site)
    request = session.ScanRequest(
        site=loaded,
        zone=zone,
        interface=interface,
        engine=engine,  # type: ignore[arg-type]
        ports=wanted,
        identify=not no_identify,
        names=not no_names,
        polite=polite,
        methods=_methods(discover),
        patience=patience,
        resolver=session.resolver_for(loaded, resolver),
        deep=deep,
        thorough=thorough,
        canary=canaries,
        canary_ports=every_port(canary_ports, "--canary-ports") if canaries or canary_ports else Ports(),
        resume=resume,
    )
    request.zone_of()
    where = session.store_path(site, store)
    outside = [*_dry_run.out_of_scope(loaded, site), *session.policy_warnings(site, loaded)]
    if capture is not None:
        _check_capture(capture)
    if events is not None and dry_run:
        raise BadInput("--events is what a scan sees, and --dry-run sends nothing: leave one of them out")
    if events is not None:
        _events.check_events(events, (site, where, *([capture] if capture else [])))
    check_store(where, create=not dry_run)
    earlier = _resume.unfinished(where, loaded, zone) if resume else None
    if earlier is not None:
        _resume.follow(earlier, request, _given())
    if dry_run:
        _say(outside)
        click.get_current_context().exit(_print_plan(request, where, earlier))
    vantage = session.live_vantage(request)
    # What takes a privilege is opened first, and everything else runs without.
    with contextlib.ExitStack() as opened_now:
        network = session.open_network(request, vantage)
        opened_now.callback(network.close)
        journal = session.open_journal(request, vantage, opened_now.enter_context(Store(where)))
        packets = session.open_capture(capture, loaded, journal.plan) if capture is not None else None
        session.drop_privileges(request, [each for each in (where, capture) if each is not None])
        limitations = session.blind_spots(loaded, vantage)
        _say([*outside, *(f"{each.what}: {each.reason}" for each in limitations)])
        if packets is not None:
            opened_now.callback(_end_capture, packets, journal)
            packets.start()
        ticker = Ticker(zone, canaries=AddressSet.parse(journal.plan.canary))
        lines = opened_now.enter_context(_events.event_lines(events))
        watchers = [ticker.see] if lines is None else [ticker.see, lines.see]
        if earlier is not None:
            _say([f"going on with {earlier} as it was planned then: {_resume.as_flags(earlier)}"])
            for _, row in journal.rows():
                for see in watchers:
                    see(row)
        elif resume:
            _say([_resume.nothing_to_resume(where, loaded, zone)])
        ticker.clear()  # what another scan on this terminal was saying
        click.echo(f"{zone}: {network.engine} engine, {_dry_run.asked(journal.plan)}", err=True)
        _carry_out(
            session.live_scan(network, request, journal, limitations, packets is not None),
            _events.until_eof(until_eof),
            watchers,
            ticker,
            (f"what was found so far is kept in {where}", f"to go on with it: {_resume.command(site, zone, store)}"),
        )
    click.echo(f"{zone}: scan {journal.scan.id} complete, kept in {where}", err=True)


def _check_flags(
    wanted: Ports, no_identify: bool, deep: bool, no_names: bool, resolver: str | None, polite: bool
) -> None:
    """BadInput where one flag asks for what another one forbids: one of the two would be ignored in silence."""
    if deep and no_identify:
        raise BadInput("--deep asks what runs, --no-identify forbids it: leave one of them out")
    if deep and not wanted.tcp and not wanted.udp:
        raise BadInput("--deep asks what runs on open ports, --ports none asks no port: leave one of them out")
    if resolver is not None and (no_names or polite):
        silent = "--no-names" if no_names else "--polite"
        raise BadInput(f"--resolver says whom to ask for names, {silent} asks nobody: leave one of them out")


def _check_capture(path: Path) -> None:
    """BadInput where no capture can be made at `path`; asked before a session is begun and left unfinished."""
    folder = path.absolute().parent
    if os.path.lexists(path):
        raise BadInput(f"--capture {path}: there is a file of that name; name another one")
    if not folder.is_dir():
        raise BadInput(f"--capture {path}: there is no folder {folder}; make it, or name a file elsewhere")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadInput(f"--capture {path}: no file can be made in {folder}; name one elsewhere")


def _print_plan(request: ScanRequest, where: Path, earlier: Unfinished | None) -> int:
    """The plan, made from the site file and what is known of the site, whether or not the laptop stands in the zone.

    Returns what the scan itself would end with, were it begun now: 0, or the code of its refusal, which is said.
    """
    from scanner import session
    from scanner.cli import _dry_run
    from scanner.store import Store

    refusals: list[FencewalkError] = []
    vantage = _dry_run.stand_in(request.zone_of())
    try:
        vantage = session.live_vantage(request)
    except FencewalkError as error:
        refusals.append(error)
    here = not refusals
    if earlier is not None:
        plan = earlier.plan
        click.echo(f"{'resume':12} {earlier}: what it has answers to is not asked again")
    elif where.exists() and where.stat().st_size:
        with Store(where, create=False) as opened:
            plan = session.plan_for(request, vantage, opened)
    else:
        plan = session.plan_for(request, vantage, None)
    who = _dry_run.sender(request.engine)
    click.echo(_dry_run.described(plan, request.site, who, here))
    if unauthorized := session.authorization_refusal(request):
        refusals.append(OutOfScope(unauthorized))
    refusals += _dry_run.lacking(request, who)
    _say(f"a scan would be refused: {each}" for each in refusals)
    return refusals[0].exit_code if refusals else 0


def _given() -> set[str]:
    """The names of the parameters that stand on the command line."""
    context = click.get_current_context()
    source = click.core.ParameterSource.COMMANDLINE
    return {each for each in context.params if context.get_parameter_source(each) is source}


def _say(lines: Iterable[str]) -> None:
    for each in lines:
        click.echo(f"fencewalk: {visible(each)}", err=True)


def _carry_out(
    events: Generator[Event, None, None],
    steered: AbstractContextManager[None],
    watchers: Iterable[Callable[[Event], None]],
    ticker: Ticker,
    kept: Iterable[str],
) -> None:
    """The scan itself, and whatever happens, its orderly end. `kept`: what is said to whoever interrupts it."""
    how = ""
    try:
        with interruptible(), steered, contextlib.closing(events):
            for event in events:
                for see in watchers:
                    see(event)
    except KeyboardInterrupt:
        how = "interrupted"
        # Said only here, when everything is written: first what there is, then how to go on.
        raise click.exceptions.Exit(INTERRUPTED) from None
    finally:
        ticker.end(how)
        if how:
            _say(kept)


def _end_capture(packets: Capture, journal: Journal) -> None:
    from scanner import session

    _say(f"{each.what}: {each.reason}" for each in session.end_capture(packets, journal))


def _methods(text: str | None) -> tuple[Method, ...]:
    if text is None:
        return METHODS
    wanted = [each.strip() for each in text.split(",")]
    strange = [each for each in wanted if each not in METHODS]
    if strange:
        raise BadInput(f"--discover {text}: {strange[0]!r} is none of {','.join(METHODS)}")
    return tuple(each for each in METHODS if each in wanted)
