"""One Ctrl-C ends a command, even where Python would drop it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import weakref

import pytest

from scanner.cli._interrupt import interruptible


class Thing:
    """Something that can be let go of."""


def interrupted(where: str) -> None:
    thing = Thing()
    if where == "callback":
        # Kept alive by the default argument: a reference that is gone itself calls nobody.
        reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
        del thing
        assert reference() is None
    else:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("where", ["callback", "anywhere"])
def test_one_is_enough(where: str) -> None:
    def work() -> None:
        interrupted(where)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt), interruptible():
        work()


def test_a_second_one_does_not_disturb_what_is_being_kept() -> None:
    kept = []

    def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(60)
        finally:
            signal.raise_signal(signal.SIGINT)
            kept.append(True)

    with pytest.raises(KeyboardInterrupt), interruptible():
        work()
    assert kept


def test_what_else_is_dropped_is_still_told() -> None:
    script = (
        "from scanner.cli._interrupt import interruptible\n"
        "class Bad:\n"
        "    def __del__(self): raise ValueError('dropped')\n"
        "with interruptible():\n"
        "    Bad()\n"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert (told.returncode, "ValueError: dropped" in told.stderr) == (0, True)
