from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest
from coloraide import Color
from tables import for_every

from tui.status import CELLS, COVERAGE, FLOWS, PATCHES, SEVERITY, STATES, Mark, label_colour, mark
from tui.theme import PALETTES, Palette, textual_theme

TEXT = ("text", "muted", "accent", "red", "orange", "amber", "green", "blue", "grey")
GROUNDS = ("background", "surface", "panel", "cursor")


def contrast(left: str, right: str) -> float:
    """As WCAG 2 defines it."""
    return Color(left).contrast(right, method="wcag21")


def seen(colour: str, sight: str | None) -> Color:
    """A colour as somebody sees it who lacks a kind of cone wholly (Brettel, Viénot and Mollon)."""
    simulated = Color(colour)
    return simulated.filter(sight, 1.0, space="srgb-linear", method="brettel").clip("srgb") if sight else simulated


def apart(palette: Palette, left: str, right: str, sight: str | None) -> float:
    """How different two colours look: CIEDE2000, of which a trained eye sees about 2 and anybody 10."""
    return seen(getattr(palette, left), sight).delta_e(seen(getattr(palette, right), sight), method="2000")


@for_every("palette", PALETTES.values(), ids=PALETTES)
@for_every("ground", GROUNDS)
@for_every("text", TEXT)
def test_text_can_be_read_on_every_ground(palette: Palette, ground: str, text: str) -> None:
    assert contrast(getattr(palette, text), getattr(palette, ground)) >= 4.5


@for_every("palette", PALETTES.values(), ids=PALETTES)
@for_every("colour", ["red", "green", "amber", "grey", "blue"])
def test_a_verdict_can_be_read_on_its_tile(palette: Palette, colour: str) -> None:
    assert contrast(getattr(palette, colour), getattr(palette, f"{colour}_tile")) >= 4.5


SIGHTS: Mapping[str, tuple[str | None, ...]] = {
    "fencewalk-dark": (None,),
    "fencewalk-light": (None,),
    # Those who lack red or green see nearly the same, and either may pick the theme.
    "fencewalk-deuteranopia": (None, "deutan", "protan"),
    "fencewalk-tritanopia": (None, "tritan"),
}
SEEN = [(PALETTES[name], sight) for name, sights in SIGHTS.items() for sight in sights]
TABLES = (CELLS, PATCHES, SEVERITY, COVERAGE, STATES, FLOWS)


@pytest.mark.parametrize(("palette", "sight"), SEEN, ids=[f"{each.name}-{sight}" for each, sight in SEEN])
def test_states_stay_apart_for_those_whose_theme_it_is(palette: Palette, sight: str | None) -> None:
    pairs = {
        pair for table in TABLES for pair in itertools.combinations(sorted({each.colour for each in table.values()}), 2)
    }
    assert len(pairs) > 12
    for left, right in sorted(pairs):
        assert apart(palette, left, right, sight) >= 12, (left, right)
    for other in ("red", "orange", "amber", "grey", "blue"):
        assert apart(palette, "green", other, sight) >= 17, f"what was proved looks like {other}"


def test_without_its_theme_red_and_green_are_one() -> None:
    """What the theme is for; and that the simulation shows it."""
    assert apart(PALETTES["fencewalk-dark"], "red", "green", "deutan") < 10
    assert apart(PALETTES["fencewalk-dark"], "green", "blue", "tritan") < 10


def test_mono_has_no_colour_and_the_worse_is_the_brighter() -> None:
    mono = PALETTES["fencewalk-mono"]
    values = [getattr(mono, name) for name in mono.__struct_fields__ if name not in ("name", "dark")]
    assert all(each[1:3] == each[3:5] == each[5:7] for each in values)
    assert mono.red > mono.orange > mono.amber > mono.green > mono.blue > mono.grey
    assert mono.red_tile > mono.amber_tile > mono.green_tile > mono.blue_tile > mono.grey_tile


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_every_part_has_a_colour_of_its_own(palette: Palette) -> None:
    """So that the pictures of screens can name the part that a colour stands for."""
    tiles = [name for name in palette.__struct_fields__ if name.endswith("_tile")]
    assert len({getattr(palette, name) for name in TEXT}) == len(TEXT)
    assert len({getattr(palette, name) for name in (*GROUNDS, *tiles)}) == len(GROUNDS) + len(tiles)


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
