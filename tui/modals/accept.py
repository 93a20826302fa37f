"""Accept findings for a while: who answers for it, why, until when, who agreed."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from scanner.model.report import ExceptionRow, FindingRow
from scanner.model.text import plural
from tui.details import finding_line
from tui.doc import Doc
from tui.keymap import bind
from tui.modals.fields import Field
from tui.until import read_until

LISTED = 5
"""Findings that are named; it says how many more there are."""


class AcceptForm(msgspec.Struct, frozen=True):
    """An exception as it was filled in: complete, and not past."""

    owner: str
    reason: str
    until: datetime.date
    approved_by: str = ""


class AcceptModal(ModalScreen[AcceptForm | None]):
    """Dismisses with the form, or with None where nothing is to be accepted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("back", "cancel"),
        Binding("ctrl+s", "submit", "Accept", show=False),
    ]

    def __init__(
        self, findings: FindingRow | Sequence[FindingRow], today: datetime.date, before: ExceptionRow | None = None
    ) -> None:
        """`before`: the exception that stands now; its words are there to begin with."""
        super().__init__()
        self.findings = (findings,) if isinstance(findings, FindingRow) else tuple(findings)
        self.today, self.before = today, before

    def compose(self) -> ComposeResult:
        before = self.before
        with VerticalScroll(id="accept", classes="window", can_focus=False) as window:
            window.border_title = f"Accept {plural(len(self.findings), 'finding')} for a while"
            yield Static(self._about().content(200), markup=False, id="about")
            yield Field("Owner", before.owner if before else "", id="owner", most=200)
            yield Field("Reason", before.reason if before else "", id="reason")
            yield Field("Until", before.until if before and not before.expired else "", id="until", most=20)
            yield Field("Approved by", before.approved_by if before else "", id="approved", most=200)
            with Horizontal(classes="buttons"):
                yield Button("Accept (^s)", id="yes", compact=True)
                yield Button("Cancel (Esc)", id="no", compact=True)

    def _about(self) -> Doc:
        doc = Doc()
        for each in self.findings[:LISTED]:
            finding_line(doc, each)
        if len(self.findings) > LISTED:
            doc.line(f"and {plural(len(self.findings) - LISTED, 'more finding')}", "muted")
        return doc

    def on_mount(self) -> None:
        for each in self.query(Field):
            self._check(each)
        self._field("owner").input.focus()

    def _field(self, name: str) -> Field:
        return self.query_one(f"#{name}", Field)

    def _check(self, field: Field, insist: bool = False) -> bool:
        """Say below the field what is to be said, and whether it will do. `insist`: an empty one is wrong."""
        if field.id == "until":
            until = read_until(field.value, self.today)
            bad = until.day is None and (insist or bool(field.value))
            words = until.words if field.value or not insist else f"no day is named: {until.words}"
            field.say(words, "red" if bad else "amber" if until.doubtful else "muted")
            return until.day is not None
        wanted = {
            "owner": ("who answers for it at the client's", "nobody is named: it holds only while somebody answers"),
            "reason": ("why it is accepted", "no reason is given: say why this is accepted"),
        }.get(field.id or "")
        if wanted is None:
            field.say("who agreed to it; may stay empty")
            return True
        hint, wrong = wanted
        field.say(wrong if insist and not field.value else hint, "red" if insist and not field.value else "muted")
        return bool(field.value)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        for field in self.query(Field):
            if field.input is event.input:
                self._check(field)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        fields = list(self.query(Field))
        if event.input is fields[-1].input:
            self.action_submit()
        else:
            self.focus_next(Input)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "yes":
            self.action_submit()
        else:
            self.action_cancel()

    def action_submit(self) -> None:
        wrong = [field for field in self.query(Field) if not self._check(field, insist=True)]
        if wrong:
            wrong[0].input.focus()
            return
        until = read_until(self._field("until").value, self.today).day
        if until is not None:
            owner, reason, agreed = (self._field(name).value for name in ("owner", "reason", "approved"))
            self.dismiss(AcceptForm(owner, reason, until, agreed))

    def action_cancel(self) -> None:
        self.dismiss(None)
