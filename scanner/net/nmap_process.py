"""One running Nmap, in a process group of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from typing import IO

from scanner.errors import BadInput, NetworkFailed
from scanner.importers.nmap_run import NmapRun, read_nmap_xml
from scanner.model.addresses import ports_text
from scanner.model.text import visible
from scanner.net.nmap_child import NOT_INSTALLED

_POLL_SECONDS = 0.25
_INTERFACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}")


def check_interface(name: str) -> None:
    """BadInput for an interface name that could be read as something else."""
    if not _INTERFACE.fullmatch(name):
        raise BadInput(f"{visible(name, 60)!r} is no name of an interface")


class NmapProcess:
    """Nmap, started by python-nmap in a process of its own. Its output goes to files: nothing waits for a reader."""

    def __init__(self, addresses: Iterable[str], ports: Iterable[int], flags: list[str]) -> None:
        command = {"hosts": " ".join(addresses), "ports": ports_text(ports), "arguments": shlex.join(flags)}
        self._out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - `kill` closes it
        self._err: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - `kill` closes it
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "scanner.net.nmap_child"],
            stdin=subprocess.PIPE,
            stdout=self._out,
            stderr=self._err,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        self._process.stdin.flush()  # and stays open: its end is the end of the child

    def ended(self, seconds: float = _POLL_SECONDS) -> bool:
        """Whether it is through; waits a moment for it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self._process.returncode is not None

    def result(self) -> tuple[NmapRun, str]:
        """What it saw, and its complaints."""
        if self._process.returncode == NOT_INSTALLED:
            raise BadInput("nmap is not installed: apt install nmap, or use --engine raw")
        complaint = visible(_content(self._err).strip(), 300)
        output = _content(self._out)
        if self._process.returncode != 0 or not output:
            raise NetworkFailed(f"nmap ended without a result: {complaint or f'status {self._process.returncode}'}")
        run = read_nmap_xml(output, "nmap's output")
        if not run.complete:
            raise NetworkFailed(f"nmap gave up: {run.error or complaint or 'its output breaks off'}")
        return run, complaint

    def kill(self) -> None:
        """End it and all that it started, and give its files back."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._out.close()
        self._err.close()


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()
