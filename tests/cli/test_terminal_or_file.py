"""Commands on a terminal of which some streams go elsewhere: what was done well ends well."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scanner import session
from scanner.lab.privilege import can_raise


def on_terminal(command: list[str], log: Path, seconds: float = 60) -> tuple[int, bytes]:
    """Run with stdin and stdout on a pseudo-terminal and stderr in a file; the exit code and what stdout showed."""
    main, child = pty.openpty()
    with log.open("wb") as errors:
        process = subprocess.Popen(command, stdin=child, stdout=child, stderr=errors, start_new_session=True)
    os.close(child)
    shown, end = bytearray(), time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            if select.select([main], [], [], 0.2)[0]:
                try:
                    shown += os.read(main, 65536)
                except OSError:  # the other end is closed
                    break
            elif process.poll() is not None:
                break
        return process.wait(max(1.0, end - time.monotonic())), bytes(shown)
    finally:
        process.kill()
        process.wait()
        os.close(main)


def test_a_demo_whose_stderr_is_kept_in_a_file_ends_well_and_opens_no_tui(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scanner.cli", "demo", "flat-office", "--simulate", "--out", str(tmp_path / "d")]
    code, shown = on_terminal(command, tmp_path / "log")
    assert code == 0, (tmp_path / "log").read_text()
    assert b"The report: " in shown
    assert "needs a terminal" not in (tmp_path / "log").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without rights")
@pytest.mark.parametrize("words", [["shell", "fw-none", "guest"], ["down", "all"], ["up", "flat-office"]], ids=" ".join)
def test_who_is_not_root_is_told_the_command_that_works(words: list[str], tmp_path: Path) -> None:
    if not os.access(Path(session.__file__), os.R_OK) or can_raise():
        pytest.skip("no lab can be raised here, or nobody else may read the program")
    command = [sys.executable, "-m", "scanner.cli", "lab", *words]
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command], capture_output=True, text=True,
        cwd="/", timeout=300,
    )  # fmt: skip
    if "Permission denied" in done.stderr:
        pytest.skip("nobody else may run the program here")
    assert done.returncode == 4, done.stderr
    assert done.stderr.startswith("fencewalk: only root ")
    assert done.stderr.rstrip().endswith(f"sudo {sys.executable} -m scanner.cli lab {' '.join(words)}")
    assert done.stderr.count("\n") == 1
