"""The real thing: a pseudo-terminal, hostile text in every field, and every byte that comes out of it looked at."""

from __future__ import annotations

import base64
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from sample import sample_report

from scanner.model.report import Report
from scanner.model.text import visible

PAYLOADS = (
    "\x1b]0;OWNED\x07",
    "\x1b[31;5mOWNED",
    "\x9b32mOWNED",
    "[/x][red]OWNED[/]",
    "\u202eOWNED\u200b",
    "\x0e\x08\r\nOWNED",
    "$fw-red\x00\x7f",
)

# What Textual itself says: CSI sequences, the shape of the mouse pointer, questions to the terminal, the clipboard.
CSI = re.compile(rb"\x1b\[[0-9;:<=>?]*[ -/]*[@-~]")
CLIPBOARD = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")
OTHER = re.compile(rb"\x1b\]22;[a-z-]*\x07|\x1b[()][A-Z0-9]|\x1b[=>78]|\x1bP(?:\+q|=)[0-9A-Za-z;]*\x1b\\")


CLOSED = {"purpose", "verdict", "severity", "kind", "state", "transport", "confidence", "summary"}
"""Keys whose values are words of ours that a report cannot be read without."""


def poisoned(value: Any, given: dict[str, str]) -> Any:
    """A payload after every string, in turn; equal strings get the same one, so that zones stay the zones they were."""
    if isinstance(value, str):
        return value + given.setdefault(value, PAYLOADS[len(given) % len(PAYLOADS)])
    if isinstance(value, list | tuple):
        return [poisoned(each, given) for each in value]
    if isinstance(value, dict):
        return {key: each if key in CLOSED else poisoned(each, given) for key, each in value.items()}
    return value


def hostile_report() -> Report:
    return msgspec.convert(poisoned(msgspec.to_builtins(sample_report()), {}), Report)


class Step(NamedTuple):
    """A key, and words that the screen must have shown since, before the next one is typed."""

    key: bytes
    shown: tuple[str, ...] = ()


def said(output: bytes) -> str:
    """What a terminal shows of some output, in the order in which it came."""
    return OTHER.sub(b"", CLIPBOARD.sub(b"", CSI.sub(b"", output))).decode("utf-8", "replace")


def converse(command: list[str], steps: list[Step], env: dict[str, str], seconds: float = 120) -> tuple[bytes, int]:
    """Run a command on a pseudo-terminal of 140 x 45, take the steps as it falls quiet; its output, its exit code."""
    main, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 45, 140, 0, 0))
    process = subprocess.Popen(command, stdin=child, stdout=child, stderr=child, env=env, start_new_session=True)
    os.close(child)
    output, pending, end = bytearray(), list(steps), time.monotonic() + seconds
    since, asked = 0, time.monotonic()
    shown: tuple[str, ...] = ("Harbor Dental",)
    try:
        while time.monotonic() < end:
            ready, _, _ = select.select([main], [], [], 0.2)
            if ready:
                try:
                    output += os.read(main, 65536)
                except OSError:
                    break
                continue
            # A busy machine paints late, and paints several keys as one: no key before the last one's words are seen.
            missing = [each for each in shown if each not in said(bytes(output[since:]))]
            silent = not shown and len(output) == since
            if (missing and time.monotonic() < asked + 30) or (silent and time.monotonic() < asked + 2):
                continue
            if not pending:
                break
            since, asked = len(output), time.monotonic()
            key, shown = pending.pop(0)
            os.write(main, key)
        return bytes(output), process.wait(timeout=120)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        os.close(main)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, int]:
    path: Path = tmp_path_factory.mktemp("tui") / "report.json"
    path.write_bytes(msgspec.json.encode(hostile_report()))
    # Past the command, which would make the text visible: here the screens alone are between it and the terminal.
    code = (
        "import sys, msgspec; from scanner.model.report import Report; from tui.app import run_app;"
        "run_app(msgspec.json.decode(open(sys.argv[1], 'rb').read(), type=Report))"
    )
    env = {key: each for key, each in os.environ.items() if key != "NO_COLOR"} | {"TERM": "xterm-256color"}
    steps = [
        Step(b"2", tuple(map(visible, PAYLOADS))),
        Step(b"4", ("BREACHED",)),
        *[Step(b"j")] * 4,
        Step(b"\r"),
        Step(b"\x1b"),
        Step(b"5", ("15 findings",)),
        *[Step(b"j")] * 10,
        Step(b"\r"),
        Step(b"y"),
        Step(b"6", ("products judged",)),
        *[Step(b"j")] * 7,
        Step(b"\r"),
        Step(b"1"),
        Step(b"q"),
    ]
    return converse([sys.executable, "-c", code, str(path)], steps, env)


def test_the_session_ends_well(session: tuple[bytes, int]) -> None:
    output, code = session
    assert code == 0, output[-2000:]
    assert b"Traceback" not in output
    for words in (b"Harbor Dental", b"BREACHED", b"15 findings", b"products judged", b"OWNED"):
        assert words in output, words


def test_nothing_of_the_network_reaches_the_terminal_as_a_command(session: tuple[bytes, int]) -> None:
    output, _ = session
    rest = OTHER.sub(b"", CLIPBOARD.sub(b"", CSI.sub(b"", output)))
    assert b"\x1b" not in rest, rest[max(0, rest.find(b"\x1b") - 40) :][:80]
    assert set(rest) & (set(range(0x20)) | {0x7F}) <= {0x0A, 0x0D}
    text = rest.decode("utf-8")
    assert not [char for char in text if not char.isprintable() and char not in "\r\n"]
    assert b"\x1b[31;5m" not in output
    for payload in PAYLOADS:
        assert visible(payload) in text, payload


def test_what_is_copied_is_one_line(session: tuple[bytes, int]) -> None:
    output, _ = session
    copied = CLIPBOARD.findall(output)
    assert len(copied) == 1
    command = base64.b64decode(copied[0]).decode()
    assert command.startswith("fencewalk verify")
    assert command.isprintable()
