"""Programs that run in the namespaces of a lab, and end with the test."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

from live_lab import Lab


class Daemons:
    """Programs in the lab's namespaces, each seeing a /run of its own."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, script: str) -> subprocess.Popen[bytes]:
        argv = self._lab.command(name, ["sh", "-c", f"mount -t tmpfs none /run && {script}"])
        started = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
        self._running.append(started)
        return started

    def answer(self, name: str, *how: str) -> None:
        argv = [sys.executable, str(Path(__file__).with_name("name_answers.py")), *how]
        started = self.start(name, f"exec {shlex.join(argv)}")
        assert started.stdout is not None
        assert started.stdout.readline() == b"ready\n"

    def close(self) -> None:
        for each in self._running:
            os.killpg(each.pid, signal.SIGKILL)
            each.wait()
            if each.stdout is not None:
                each.stdout.close()
        self._running.clear()
