"""The keys of what is in focus, on ?."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.screen import ModalScreen

from tui.doc import Doc
from tui.keymap import bind
from tui.reader import Reader

Keys = Sequence[tuple[str, str]]
"""What is typed, and what it does."""

FILTERS: Keys = (
    ("nas backup", "words anywhere in the row, hidden fields too"),
    ('"front desk"', "these words together"),
    ("sev>=high", "severity at least high; also <="),
    ("zone:guest", "contains; zone=guest is exactly that"),
    ("port:443", "that port; also host: kind: from: to: state: product: cve:"),
    ("!excepted !kind:exposure", "not that"),
    ("verdict:unknown", "on Patches; verdict>=unknown is that or worse"),
    ("risk>=70 late>=30", "numbers, at least; also <="),
    ("kev:yes overdue:yes", "on Patches; also exposed:guest rule: host:"),
)
MARKS: Keys = (
    ("✕ BREACHED", "a flow that policy forbids was seen to cross"),
    ("✓ AS_POLICY", "all that was tested is as policy says, with controls"),
    ("≈ WOULD BE", "in a what-if: as policy by a supposed rule only; not measured"),
    ("? UNPROVEN", "silence without a control: no pass"),
    ("– UNTESTED", "nobody probed it: no pass"),
)


class KeysModal(ModalScreen[None]):
    """Groups of keys, the nearest first. Any of the usual keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [bind("back", "leave"), bind("keys", "leave"), bind("open", "leave")]

    def __init__(self, groups: Sequence[tuple[str, Keys]], *, where: str = "") -> None:
        """`where`: the file that can give other keys."""
        super().__init__()
        self.groups, self.where = tuple(groups), where

    def compose(self) -> ComposeResult:
        with Container(id="help"):
            yield Reader(id="help-text")

    def on_mount(self) -> None:
        reader = self.query_one(Reader)
        reader.show(keys_doc(self.groups, self.where))
        reader.focus()

    def action_leave(self) -> None:
        self.dismiss(None)


def keys_doc(groups: Sequence[tuple[str, Keys]], where: str) -> Doc:
    """The page: each group under its title."""
    doc = Doc()
    for title, keys in groups:
        doc.title(title)
        for key, what in keys:
            doc.add(key.ljust(17) + " " * (len(key) >= 17), "accent", bold=True).line(what, hang=17)
    if where:
        doc.end().line(f"Other keys: name and keys in {where}, such as `filter: ctrl+f`.", "muted")
    return doc.end().line("Esc closes this.", "muted")
