"""Ctrl-C: that one is enough, wherever the program happens to be."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_GRACE = 2.0
_AGAIN = 0.02


def interrupt() -> None:
    """Ctrl-C, from any thread: it ends a system call of the main thread too, where the system can do that."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """One Ctrl-C (or SIGTERM) is enough: it raises KeyboardInterrupt, and an impatient second one within
    `_GRACE` seconds does not disturb what is being kept."""
    last = -_GRACE

    def stop(signum: int, frame: FrameType | None) -> None:
        nonlocal last
        if time.monotonic() - last >= _GRACE:
            last = time.monotonic()
            raise KeyboardInterrupt

    def lost(what: UnraisableHookArgs) -> None:
        # Python drops what is raised while it lets go of an object. It has to be raised anew, but not in here.
        nonlocal last
        if what.exc_type is not KeyboardInterrupt:
            hook(what)
            return
        last = -_GRACE
        over = threading.Event()
        threading.Thread(target=_again, args=(over,), name="interrupt", daemon=True).start()
        over.set()

    before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
    hook, sys.unraisablehook = sys.unraisablehook, lost
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for each, handler in before.items():
            signal.signal(each, handler)


def _again(over: threading.Event) -> None:
    """As soon as an exception would not be dropped once more."""
    over.wait()
    time.sleep(_AGAIN)
    interrupt()
