"""How a run can end early. Each message is one sentence for the person at the keyboard: what is wrong and the mend.

Only the commands catch these (`scanner.cli`) and turn them into the exit code beside each class. What a network does
(a timeout, a refusal, garbage) is never an exception: it is an observation in the stream.
"""

from __future__ import annotations


class FencewalkError(Exception):
    """Base of every error that a user may see; `exit_code` is what the process ends with."""

    exit_code = 2


class BadInput(FencewalkError):
    """A file, flag or name that cannot be used. The message names the file, the key or line, and the mend.

    `listing`: what may be named instead, a line each.
    """

    def __init__(self, message: str, listing: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.listing = listing


class OutOfScope(BadInput):
    """The request as a whole lies outside the authorisation: its dates, its zones, or its scope."""


class NoPrivilege(FencewalkError):
    """The operating system refused what the request needs; the message says how to grant it."""

    exit_code = 4


class NetworkFailed(FencewalkError):
    """Our own side of the network broke (interface gone, no route): what was collected is kept, the scan can resume."""

    exit_code = 3


class ScanIncomplete(FencewalkError):
    """A scan ended before its plan did; `--resume` goes on with it."""

    exit_code = 3
