"""The keys, on ?."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import ModalScreen

from tui.doc import Doc
from tui.screens.base import Reader

KEYS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Everywhere",
        (
            ("1 2 3 4 5 6", "Overview, Hosts, Matrix, Gaps, Patches, Fixes"),
            ("↑ ↓ or k j", "move or scroll"),
            ("g G", "first, last"),
            ("← → or h l", "sideways"),
            ("Enter, Esc", "in, back out"),
            ("y", "copy the command that reproduces the finding"),
            ("d", "firewall rules for another firewall (Gaps, Fixes)"),
            ("c", "copy the firewall rules"),
            ("Ctrl+P", "all commands, and the theme"),
            ("? and q", "these keys; quit"),
        ),
    ),
    (
        "Tables",
        (
            ("/", "filter while you type; Enter keeps it, Esc clears it"),
            ("s S", "sort by the next column; other way round"),
            ("Tab", "between the table and the text"),
        ),
    ),
    (
        "Filters (all terms must hold)",
        (
            ("nas backup", "words anywhere in the row, hidden fields too"),
            ("sev>=high", "severity at least high; also <="),
            ("zone:guest", "contains; zone=guest is exactly that"),
            ("port:443", "that port; also host: kind: from: to: state: product: cve:"),
            ("verdict:unknown", "on Patches; verdict>=unknown is that or worse"),
            ("risk>=70 late>=30", "numbers, at least; also <="),
            ("kev:yes overdue:yes", "on Patches; also exposed:guest rule: host:"),
        ),
    ),
    (
        "Marks",
        (
            ("✕ BREACHED", "a flow that policy forbids was seen to cross"),
            ("✓ AS_POLICY", "all that was tested is as policy says, with controls"),
            ("≈ WOULD BE", "in a what-if: as policy by a supposed rule only; not measured"),
            ("? UNPROVEN", "silence without a control: no pass"),
            ("– UNTESTED", "nobody probed it: no pass"),
        ),
    ),
)


class HelpScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,enter", "dismiss", "Close", show=False),
    ]

    def compose(self) -> ComposeResult:
        with Container(id="help"):
            yield Reader(id="help-text")

    def on_mount(self) -> None:
        reader = self.query_one(Reader)
        reader.show(_keys())
        reader.focus()


def _keys() -> Doc:
    doc = Doc()
    for title, keys in KEYS:
        doc.title(title)
        for key, what in keys:
            doc.add(key.ljust(17), "accent", bold=True).line(what, hang=17)
    return doc.end().line("Esc closes this.", "muted")
