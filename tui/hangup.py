"""A terminal that has gone away."""

from __future__ import annotations

import errno
import os
import signal
import sys


def hung_up(fd: int) -> bool:
    """Whether `fd` was a terminal that somebody has closed since; never, where it is none or the system cannot tell."""
    try:
        import termios
    except ImportError:  # Windows closes a console's programs itself
        return False
    try:
        termios.tcgetattr(fd)
    except termios.error as error:
        return bool(error.args[0] != errno.ENOTTY)
    return False


def end_with_the_terminal() -> None:
    """End as the kernel ends what hangs on a terminal, where this one is not our controlling terminal.

    Textual would read its end again and again, at the price of a processor. To be called now and then.
    """
    fd = sys.__stdin__.fileno() if sys.__stdin__ else -1
    if hung_up(fd):
        os.kill(os.getpid(), signal.SIGHUP)
