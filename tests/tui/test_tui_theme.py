from __future__ import annotations

from collections.abc import Mapping

import pytest

from tui.status import CELLS, COVERAGE, FLOWS, PATCHES, SEVERITY, STATES, Mark, label_colour, mark
from tui.theme import PALETTES, Palette, textual_theme

TEXT = ("text", "muted", "accent", "red", "orange", "amber", "green", "blue", "grey")
GROUNDS = ("background", "surface", "panel", "cursor")


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(left: str, right: str) -> float:
    low, high = sorted((luminance(left), luminance(right)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", TEXT)
def test_text_can_be_read_on_every_ground(palette: Palette, ground: str, text: str) -> None:
    assert contrast(getattr(palette, text), getattr(palette, ground)) >= 4.5


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("colour", ["red", "green", "amber", "grey"])
def test_a_verdict_can_be_read_on_its_tile(palette: Palette, colour: str) -> None:
    assert contrast(getattr(palette, colour), getattr(palette, f"{colour}_tile")) >= 4.5


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_a_palette_makes_a_theme(palette: Palette) -> None:
    theme = textual_theme(palette)
    assert theme.dark is palette.dark
    assert theme.variables["fw-red"] == palette.red
    assert theme.variables["fw-red-tile"] == palette.red_tile


@pytest.mark.parametrize("table", [CELLS, PATCHES, FLOWS, SEVERITY, COVERAGE, STATES])
def test_no_two_verdicts_look_alike(table: Mapping[str, Mark]) -> None:
    marks = list(table.values())
    assert len({each.label for each in marks}) == len(marks)
    assert all(each.glyph and each.word for each in marks)


def test_green_is_for_what_was_proved() -> None:
    green = {each.word for table in (CELLS, PATCHES, FLOWS, SEVERITY, STATES, COVERAGE) for each in table.values()
             if each.colour == "green"}  # fmt: skip
    assert green == {"AS_POLICY"}
    assert mark(CELLS, "SOMETHING_NEW").colour == "amber"
    assert label_colour("? SOMETHING_NEW") == "amber"
    assert label_colour("✓ AS_POLICY") == "green"
    assert label_colour("AS_POLICY") == "text"
