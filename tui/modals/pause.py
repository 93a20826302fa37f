"""A scan is being paused, and then: go on, leave, or stay."""

from __future__ import annotations

import asyncio
from typing import ClassVar, Literal

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from tui.desk import Ended
from tui.doc import Doc

Choice = Literal["go on", "leave", "stay"]


class PauseModal(ModalScreen[Choice]):
    """Dismisses with what to do next. Who leaves, or goes on, waits until all that was found is written down."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g", "answer('go on')", "Go on", show=False),
        Binding("q,l", "answer('leave')", "Leave", show=False),
        Binding("escape,s", "answer('stay')", "Stay", show=False),
        Binding("left,h", "app.focus_previous", "The button before", show=False),
        Binding("right", "app.focus_next", "The next button", show=False),
    ]

    def __init__(self, zone: str, ended: asyncio.Future[Ended]) -> None:
        """`ended`: done when the scan has come to rest."""
        super().__init__()
        self._zone, self._ended = zone, ended
        self._choice: Choice | None = None

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="pause", classes="window", can_focus=False) as window:
            window.border_title = "Pause"
            yield Static(markup=False, id="pause-text")
            with Horizontal(classes="buttons"):
                yield Button("Go on (g)", id="go", compact=True)
                yield Button("Leave (q)", id="leave", compact=True)
                yield Button("Stay (Esc)", id="stay", compact=True)

    def on_mount(self) -> None:
        self._say()
        self.query_one("#stay", Button).focus()
        self._wait()

    @work
    async def _wait(self) -> None:
        await asyncio.wait({self._ended})
        if self._choice is not None and self.is_attached:
            self.dismiss(self._choice)
        else:
            self._say()

    def _say(self) -> None:
        doc = Doc().line(f"The scan from {self._zone}:", bold=True)
        if not self._ended.done():
            doc.line("Pausing: what is under way is being written down.", "amber")
            if self._choice is not None:
                doc.line(f"Then: {self._choice}.", "accent")
        else:
            doc.line(self._words(self._ended.result()))
        self.query_one("#pause-text", Static).update(doc.content(64))

    def _words(self, ended: Ended) -> str:
        if ended.how == "complete":
            return "It was through before it could be paused."
        if ended.how == "failed":
            return f"It failed: {ended.reason}"
        return f"Paused: {ended.reason}." if ended.reason else "Paused."

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        choices: dict[str | None, Choice] = {"go": "go on", "leave": "leave"}
        self.action_answer(choices.get(event.button.id, "stay"))

    def action_answer(self, choice: Choice) -> None:
        if choice == "stay" or self._ended.done():
            self.dismiss(choice)
        else:
            self._choice = choice
            self._say()
