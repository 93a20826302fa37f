"""Fields to fill in: what is pasted into one is as visible as anything else on the screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from scanner.model.text import visible
from tui.doc import Doc
from tui.status import Colour


class SafeInput(Input):
    """A line of input that never holds a character that does not simply print."""

    def validate_value(self, value: str) -> str:
        return value if value.isprintable() else visible(value, 65536)


class Field(Vertical):
    """A label, a line of input, and below it what is to be said about what stands there."""

    def __init__(self, label: str, value: str = "", *, id: str, most: int = 500) -> None:
        super().__init__(id=id, classes="field")
        self._label, self._value, self._most = label, visible(value, most), most

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static(Doc().add(self._label, "muted", bold=True).text(), markup=False, classes="label")
            yield SafeInput(self._value, max_length=self._most, select_on_focus=False, compact=True)
        yield Static(markup=False, classes="hint")

    @property
    def input(self) -> SafeInput:
        return self.query_one(SafeInput)

    @property
    def value(self) -> str:
        return self.input.value.strip()

    @property
    def hint(self) -> str:
        return str(self.query_one(".hint", Static).content)

    def say(self, words: str, colour: Colour = "muted") -> None:
        """Below the line: a hint (muted), a doubt (amber), what is wrong (red); the latter two have a sign as well."""
        sign = {"red": "✕ ", "amber": "! "}.get(colour, "")
        self.query_one(".hint", Static).update(Doc().add(sign + words, colour).text() if words else Content(""))
