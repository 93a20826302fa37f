"""A scan or a verification as a process of its own, so that packets never wait for the screen.

It reads nothing but the end of its stdin, on which it stops at a checkpoint: so it is paused, also where it runs with
rights that we lack and takes no signal of ours, and so it stops when this program dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from abc import abstractmethod
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from scanner.model.observation import Event
from scanner.model.text import visible
from tui.desk import Ended, Item, Outcome, Said

_CHUNK = 1 << 16
_AT_ONCE = 256
"""Items that are handed out before whoever else waits gets the turn."""
_LONGEST = 64 << 20
"""Bytes of one line. Nothing that a scan says is as long."""
_STOPS_WITHIN = 30.0
_ENDS_WITHIN = 5.0
_INTERRUPTED, _INCOMPLETE, _BUG = 130, 3, 70
_OURS = "fencewalk: "
_OUTCOME = re.compile(r"(confirmed|gone|cannot tell here): \S+: (.*)", re.DOTALL)

_decode = msgspec.json.Decoder(Event).decode


class Child:
    """What both kinds of `desk.Run` share."""

    def __init__(self, commands: Sequence[tuple[list[str], str]]) -> None:
        """Commands, each with what the log says where it is the one: where sudo refuses one, the next is tried."""
        self._commands = deque(commands)
        self._items: deque[Item] = deque()
        self._news = asyncio.Event()
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._pausing = False
        self._handed = 0
        self._last_words = ""
        """What it said last in its own name."""
        self._observed = False

    def __aiter__(self) -> Child:
        return self

    async def __anext__(self) -> Item:
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        self._handed += 1
        if self._handed % _AT_ONCE == 0:
            await asyncio.sleep(0)
        while not self._items:
            if self._task.done():
                self._task.result()
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._items.popleft()

    async def pause(self) -> None:
        self._pausing = True
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def aclose(self) -> None:
        await self.pause()
        if self._task is None:
            return
        done, _ = await asyncio.wait({self._task}, timeout=_STOPS_WITHIN)
        for end in (Process.terminate, Process.kill):
            if done or self._process is None:
                break
            with contextlib.suppress(ProcessLookupError, PermissionError):
                end(self._process)
            done, _ = await asyncio.wait({self._task}, timeout=_ENDS_WITHIN)
        if not done:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _put(self, item: Item) -> None:
        self._items.append(item)
        self._news.set()

    async def _run(self) -> None:
        try:
            while True:
                command, words = self._commands.popleft()
                code = await self._carry_out(command, words)
                if code is not None:
                    self._put(self._end(code))
                    return
        except OSError as error:
            self._put(Ended("failed", f"no process can be started: {error.strerror or error}"))
        finally:
            self._news.set()

    async def _carry_out(self, command: list[str], words: str) -> int | None:
        """The process from start to end: its exit code; None where it was refused, and there is another to try."""
        # In a process group of its own: Ctrl-C at the terminal is for the screen. The terminal stays its terminal, as
        # sudo remembers by it who has given the password.
        self._process = process = await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            limit=_CHUNK,
            process_group=0 if os.name == "posix" else None,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        if self._pausing:
            await self.pause()
        said: list[str] = []

        def log(line: bytes) -> None:
            text = line.decode("utf-8", "replace").strip()
            said.append(text)
            if not (self._commands and text.startswith("sudo:")):
                self._say(text)

        async def out() -> None:
            await _lines(process.stdout, self._see)

        async def err() -> None:
            await _lines(process.stderr, log)

        if words:
            self._say(words)
        await asyncio.gather(out(), err())
        code = await process.wait()
        refused = code == 1 and not self._observed and any(each.startswith("sudo:") for each in said)
        return None if refused and self._commands else code

    def _say(self, text: str) -> None:
        text = visible(text.removeprefix(_OURS), 2000)
        if text:
            self._last_words = text
            self._put(Said(text))

    @abstractmethod
    def _see(self, line: bytes) -> None:
        """A line of what it says to programs."""

    @abstractmethod
    def _end(self, code: int) -> Item:
        """What is said of how it ended."""

    def _how(self, code: int) -> Ended:
        """How it ended, without regard to what it was to do."""
        resumable = self._observed and (code in (_INTERRUPTED, _INCOMPLETE, _BUG) or code < 0)
        if code == _INTERRUPTED:
            kept = "what was found is kept, and it can be gone on with" if resumable else "nothing was found yet"
            return Ended("paused", kept, resumable)
        if code < 0:
            return Ended("failed", f"its process was ended by signal {-code}", resumable)
        return Ended("failed", self._last_words or f"its process ended with code {code}", resumable)


class ScanChild(Child):
    """A scan that writes its events to stdout, a line each."""

    def _see(self, line: bytes) -> None:
        try:
            event = _decode(line)
        except msgspec.MsgspecError:
            self._say(line.decode("utf-8", "replace"))
        else:
            self._observed = True
            self._put(event)

    def _end(self, code: int) -> Item:
        return Ended("complete") if code == 0 else self._how(code)


class VerifyChild(Child):
    """A verification that says on stdout what came of it."""

    _outcome: Outcome | None = None

    def _see(self, line: bytes) -> None:
        found = _OUTCOME.fullmatch(line.decode("utf-8", "replace").strip())
        if found is None:
            self._say(line.decode("utf-8", "replace"))
        else:
            self._outcome = msgspec.convert({"word": found[1], "reason": visible(found[2], 2000)}, Outcome)

    def _end(self, code: int) -> Item:
        return self._outcome if code == 0 and self._outcome is not None else self._how(code)


async def _lines(reader: asyncio.StreamReader | None, take: Callable[[bytes], None]) -> None:
    """Every line as it comes. Read in chunks: a call a line would cost more than the lines."""
    assert reader is not None
    rest = b""
    while data := await reader.read(_CHUNK):
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            take(line)
        if len(rest) > _LONGEST:
            raise OSError("it wrote a line without end")
    if rest:
        take(rest)
