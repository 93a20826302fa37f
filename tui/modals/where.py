"""Where a report is written to: a folder, and the name of the file in it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from tui.keymap import bind
from tui.modals.fields import Field
from tui.status import Colour


class Where(msgspec.Struct, frozen=True):
    folder: Path
    file: str


class WhereModal(ModalScreen[Where | None]):
    """Dismisses with a folder that is there and a file's name, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [bind("back", "cancel")]

    def __init__(self, what: str, where: Where) -> None:
        super().__init__()
        self._what, self._where = what, where

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="where", classes="window", can_focus=False) as window:
            window.border_title = f"Where {self._what} goes"
            yield Field("Folder", str(self._where.folder), id="folder", most=4096)
            yield Field("File", self._where.file, id="file", most=255)
            with Horizontal(classes="buttons"):
                yield Button("Take it (Enter)", id="yes", compact=True)
                yield Button("Cancel (Esc)", id="no", compact=True)

    def on_mount(self) -> None:
        for each in self.query(Field):
            self._check(each)
        self.query_one("#file", Field).input.focus()

    @property
    def _folder(self) -> Path:
        return Path(self.query_one("#folder", Field).value or ".").expanduser()

    def _check(self, field: Field) -> bool:
        if field.id == "folder":
            wrong = "" if self._folder.is_dir() else "there is no such folder; make it, or name another one"
            field.say(wrong or "of every format; ~ is your own", "red" if wrong else "muted")
            return not wrong
        name = field.value
        wrong = "name the file" if name in ("", ".", "..") else ""
        if not wrong and ("/" in name or "\\" in name):
            wrong = "only its name: the folder stands above"
        there = not wrong and (self._folder / name).exists()
        field.say(wrong or ("is there, and would be replaced" if there else ""), _colour(wrong, there))
        return not wrong

    @on(Input.Changed)
    def _typed(self) -> None:
        # A name may be taken in one folder and free in another.
        for each in self.query(Field):
            self._check(each)

    @on(Input.Submitted)
    def _entered(self) -> None:
        self._submit()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "yes":
            self._submit()
        else:
            self.action_cancel()

    def _submit(self) -> None:
        wrong = [field for field in self.query(Field) if not self._check(field)]
        if wrong:
            wrong[0].input.focus()
        else:
            self.dismiss(Where(self._folder, self.query_one("#file", Field).value))

    def action_cancel(self) -> None:
        self.dismiss(None)


def _colour(wrong: str, there: bool) -> Colour:
    return "red" if wrong else "amber" if there else "muted"
