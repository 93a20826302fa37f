"""A name for something that is kept."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.doc import Doc
from tui.keymap import bind
from tui.modals.fields import SafeInput

MOST = 60
"""Characters of a name."""


class NameModal(ModalScreen[str | None]):
    """Dismisses with the name, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [bind("back", "leave")]

    def __init__(self, title: str, taken: Collection[str] = ()) -> None:
        """`taken`: names whose owner the new one would replace; it says so."""
        super().__init__()
        self.heading, self.taken = title, frozenset(taken)

    def compose(self) -> ComposeResult:
        with Vertical(id="name", classes="window") as window:
            window.border_title = self.heading
            yield SafeInput(max_length=MOST, compact=True)
            yield Static(id="name-hint", classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(SafeInput).focus()
        self._hint("")

    @on(SafeInput.Changed)
    def _typed(self, event: SafeInput.Changed) -> None:
        self._hint(event.value.strip())

    @on(SafeInput.Submitted)
    def _submitted(self, event: SafeInput.Submitted) -> None:
        name = event.value.strip()
        if name:
            self.dismiss(name)
        else:
            self._hint("", wrong=True)

    def _hint(self, name: str, wrong: bool = False) -> None:
        if name in self.taken:
            doc = Doc().add("There is one of this name; Enter replaces it.", "amber")
        elif wrong:
            doc = Doc().add("It needs a name.", "amber")
        else:
            doc = Doc().add("Enter keeps it, Esc does not.", "muted")
        self.query_one("#name-hint", Static).update(doc.text())

    def action_leave(self) -> None:
        self.dismiss(None)
