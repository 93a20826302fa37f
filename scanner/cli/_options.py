"""Options and helpers that several commands share."""

from __future__ import annotations

import contextlib
import datetime
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType

import click

from scanner.errors import BadInput
from scanner.model.addresses import AddressSet
from scanner.model.observation import Alive, Event, HostSeen, PortState, Progress

_GRACE = 2.0

SITE = click.argument("site", type=click.Path(path_type=Path))
STORE = click.option("--store", type=click.Path(path_type=Path), help="File of scan data (default: beside SITE).")


def _day(ctx: click.Context, param: click.Parameter, value: datetime.datetime | None) -> datetime.date | None:
    return None if value is None else value.date()


TODAY = click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), callback=_day, help="Assess as of this day (default: today)."
)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """One Ctrl-C (or SIGTERM) is enough: it raises KeyboardInterrupt, and an impatient second one within
    `_GRACE` seconds does not disturb what is being kept."""
    last = -_GRACE

    def interrupt(signum: int, frame: FrameType | None) -> None:
        nonlocal last
        if time.monotonic() - last >= _GRACE:
            last = time.monotonic()
            raise KeyboardInterrupt

    before = {each: signal.signal(each, interrupt) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


class Ticker:
    """Progress on stderr: one line that rewrites itself on a terminal, a line a stage elsewhere."""

    def __init__(self, label: str = "") -> None:
        self._label = f"{label}: " if label else ""
        self._live = sys.stderr.isatty()
        self._last = 0.0
        self._stages: set[str] = set()
        self._hosts: set[str] = set()
        self._many = AddressSet()
        self._open = 0

    def see(self, event: Event) -> None:
        if isinstance(event, HostSeen):
            if event.how != "named":
                self._count(event.address)
        elif isinstance(event, PortState):
            if event.state == "open":
                self._open += event.transport != "icmp"
                self._count(event.address)
        elif isinstance(event, Alive):
            self._many |= AddressSet.parse(event.addresses)
            self._hosts = {each for each in self._hosts if each not in self._many}
        elif isinstance(event, Progress):
            self._draw(event)

    def _count(self, address: str) -> None:
        if address not in self._hosts and address not in self._many:
            self._hosts.add(address)

    def _draw(self, event: Progress) -> None:
        if self._live and time.monotonic() - self._last > 0.1:
            self._last = time.monotonic()
            share = 100 * event.done // max(1, event.total)
            click.echo(f"\r{self._label}{event.stage} {share:3d} %  {self._figures()}\x1b[K", err=True, nl=False)
        elif not self._live and event.stage not in self._stages:
            self._stages.add(event.stage)
            click.echo(f"{self._label}{event.stage}", err=True)

    def end(self) -> None:
        if self._live:
            click.echo("\r\x1b[K", err=True, nl=False)
        click.echo(f"{self._label}{self._figures()}", err=True)

    def _figures(self) -> str:
        return f"{len(self._hosts) + len(self._many)} hosts, {self._open} open ports"


def write_output(path: str, data: bytes) -> None:
    """To a file, or to stdout for `-`. A regular file is written whole or not at all; a link stays one, and a device or
    a pipe is written to."""
    if path == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    target = Path(path).resolve()
    temporary = target.with_name(f".{target.name}.part")
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)
            return
        temporary.write_bytes(data)
        temporary.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise BadInput(f"{path}: cannot be written: {error.strerror}") from None


def check_outputs(paths: Iterable[str], inputs: Iterable[Path]) -> None:
    """BadInput where two reports have one target, or a report would replace what it is made from."""
    seen = {each.resolve(): str(each) for each in inputs}
    for path in paths:
        target = Path(path).resolve()
        if path != "-" and target in seen and (target.is_file() or not target.exists()):
            raise BadInput(f"-o: {path} would overwrite {seen[target]}; name another file")
        seen[target] = f"{path}, which another report goes to"
