"""What outlives a screen: where the user was, and what the user's own folder keeps of views, looks and keys."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import platformdirs

from scanner.errors import BadInput
from scanner.model.text import visible
from tui.listing import TableView

T = TypeVar("T")

_STEPS = 100
_LIMIT = 1024 * 1024
"""Bytes; a larger file is none of ours."""


class Place(msgspec.Struct, frozen=True):
    """A screen, what was filtered there, and the row that the cursor was on."""

    tab: str
    filter: str = ""
    key: str | None = None
    """What identifies the row (`BrowseScreen.key`)."""


class History:
    """The places that were left, as a browser keeps them: going somewhere new forgets what was ahead."""

    def __init__(self) -> None:
        self._behind: list[Place] = []
        self._ahead: list[Place] = []

    def leave(self, place: Place) -> None:
        """The user goes somewhere new from here. The same place twice is one."""
        self._ahead.clear()
        if self._behind[-1:] != [place]:
            self._behind.append(place)
            del self._behind[:-_STEPS]

    def earlier(self, here: Place) -> Place | None:
        """The place to go back to; None at the first."""
        return _step(self._behind, self._ahead, here)

    def later(self, here: Place) -> Place | None:
        """The place that `earlier` came from; None at the last."""
        return _step(self._ahead, self._behind, here)


def _step(source: list[Place], sink: list[Place], here: Place) -> Place | None:
    # Where the user has already come back to by hand, a step that stays would look like a dead key.
    while source and source[-1] == here:
        source.pop()
    if not source:
        return None
    sink.append(here)
    return source.pop()


class View(msgspec.Struct, frozen=True, omit_defaults=True):
    """A way of looking at a screen, under a name of the user's."""

    tab: str
    table: TableView = TableView()


class Settings(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the user chose and wants again the next time."""

    theme: str | None = None
    dialect: str | None = None


class State:
    """One user's state. Without a folder it is forgotten at the end."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.history = History()
        self.problems: list[str] = []
        """A sentence for each file that could not be read; the program starts without what it held."""
        views = self._read("views.json", dict[str, View], {})
        # Their names come from a file, and go to the screen.
        self.views: dict[str, View] = {visible(name, 200): view for name, view in views.items()}
        self.settings = self._read("tui.json", Settings, Settings())

    def keep_view(self, name: str, view: View) -> str | None:
        """Keep a view under a name. Gives a sentence where it could not be written down."""
        self.views[name] = view
        return self._write("views.json", self.views)

    def drop_view(self, name: str) -> str | None:
        """Forget a view, if there is one of this name."""
        self.views.pop(name, None)
        return self._write("views.json", self.views)

    def choose(self, **changes: Any) -> str | None:
        """Keep settings."""
        settings = msgspec.structs.replace(self.settings, **changes)
        if settings == self.settings:
            return None
        self.settings = settings
        return self._write("tui.json", settings)

    def _read(self, name: str, kind: type[T], default: T) -> T:
        if self.folder is None:
            return default
        path = self.folder / name
        try:
            with path.open("rb") as file:
                content = file.read(_LIMIT + 1)
            if len(content) > _LIMIT:
                raise msgspec.ValidationError("it is larger than 1 MiB")
            return msgspec.json.decode(content, type=kind)
        except FileNotFoundError:
            return default
        except OSError as error:
            self.problems.append(f"{path}: cannot be read ({error.strerror or error}); going on without it.")
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            aside = path.with_name(f"{name}.broken")
            kept = ""
            # What somebody may have written by hand is not overwritten by the next view that is kept.
            with contextlib.suppress(OSError):
                path.replace(aside)
                kept = f"; it is now {aside.name}"
            self.problems.append(f"{path}: {error}; going on without it{kept}.")
        return default

    def _write(self, name: str, value: object) -> str | None:
        if self.folder is None:
            return None
        text = msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
        try:
            write_whole(self.folder / name, text)
        except OSError as error:
            return f"{self.folder / name}: cannot be written ({error.strerror or error}); kept until you quit."
        return None


def write_whole(path: Path, content: bytes) -> None:
    """Write a file of the user's own: whole or not at all, and for nobody else to read. May raise OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def config_folder(environ: Mapping[str, str]) -> Path:
    """Where `keys.yaml`, `views.json` and `tui.json` are: $FENCEWALK_CONFIG, or the user's folder for such files."""
    own = environ.get("FENCEWALK_CONFIG")
    return Path(own).expanduser() if own else platformdirs.user_config_path("fencewalk")


def keys_text(folder: Path) -> tuple[str, str] | None:
    """The name and text of `keys.yaml`; None where there is none. BadInput where it cannot be read."""
    path = folder / "keys.yaml"
    try:
        with path.open("rb") as file:
            return str(path), file.read(_LIMIT).decode()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise BadInput(f"{path}: is no text in UTF-8.") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error}).") from None
