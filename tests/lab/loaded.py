"""`fencewalk`, typed where hundreds of commands are: by a process that has loaded it beforehand.

Each command is a process of its own, in a lab in the laptop's namespace, with arguments, exit code and output as ever.
But it is forked from a process that is about to begin (Python's own fork server), which saves the half second of
processor time in which a new one would load what all of them need.
"""

from __future__ import annotations

import multiprocessing
import os
import pkgutil
import signal
import subprocess
import tempfile
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

from scanner import probes
from scanner.cli import main
from scanner.lab.kernel import enter
from scanner.lab.namespaces import Lab
from scanner.lab.records import path_of

NEEDED = (
    "scanner.canary",
    "scanner.cli._dry_run",
    "scanner.cli._resume",
    "scanner.cli.canary",
    "scanner.cli.demo",
    "scanner.cli.scan",
    "scanner.cli.verify",
    "scanner.net.canary.answer",
    "scanner.net.canary.probe",
    "scanner.net.canary.prove",
    "scanner.net.canary.watch",
    "scanner.net.guard",
    "scanner.net.live",
    "scanner.net.near",
    "scanner.net.pace",
    "scanner.net.talk.converse",
    "scanner.exporters.html",
    "scanner.lab.namespaces",
    "scanner.lab.simulate",
    "scanner.pipeline",
    "scanner.session",
    "scanner.verify",
    *(f"scanner.probes.{each.name}" for each in pkgutil.iter_modules(probes.__path__)),
)
"""What a scan loads, some of it late. A name that is missing here costs time, and nothing else."""
_HANGS = 600.0
_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(list(NEEDED))


Place = tuple[str, str, str]
"""The laptop's namespace, the lab's script that plugs it in (or none), and the zone."""


class Done(NamedTuple):
    """As `subprocess.run` tells it."""

    returncode: int
    stdout: str
    stderr: str


def fencewalk(lab: Lab, zone: str, *arguments: str) -> Done:
    """What the command did. AssertionError: it did not end by itself, or it hung."""
    return _typed((lab.laptop(zone), str(path_of(lab.name, ".plug")), zone), arguments)


def fencewalk_here(*arguments: str) -> Done:
    """The same in the machine's own network."""
    return _typed(None, arguments)


def fencewalk_in(namespace: str, *arguments: str) -> Done:
    """The same in a namespace that is no laptop's of a lab."""
    return _typed((namespace, "", ""), arguments)


def begun(namespace: str, log: Path, *arguments: str) -> BaseProcess:
    """The command at work in that namespace, what it says being written to `log`."""
    process = _FORKING.Process(target=_begin, args=(namespace, log, arguments))
    process.start()
    return process


class Running:
    """A command at work in a namespace: the part of `subprocess.Popen` that tests use of one. What it says is in
    `log`."""

    def __init__(self, namespace: str, log: Path, *arguments: str) -> None:
        self._log = log
        self._process = begun(namespace, log, *arguments)

    @property
    def returncode(self) -> int | None:
        """None while it runs; that of a signal is negative."""
        return self._process.exitcode

    @property
    def said(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, seconds: float) -> int:
        """AssertionError: it hung."""
        self._process.join(seconds)
        assert self.returncode is not None, f"it runs after {seconds} s: {self.said}"
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None and self._process.pid is not None:
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _begin(namespace: str, log: Path, arguments: tuple[str, ...]) -> None:
    said = os.open(log, os.O_WRONLY | os.O_CREAT, 0o600)
    for descriptor in (1, 2):
        os.dup2(said, descriptor)
    enter(namespace)
    main(list(arguments))


def _typed(place: Place | None, arguments: tuple[str, ...]) -> Done:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process = _FORKING.Process(target=_type, args=(place, arguments, folder))
        process.start()
        process.join(_HANGS)
        hangs = process.is_alive()
        if hangs:
            process.kill()
            process.join()
        said = [(folder / each).read_text() if (folder / each).exists() else "" for each in ("code", "out", "err")]
    assert said[0], f"fencewalk {' '.join(arguments)} {'hung' if hangs else 'was ended'}: {said[2]}"
    return Done(int(said[0]), said[1], said[2])


def _type(place: Place | None, arguments: tuple[str, ...], folder: Path) -> None:
    for descriptor, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600), descriptor)
    if place is not None:
        namespace, plug, zone = place
        enter(namespace)
        if plug:
            subprocess.run(["sh", plug, zone, "--"], check=True)
    try:
        main(list(arguments))
    except SystemExit as ended:
        # By a file, as several threads of ours may ask for the exit code at once, and only one of them is told it.
        (folder / "code").write_text(str(ended.code or 0))
