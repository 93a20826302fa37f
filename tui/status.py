"""How a verdict looks: a glyph and a word beside each colour, so that no meaning hangs on colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from scanner.exporters import words
from scanner.exporters.words import Tone
from scanner.model.base import SEVERITIES
from scanner.model.report import CellRow, Report

Colour = Literal["text", "muted", "accent", "red", "orange", "amber", "green", "blue", "grey"]
"""A name of `tui.theme.Palette`."""


class Mark(msgspec.Struct, frozen=True):
    """One verdict's glyph, word and colour. Green is for what was proved, and nothing else."""

    glyph: str
    word: str
    colour: Colour

    @property
    def label(self) -> str:
        return f"{self.glyph} {self.word}"


def _marks(*rows: tuple[str, str, Colour]) -> Mapping[str, Mark]:
    return MappingProxyType({word: Mark(glyph, word, colour) for glyph, word, colour in rows})


TONES: Mapping[Tone, Colour] = MappingProxyType(
    {"good": "green", "bad": "red", "warn": "amber", "none": "grey", "plain": "text", "supposed": "blue"}
)


def _signs(table: Mapping[str, words.Mark]) -> Mapping[str, Mark]:
    """The signs of a report under their codes, which filters and the JSON report know them by."""
    return _marks(*((sign.glyph, code, TONES[sign.tone]) for code, sign in table.items()))


CELLS = _signs(words.CELLS)
SUPPOSED = Mark("≈", "WOULD BE", "blue")
"""In a what-if: as policy only because of a denial that is supposed. The legend says the whole of it."""
PATCHES = _signs(words.PATCHES)


def cell_look(row: CellRow | None) -> Mark:
    """How a pair of zones looks; one that the report does not hold was not tested."""
    code = words.cell_code(row)
    return SUPPOSED if code == words.SUPPOSED else mark(CELLS, code)


def cell_looks(report: Report) -> dict[str, Mark]:
    """What the cells of the report may look like, by `words.cell_code`: the legend."""
    return {code: SUPPOSED if code == words.SUPPOSED else CELLS[code] for code in words.cell_signs(report)}


FLOWS = _signs(words.FLOWS)
"""Whether a flow that was REACHED is good or bad hangs on policy, so the verdict alone has no colour."""

SEVERITY = _marks(
    ("◆", "critical", "red"),
    ("▲", "high", "orange"),
    ("●", "medium", "amber"),
    ("○", "low", "blue"),
    ("·", "info", "grey"),
)
COVERAGE = _signs(words.STATES)

STATES = _marks(("●", "open", "text"), ("○", "accepted", "grey"), ("!", "expired", "orange"))
"""Of a finding: open, accepted by a valid exception, or open again since its exception expired."""

REGISTER = _marks(
    ("●", "held", "text"), ("!", "expired", "orange"), ("!", "ownerless", "amber"), ("!", "unmatched", "amber")
)
"""Of an entry in the register of exceptions: what does nothing is never quiet."""

CHANGES: Mapping[str, Mark] = MappingProxyType(
    {
        "new": Mark("+", "new", "red"),
        "opened": Mark("✕", "opened", "red"),
        "let through": Mark("→", "opened", "text"),
        "breached": Mark("✕", "zones", "red"),
        "unsure": Mark("?", "zones", "amber"),
        "proven": Mark("✓", "zones", "green"),
        "not retested": Mark("?", "not retested", "amber"),
        "uncertain": Mark("?", "uncertain", "amber"),
        "persisting": Mark("=", "persisting", "orange"),
        "fixed": Mark("✓", "fixed", "green"),
        "closed": Mark("✓", "closed", "green"),
    }
)
"""Between two states. Only what newer answers prove is green."""

STANDINGS = _marks(
    ("●", "here", "accent"), ("○", "not here", "grey"), ("!", "refused", "amber"), ("▶", "scanning", "accent")
)
"""Of a zone: whether the laptop stands in it, and a scan can start from there."""

BY_LABEL: Mapping[str, Mark] = MappingProxyType(
    {
        mark.label: mark
        for table in (CELLS, PATCHES, SEVERITY, COVERAGE, STATES, REGISTER, CHANGES, STANDINGS)
        for mark in table.values()
    }
)


def mark(table: Mapping[str, Mark], word: str) -> Mark:
    """The look of a verdict; a word from a newer report than this program shows as itself and never as a pass."""
    return table.get(word) or Mark("?", word, "amber")


def label_colour(label: str) -> Colour:
    """The colour of a cell that holds a label."""
    found = BY_LABEL.get(label)
    if found is not None:
        return found.colour
    return "amber" if label.startswith("? ") else "text"


def severity_rank(severity: str) -> int:
    """0 for info to 4 for critical; -1 for no severity or one that is not known."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else -1
