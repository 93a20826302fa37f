"""Start a scan from a zone: which ports, how gently, or go on with the one that did not end."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Checkbox, Input, Static

from scanner.errors import BadInput
from scanner.model.text import plural, visible
from scanner.ports import DEFAULT, parse_ports
from tui.desk import Standing
from tui.doc import Doc
from tui.modals.fields import Field

SWITCHES = (
    ("thorough", "Thorough: from trusted source ports and in fragments too"),
    ("polite", "Polite: slow, one thing at a time, for fragile networks"),
    ("no-identify", "Ports only: do not ask what runs there"),
    ("no-names", "Do not ask hosts for their names"),
)
"""Flags of `fencewalk scan`, and what they are called here."""


class Switch(Checkbox):
    """On or off by a sign, and not by a colour alone."""

    BUTTON_LEFT, BUTTON_RIGHT = "[", "]"

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]
        return "x" if self.value else " "


class StartForm(msgspec.Struct, frozen=True):
    """How the scan is to be started."""

    resume: bool
    flags: tuple[str, ...] = ()


class StartModal(ModalScreen[StartForm | None]):
    """Dismisses with the form, or with None where no scan is to be started."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", show=False),
        Binding("ctrl+s", "start", "Start", show=False),
        Binding("ctrl+r", "resume", "Go on with the unfinished one", show=False),
    ]

    def __init__(self, standing: Standing) -> None:
        super().__init__()
        self.standing = standing

    def compose(self) -> ComposeResult:
        each = self.standing
        with VerticalScroll(id="start", classes="window", can_focus=False) as window:
            window.border_title = "Start a scan"
            doc = Doc().add("From ").add(each.zone, bold=True)
            doc.line(f" on {each.interface}, as {each.address}. Nothing outside the site file's scope is asked.")
            if each.unfinished:
                doc.line(f"{each.unfinished} did not end: ^r goes on with it as it was planned.", "amber")
            yield Static(doc.content(86), markup=False)
            yield Field("Ports", DEFAULT, id="ports")
            for name, words in SWITCHES:
                yield Switch(words, id=name, compact=True)
            with Horizontal(classes="buttons"):
                if each.unfinished:
                    yield Button("Go on (^r)", id="resume", compact=True)
                yield Button("Start (^s)", id="go", compact=True)
                yield Button("Cancel (Esc)", id="no", compact=True)

    def on_mount(self) -> None:
        self._check()
        if self.standing.unfinished:
            self.query_one("#resume", Button).focus()
        else:
            self._ports.input.focus()

    @property
    def _ports(self) -> Field:
        return self.query_one("#ports", Field)

    def _check(self) -> bool:
        if not self._ports.value:
            self._ports.say("no port is named: write 22,80,8000-8100,U:53, top:N, all or none", "red")
            return False
        try:
            found = parse_ports(self._ports.value)
        except BadInput as error:
            self._ports.say(visible(str(error)), "red")
            return False
        counts = f"{plural(len(found.tcp), 'TCP port')} and {plural(len(found.udp), 'UDP port')}"
        self._ports.say(f"{counts}; written as 22,80,8000-8100,U:53, top:N, all or none")
        return True

    @on(Input.Changed)
    def _typed(self) -> None:
        self._check()

    @on(Checkbox.Changed)
    def _switched(self, event: Checkbox.Changed) -> None:
        # Each forbids what the other one needs.
        other = {"thorough": "polite", "polite": "thorough"}.get(event.checkbox.id or "")
        if other and event.value:
            self.query_one(f"#{other}", Checkbox).value = False

    @on(Input.Submitted)
    def action_start(self) -> None:
        if self._check():
            switched = [f"--{name}" for name, _ in SWITCHES if self.query_one(f"#{name}", Checkbox).value]
            self.dismiss(StartForm(False, ("--ports", self._ports.value, *switched)))
        else:
            self._ports.input.focus()

    def action_resume(self) -> None:
        if self.standing.unfinished:
            self.dismiss(StartForm(True))

    def action_cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        {"go": self.action_start, "resume": self.action_resume}.get(event.button.id or "", self.action_cancel)()
