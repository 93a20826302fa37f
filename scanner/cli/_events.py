"""`scan --events` and `--until-eof`: what a program that watches and steers a scan reads and says."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import click
import msgspec

from scanner.cli._interrupt import interrupt
from scanner.errors import BadInput, ScanIncomplete
from scanner.files import real
from scanner.model.observation import Event

UNTIL_EOF = click.option(
    "--until-eof", is_flag=True, help="Stop, as on Ctrl-C, when stdin ends: for a program that steers this one."
)
_MOST_WAITING = 200_000
"""Lines that may wait for a slow reader; then the scan waits for it too."""
_TOGETHER = 0.05
"""Seconds in which lines gather, to be written at once."""


class EventLines:
    """Each event as one line of JSON, written by a thread of its own: packets do not wait for whoever reads.

    Threads keep the rights of the moment they start in: make it after those are given up.
    """

    def __init__(self, file: FileIO, name: str) -> None:
        self._file, self._name = file, name
        self._encode = msgspec.json.Encoder().encode
        self._lines: list[bytes] = []
        self._change = threading.Condition()
        self._over = False
        self._failed = ""
        self._thread = threading.Thread(target=self._write, name="events", daemon=True)
        self._thread.start()

    def see(self, event: Event) -> None:
        """ScanIncomplete where the lines can no longer be written: nobody would see the rest of the scan."""
        line = self._encode(event)
        with self._change:
            self._change.wait_for(lambda: len(self._lines) < _MOST_WAITING or self._failed)
            self._check()
            self._lines.append(line)
            if len(self._lines) == 1:
                self._change.notify_all()

    def close(self, *, whole: bool) -> None:
        """Write what waits. With `whole` it is ScanIncomplete where something could not be written."""
        with self._change:
            self._over = True
            self._change.notify_all()
        self._thread.join()
        if whole:
            self._check()

    def _check(self) -> None:
        if self._failed:
            raise ScanIncomplete(f"--events {self._name}: {self._failed}; what was found is kept, --resume goes on")

    def _write(self) -> None:
        while not self._failed and (self._lines or not self._over):
            with self._change:
                self._change.wait_for(lambda: self._lines or self._over)
                if not self._over:
                    self._change.wait_for(lambda: self._over, _TOGETHER)
                lines, self._lines = self._lines, []
                self._change.notify_all()
            try:
                data = memoryview(b"".join(each + b"\n" for each in lines))
                while data:
                    data = data[self._file.write(data) :]
            except BrokenPipeError:
                self._fail("whoever read it has gone")
            except OSError as error:
                self._fail(f"cannot be written: {error.strerror}")

    def _fail(self, why: str) -> None:
        with self._change:
            self._failed = why
            self._change.notify_all()


def check_events(name: str, others: tuple[Path, ...]) -> None:
    """BadInput where `--events` can make no new file; asked before a session is begun."""
    path = Path(name)
    if name == "-":
        return
    if not path.absolute().parent.is_dir():
        raise BadInput(
            f"--events {name}: there is no folder {path.absolute().parent}; make it, or name a file elsewhere"
        )
    if path.is_dir() or real(path) in {real(each) for each in others}:
        raise BadInput(f"--events {name}: would overwrite {'a folder' if path.is_dir() else 'it'}; name another file")


@contextlib.contextmanager
def event_lines(name: str | None) -> Iterator[EventLines | None]:
    """The lines of a scan, to a file, or to stdout for `-`; None where nobody wants them."""
    if name is None:
        yield None
        return
    with contextlib.ExitStack() as opened:
        if name == "-":
            # A descriptor of its own: when its reader has gone, nothing is left in stdout to complain about at exit.
            file = opened.enter_context(FileIO(os.dup(sys.stdout.fileno()), "wb"))
        else:
            try:
                file = opened.enter_context(FileIO(name, "wb"))
            except OSError as error:
                raise BadInput(f"--events {name}: cannot be written: {error.strerror}") from None
        lines = EventLines(file, name)
        try:
            yield lines
        except BaseException:
            lines.close(whole=False)
            raise
        lines.close(whole=True)


@contextlib.contextmanager
def until_eof(wanted: bool) -> Iterator[None]:
    """Where `wanted`, the end of stdin is a Ctrl-C: whoever steers the scan pauses it so, or has gone."""
    over = threading.Event()

    def watch() -> None:
        # Not by way of sys.stdin, whose lock a thread that never returns would hold when the program ends.
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        if not over.is_set():
            interrupt()

    if wanted:
        threading.Thread(target=watch, name="until-eof", daemon=True).start()
    try:
        yield
    finally:
        over.set()
