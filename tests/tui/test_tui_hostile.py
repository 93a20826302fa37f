"""No byte of a network, of a file or of a tool reaches the terminal as a command, whatever screen or window shows it.

A case is a screen or a window drawn with newly generated hostile text in every place where remote text may stand.
FENCEWALK_FUZZ makes them many more.
"""

from __future__ import annotations

import base64
import codecs
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from fuzz import TIMES
from hostile_walk import MARK

WALK = Path(__file__).parent / "hostile_walk.py"
ROUNDS = 1
# All that Textual itself says; that of somebody else would hold MARK.
CSI = re.compile(r"\x1b\[[0-9;:<=>?]*[ -/]*[@-~]")
CLIPBOARD = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")
OTHER = re.compile(r"\x1b\]22;[a-z-]*\x07|\x1b[()][A-Z0-9]|\x1b[=>78]|\x1bP(?:\+q|=)[0-9A-Za-z;]*\x1b\\")
UNFINISHED = 200_000
"""Characters that a sequence, the clipboard's, may have before it ends."""


class Watch:
    """Reads what goes to a terminal and keeps what is wrong with it."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.copied: list[str] = []
        self.marked = False
        """Whether something of theirs was seen, as text."""
        self.tail = ""
        """The last words."""
        # What is no UTF-8 becomes characters that do not print.
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._rest = ""

    def feed(self, data: bytes, *, last: bool = False) -> None:
        text = self._rest + self._decoder.decode(data, last)
        escape = text.rfind("\x1b")
        cut = escape if escape >= 0 and not last and not _whole(text, escape) else len(text)
        if len(text) - cut > UNFINISHED:
            self.wrong.append(f"a sequence that does not end: {text[cut : cut + 60]!r}")
            cut = len(text)
        self._rest = text[cut:]
        self._look(text[:cut])

    def _look(self, text: str) -> None:
        self.wrong.extend(f"a command of theirs: {each!r}" for each in CSI.findall(text) if MARK in each)
        for each in CLIPBOARD.findall(text):
            copied = base64.b64decode(each).decode()
            self.copied.append(copied)
            if not all(char.isprintable() or char == "\n" for char in copied):
                self.wrong.append(f"copied: {copied[:80]!r}")
        words = OTHER.sub("", CLIPBOARD.sub("", CSI.sub("", text)))
        for line in re.split(r"[\r\n]", words):
            if not line.isprintable():
                self.wrong.append(repr(line)[:200])
        self.marked = self.marked or MARK in words
        self.tail = (self.tail + words)[-4000:]


def _whole(text: str, escape: int) -> bool:
    """Whether the sequence that starts there is all there. The end of a clipboard's, `ESC \\`, starts none."""
    return any(each.match(text, escape) for each in (CSI, CLIPBOARD, OTHER))


def play(size: tuple[int, int], seed: int, rounds: int) -> tuple[Watch, int]:
    """The walk on a pseudo-terminal: what came out of it, and its exit code."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    folders = (WALK.parent, WALK.parents[1] / "exporters", WALK.parents[1], WALK.parents[2])
    # A terminal that takes the clipboard, and no desktop that does.
    theirs_too = ("NO_COLOR", "WAYLAND_DISPLAY", "DISPLAY", "VTE_VERSION", "TERM_PROGRAM", "TEXTUAL_THEME")
    env = {key: each for key, each in os.environ.items() if key not in theirs_too}
    env |= {"TERM": "xterm-256color", "PYTHONPATH": os.pathsep.join(map(str, folders))}
    command = [sys.executable, str(WALK), str(seed), str(rounds)]
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=env | {"TERM": "xterm-256color"},
        start_new_session=True,
    )
    os.close(theirs)
    watch = Watch()
    try:
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:
                break
            if not data:
                break
            watch.feed(data)
        watch.feed(b"", last=True)
        return watch, process.wait(timeout=60)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)


# Both where there is time for many more.
@pytest.mark.parametrize("size", [(140, 45), (80, 24)][TIMES == 1 :], ids=str)
def test_whatever_is_said_only_textual_speaks_to_the_terminal(size: tuple[int, int]) -> None:
    watch, code = play(size, seed=size[0], rounds=ROUNDS * TIMES)
    assert code == 0, watch.tail[-3000:]
    assert not watch.wrong, watch.wrong[:5]
    shown = re.search(r"shown (\d+) times", watch.tail)
    assert shown, watch.tail[-500:]
    assert int(shown[1]) >= 30 * ROUNDS * TIMES
    assert watch.copied
    assert watch.marked


@pytest.mark.parametrize(
    "data",
    [b"\x1b[7777m", b"\x9b1m".decode("latin1").encode(), b"x\x07y", "\u202e".encode(), b"\x1b]0;x\x07", b"\x1bc",
     b"\xff", b"\x1b]52;c;G1s=\x07"],
)  # fmt: skip
def test_the_watch_sees_what_it_is_for(data: bytes) -> None:
    for pieces in ([data], [bytes([each]) for each in data]):
        watch = Watch()
        watch.feed("plain words, 日本語 ".encode() + b"\x1b[1;31mred\x1b[0m")
        for piece in pieces:
            watch.feed(piece)
        watch.feed(b" and more")
        watch.feed(b"", last=True)
        assert watch.wrong, data


def test_the_watch_lets_pass_what_textual_says() -> None:
    watch = Watch()
    for each in "\x1b[?1049h\x1b[38;2;1;2;3mä日本\x1b[0m\x1b]52;c;eA==\x07\r\n\x1b]22;pointer\x07".encode():
        watch.feed(bytes([each]))
    watch.feed(b"", last=True)
    assert not watch.wrong
    assert watch.copied == ["x"]
