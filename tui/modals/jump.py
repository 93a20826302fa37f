"""Jump: some letters of a host, a finding, a zone, a service or a screen, and there."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from rich.cells import set_cell_size
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from tui.doc import Doc
from tui.jumping import Index, Target
from tui.modals.fields import SafeInput


class Offers(Widget):
    """The places that fit, as many as there is room for, with a cursor; a click picks one."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.targets: list[Target] = []
        self.cursor = 0

    def show(self, targets: list[Target]) -> None:
        self.targets, self.cursor = targets, 0
        self.refresh()

    @property
    def target(self) -> Target | None:
        return self.targets[self.cursor] if self.targets else None

    def move(self, step: int) -> None:
        self.cursor = max(0, min(len(self.targets) - 1, self.cursor + step))
        self.refresh()

    @property
    def top(self) -> int:
        return max(0, self.cursor - self.size.height + 1)

    def render(self) -> Content:
        width, lines = self.size.width, []
        if not self.targets:
            return Doc().add("Nothing has these letters in this order.", "muted").text()
        for at in range(self.top, min(len(self.targets), self.top + self.size.height)):
            target, here = self.targets[at], at == self.cursor
            words = set_cell_size(target.words, max(1, width - 12))
            doc = Doc()
            if here:
                doc.on_cursor(f"▌ {target.kind:9} ", "accent").on_cursor(words, "text")
            else:
                doc.add(f"  {target.kind:9} ", "muted").add(words)
            lines.append(doc.text())
        return Content("\n").join(lines)

    def on_click(self, event: events.Click) -> None:
        at = self.top + event.y
        if at < len(self.targets):
            self.cursor = at
            self.screen.dismiss(self.target)


class JumpModal(ModalScreen[Target | None]):
    """Dismisses with the place that was picked, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Stay here", show=False),
        Binding("enter", "pick", "Jump there", show=False, priority=True),
        Binding("down,ctrl+n", "move(1)", "The next one", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", "The one before", show=False, priority=True),
        Binding("pagedown", "move(10)", "Ten on", show=False, priority=True),
        Binding("pageup", "move(-10)", "Ten back", show=False, priority=True),
    ]

    def __init__(self, index: Index) -> None:
        super().__init__()
        self.index = index

    def compose(self) -> ComposeResult:
        with Vertical(id="jump", classes="window") as window:
            window.border_title = "Jump to"
            yield SafeInput(placeholder="letters of an address, a name, a title, a port", id="jump-line")
            yield Offers(id="jump-offers")
            yield Static("↑↓ choose  Enter jump  Esc stay", classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(SafeInput).focus()
        self._look("")

    @on(SafeInput.Changed, "#jump-line")
    def _typed(self, event: SafeInput.Changed) -> None:
        self._look(event.value)

    @work(exclusive=True, group="look")
    async def _look(self, query: str) -> None:
        for found in self.index.find(query):
            if found is not None:
                self.query_one(Offers).show(found)
            # The next key comes between two parts, and stops this one.
            await asyncio.sleep(0)

    def action_move(self, step: int) -> None:
        self.query_one(Offers).move(step)

    def action_pick(self) -> None:
        self.dismiss(self.query_one(Offers).target)

    def action_leave(self) -> None:
        self.dismiss(None)
