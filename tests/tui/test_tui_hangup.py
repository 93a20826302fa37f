"""A terminal that is closed under the program, by an `ssh` that died or a window that was shut."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time

import msgspec
import pytest
from sample import sample_report

from tui.hangup import hung_up

CODE = (
    "import sys, msgspec; from scanner.model.report import Report; from tui.app import run_app;"
    "run_app(msgspec.json.decode(sys.argv[1], type=Report))"
)


def test_a_terminal_has_hung_up_once_its_other_end_is_closed() -> None:
    main, child = pty.openpty()
    assert not hung_up(child)
    os.close(main)
    assert hung_up(child)
    os.close(child)


def test_what_is_no_terminal_has_not_hung_up() -> None:
    with open(os.devnull) as none:
        assert not hung_up(none.fileno())


@pytest.mark.parametrize("controlling", [True, False])
def test_the_program_ends_with_its_terminal(controlling: bool) -> None:
    """Also where the kernel sends no hang-up. It would read the end of its input for ever, and burn a processor."""
    main, child = pty.openpty()
    code = f"import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);{CODE}" if controlling else CODE
    report = msgspec.json.encode(sample_report()).decode()
    process = subprocess.Popen(
        [sys.executable, "-c", code, report], stdin=child, stdout=child, stderr=child, start_new_session=True
    )
    os.close(child)
    shown, end = b"", time.monotonic() + 120
    try:
        while b"Harbor Dental" not in shown and time.monotonic() < end:
            if select.select([main], [], [], 0.5)[0]:
                shown += os.read(main, 65536)
        os.close(main)
        assert process.wait(timeout=120) == -signal.SIGHUP
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
