"""Chromium by its debugging pipe: opens a page, says what the page computes, prints it. No port is opened."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-logging=stderr",
)  # fmt: skip
PATIENCE = 120.0


class Browser:
    """One tab. `events`: everything that the browser told besides answers."""

    def __init__(self, folder: Path) -> None:
        self.events: list[dict[str, Any]] = []
        self._folder = folder
        self._count = 0
        self._rest = b""
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        # The browser reads commands at 3 and writes answers at 4; neither end may lie there before.
        far = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 10) for each in (theirs_in, theirs_out)]
        words = [str(BROWSER), *FLAGS, "--remote-debugging-pipe", f"--user-data-dir={folder / 'p'}", "about:blank"]
        quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
        ends = [(os.POSIX_SPAWN_DUP2, each, number) for number, each in enumerate(far, 3)]
        self._process = os.posix_spawn(str(BROWSER), words, os.environ, file_actions=[*quiet, *ends])
        for each in (theirs_in, theirs_out, *far):
            os.close(each)
        self._session = ""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._session = ""
        with contextlib.suppress(OSError, TimeoutError):
            self.ask("Browser.close")
        os.close(self._in)
        os.close(self._out)
        os.waitpid(self._process, 0)

    def ask(self, method: str, **words: Any) -> Any:
        self._count += 1
        session = {"sessionId": self._session} if self._session else {}
        self._send({"id": self._count, "method": method, "params": words, **session})
        for told in self._told():
            if told.get("id") == self._count:
                assert "error" not in told, told
                return told["result"]
            self.events.append(told)
        raise AssertionError("unreachable")

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]

    def _told(self) -> Iterator[dict[str, Any]]:
        until = time.monotonic() + PATIENCE
        while True:
            while b"\0" in self._rest:
                message, _, self._rest = self._rest.partition(b"\0")
                yield json.loads(message)
            if not select.select([self._in], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError("the browser says nothing")
            got = os.read(self._in, 1 << 20)
            if not got:
                raise OSError("the browser is gone")
            self._rest += got

    def open(self, page: bytes) -> Path:
        """Load the page, wait until it is loaded."""
        path = self._folder / "report.html"
        path.write_bytes(page)
        self.events.clear()
        self.ask("Emulation.setEmulatedMedia", media="", features=[])
        self.ask("Page.navigate", url=path.as_uri())
        while not any(each.get("method") == "Page.loadEventFired" for each in self.events):
            self.events.append(next(self._told()))
        return path

    def say(self, program: str) -> Any:
        """What the program comes to in the page, as JSON would have it; a promise is waited for."""
        told = self.ask("Runtime.evaluate", expression=program, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    @contextlib.contextmanager
    def spent(self) -> Iterator[list[float]]:
        """The seconds of processor time that the page's own thread took inside."""
        taken: list[float] = []
        self.ask("Performance.enable", timeDomain="threadTicks")
        before = self._taken()
        yield taken
        taken.append(self._taken() - before)

    def _taken(self) -> float:
        told = self.ask("Performance.getMetrics")["metrics"]
        return next(float(each["value"]) for each in told if each["name"] == "TaskDuration")

    def print(self) -> bytes:
        return base64.b64decode(self.ask("Page.printToPDF", preferCSSPageSize=True)["data"])

    @property
    def asked_for(self) -> list[str]:
        """Every address that the page wanted."""
        return [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]

    @property
    def complaints(self) -> list[str]:
        """What the console and the content policy said."""
        return [
            json.dumps(each["params"])
            for each in self.events
            if each.get("method") in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
        ]
