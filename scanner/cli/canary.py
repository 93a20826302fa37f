"""`fencewalk canary`: the far side of a fence."""

from __future__ import annotations

import contextlib
import shlex
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from scanner.cli import _complete
from scanner.cli._options import SITE, STORE, Seconds, check_store, program
from scanner.model.addresses import ports_of
from scanner.model.text import plural, visible

if TYPE_CHECKING:
    from scanner.canary import Canary, Opened
    from scanner.model.observation import Arrival, Listening

_LINES_A_SECOND = 10
_STEP = 0.25
_MOST_TEXT = 60


@click.command("canary", short_help="Listen on the far side for our probes.")
@SITE
@click.option(
    "--zone", required=True, metavar="ZONE", help="The zone in which this laptop listens.",
    shell_complete=_complete.zones,
)  # fmt: skip
@click.option(
    "--interface", metavar="IF", help="The interface to listen on (default: the one with an address in ZONE)."
)
@click.option(
    "--ports", "ports_text", metavar="SPEC",
    help="The ports to listen on, as scan's --ports are written (default: every TCP and UDP port).",
)  # fmt: skip
@click.option("--seconds", type=Seconds(min=0, min_open=True), metavar="N", help="End after so many seconds.")
@STORE
def COMMAND(
    site: Path, zone: str, interface: str | None, ports_text: str | None, seconds: float | None, store: Path | None
) -> None:
    """Listen in ZONE for the probes of a scan from elsewhere, and keep which of them arrived.

    What arrives proves what a fence lets through, whatever becomes of the answer; what does not, although this canary
    listened and its link worked, was dropped on the way. Ctrl-C ends it. Only probes that are signed for this site are
    kept. The scan and the canary may share one store, on a laptop with two interfaces; the store of a second laptop is
    imported.

    \b
    sudo fencewalk canary site.yaml --zone servers
    sudo fencewalk scan site.yaml --from guest --canary 10.20.20.250
    """
    from scanner import canary as far_side
    from scanner import session

    loaded = session.load_site(site)
    ports = far_side.every_port(ports_text, "--ports")
    where = session.store_path(site, store)
    check_store(where, create=True)
    canary = far_side.canary_for(loaded, zone, interface, ports, session.today_local)
    with contextlib.ExitStack() as stack:
        opened = far_side.opened(canary, where, stack)
        _tell(canary, opened, where, site)
        _listen(opened, seconds)
    _summarise(opened)
    click.echo(f"{zone}: canary {opened.journal.scan.id} ended, kept in {where}", err=True)


@contextlib.contextmanager
def _stopping() -> Iterator[list[int]]:
    """Ctrl-C and SIGTERM put their number in the list, and nothing else: no row is torn by them."""
    got: list[int] = []

    def stop(signum: int, frame: FrameType | None) -> None:
        got.append(signum)

    before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield got
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _listen(opened: Opened, seconds: float | None) -> None:
    """Until Ctrl-C or the time is up: both are its natural end."""
    from scanner.canary import UNIT

    end = None if seconds is None else time.monotonic() + seconds
    watch, journal = opened.watch, opened.journal
    printer = _Printer()
    try:
        with _stopping() as stopped:
            while not stopped and (end is None or time.monotonic() < end):
                step = _STEP if end is None else max(0.01, min(_STEP, end - time.monotonic()))
                for row in watch.step(step):
                    journal.write(UNIT, row)
                    printer.see(row)
                printer.warn(watch.mute_router)
                journal.flush()
    finally:
        for row in watch.last():
            journal.write(UNIT, row)
            printer.see(row)
        journal.flush()
    journal.complete()


class _Printer:
    """Lines as arrivals come: a few of each second, and how many there were besides."""

    def __init__(self) -> None:
        self._second = 0
        self._said = 0
        self._warned = False

    def see(self, row: object) -> None:
        from scanner.model.observation import Arrival, Limitation

        if isinstance(row, Limitation):
            click.echo(f"fencewalk: {visible(row.what)}: {visible(row.reason)}", err=True)
        if not isinstance(row, Arrival):
            return
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._said = second, 0
        self._said += 1
        if self._said <= _LINES_A_SECOND:
            click.echo(f"arrived: {_arrival(row)}", err=True)
        elif self._said == _LINES_A_SECOND + 1:
            click.echo("arrived: and more; the store has all of them", err=True)

    def warn(self, silent: bool) -> None:
        if silent != self._warned:
            self._warned = silent
            click.echo(
                "fencewalk: the router does not answer: while it does not, what does not arrive proves nothing"
                if silent
                else "fencewalk: the router answers again",
                err=True,
            )


def _arrival(row: Arrival) -> str:
    ports = row.ports
    if len(ports) > _MOST_TEXT:
        # While a scan runs they come in its scattered order.
        each = ports_of(ports)
        ports = f"{plural(len(each), 'port')} from {each[0]} to {each[-1]}"
    asked = f", sent to port {row.asked} and translated" if row.asked else ""
    via = f", {row.via}" if row.via else ""
    how = ", connected and answered" if row.how == "connection" else ""
    kind = "echo request" if row.transport == "icmp" else f"{row.transport} {ports}"
    return f"{kind} at {row.address} from {row.source}{via}{asked}{how}"


def _tell(canary: Canary, opened: Opened, where: Path, site: Path) -> None:
    now = time.time()
    rows: list[Listening] = list(opened.ears.listening(now, now))
    zone, interface = canary.vantage.zone, canary.vantage.interface
    for row in rows:
        what = "echo requests" if row.transport == "icmp" else plural(len(ports_of(row.ports)), f"{row.transport} port")
        click.echo(f"{zone}: {interface} {row.addresses} listens on {what}, by {row.how}", err=True)
    for each in opened.said:
        click.echo(f"fencewalk: {visible(each)}", err=True)
    flags = " ".join(f"--canary {each}" for each in canary.addresses)
    click.echo(
        f"{zone}: Ctrl-C ends it. From the other side: {program()} scan {shlex.quote(str(site))} --from ZONE {flags}",
        err=True,
    )


def _summarise(opened: Opened) -> None:
    totals = opened.ears.totals
    if not totals:
        click.echo("nothing signed for this site arrived")
    for (source, transport, connected), count in sorted(totals.items()):
        what = "echo requests" if transport == "icmp" else plural(count, f"{transport} port")
        click.echo(f"from {source}: {what}{' connected and answered' if connected else ' reached'}")
