"""A question before something that cannot simply be done again."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from tui.doc import Doc
from tui.keymap import bind


class ConfirmModal(ModalScreen[bool]):
    """Dismisses with whether to go ahead; what does nothing has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("back", "answer(False)"),
        bind("left", "other"),
        bind("right", "other"),
        Binding("n", "answer(False)", "No", show=False),
        Binding("y", "answer(True)", "Yes", show=False),
    ]

    def __init__(self, title: str, question: Doc, yes: str) -> None:
        """`yes`: what the button says that goes ahead."""
        super().__init__()
        self._title, self._question, self._yes = title, question, yes

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="confirm", classes="window", can_focus=False) as window:
            window.border_title = self._title
            yield Static(self._question.content(64), markup=False)
            with Horizontal(classes="buttons"):
                yield Button(f"{self._yes} (y)", id="yes", compact=True)
                yield Button("Cancel (Esc)", id="no", compact=True)

    def on_mount(self) -> None:
        self.query_one("#no", Button).focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)

    def action_other(self) -> None:
        self.focus_next(Button)
