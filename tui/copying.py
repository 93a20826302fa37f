"""To the clipboard: by the terminal (OSC 52), by a program of the desktop, or into a file where neither can be.

A terminal never says whether it took a text. Where it is known not to, or the text is longer than terminals take, a
program of the desktop gets it; where there is none, a file of the user's own.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import platformdirs

from tui.state import write_whole

OSC52_BYTES = 74_994
"""What the usual terminals take at least: 100,000 bytes of sequence, base64 included."""
_SECONDS = 2.0

_TOOLS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("WAYLAND_DISPLAY", ("wl-copy",)),
    ("DISPLAY", ("xclip", "-selection", "clipboard")),
    ("DISPLAY", ("xsel", "--clipboard", "--input")),
    ("", ("pbcopy",)),
    ("WSL_DISTRO_NAME", ("clip.exe",)),
)


class Way(msgspec.Struct, frozen=True):
    """How a text goes to the clipboard from here."""

    terminal: bool
    """Whether the terminal is likely to take it."""
    tool: tuple[str, ...] = ()
    """The desktop's program; empty where there is none, or where its clipboard is not this user's screen's."""


def way(environ: Mapping[str, str]) -> Way:
    """How to copy, judged by what the environment says of the terminal and the desktop."""
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    # The Linux console, plain VT terminals and Apple's Terminal have no OSC 52; neither had VTE before 0.83.
    takes = not (term in ("", "dumb", "linux") or term.startswith("vt") or program == "Apple_Terminal")
    vte = environ.get("VTE_VERSION", "")
    if vte.isdecimal() and int(vte) < 8300 and not environ.get("TMUX"):
        takes = False
    # Behind SSH the desktop's clipboard would be that of the far machine.
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return Way(takes)
    for variable, command in _TOOLS:
        if (not variable or environ.get(variable)) and shutil.which(command[0], path=environ.get("PATH")):
            return Way(takes, command)
    return Way(takes)


def by_tool(command: Sequence[str], text: str) -> bool:
    """Whether the desktop's program took it. May take a while: call it in a thread."""
    try:
        # wl-copy and xclip stay behind to serve the text: waiting for their streams would be waiting for ever.
        done = subprocess.run(
            list(command), input=text.encode("utf-8", "replace"), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=_SECONDS, check=False, start_new_session=True,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def file_path(environ: Mapping[str, str]) -> Path:
    """Where a text goes that no clipboard takes."""
    own = environ.get("FENCEWALK_CONFIG")
    return (Path(own).expanduser() if own else platformdirs.user_state_path("fencewalk")) / "copied.txt"


def to_file(path: Path, text: str) -> str:
    """Write the text for the user alone; says where, or why not."""
    try:
        write_whole(path, text.encode("utf-8", "replace"))
    except OSError as error:
        return f"could not be copied: the terminal takes no text, and {path} cannot be written ({error.strerror})."
    return f"is in {path}: this terminal has no clipboard for it."


def copied(text: str, environ: Mapping[str, str], *, web: bool = False) -> tuple[bool, str]:
    """Whether the terminal is to be asked as well, and how the sentence about the text ends. May take a while.

    `web`: the screen is in a browser, which takes nothing.
    """
    chosen = way(environ)
    asked = chosen.terminal and not web and len(text.encode("utf-8", "replace")) <= OSC52_BYTES
    # Both, where both are there: nobody can say whether the terminal took it.
    tooled = bool(chosen.tool) and by_tool(chosen.tool, text)
    return asked, "copied." if asked or tooled else to_file(file_path(environ), text)
