"""The looks, as data: every colour that the TUI draws with. A test holds status text at 4.5:1 on what it stands on."""

from __future__ import annotations

import msgspec
from textual.theme import Theme


class Palette(msgspec.Struct, frozen=True, kw_only=True):
    """One theme's colours, as `#rrggbb`. Whatever is not a background here is text on each of the backgrounds."""

    name: str
    dark: bool
    background: str
    surface: str
    """Panels and the table."""
    panel: str
    """Title bar, table header, key bar."""
    cursor: str
    """The row or cell that the cursor is on."""
    line: str
    """Borders and rules; carries no meaning."""
    text: str
    muted: str
    accent: str
    red: str
    orange: str
    amber: str
    green: str
    blue: str
    grey: str
    red_tile: str
    green_tile: str
    amber_tile: str
    grey_tile: str
    blue_tile: str
    """Backgrounds of matrix cells; the text on each is the colour that it is named after."""

    def variables(self) -> dict[str, str]:
        """What style sheets and documents call the colours: `$fw-red`."""
        names = [field for field in self.__struct_fields__ if field not in ("name", "dark")]
        return {f"fw-{name.replace('_', '-')}": getattr(self, name) for name in names}


DARK = Palette(
    name="fencewalk-dark",
    dark=True,
    background="#0d1218",
    surface="#111820",
    panel="#18222d",
    cursor="#22354a",
    line="#2c3b4b",
    text="#dce5ee",
    muted="#93a4b5",
    accent="#6cc7f0",
    red="#ff8791",
    orange="#ffab70",
    amber="#f3c55f",
    green="#6fdc9a",
    blue="#8fb8ff",
    grey="#93a1ae",
    red_tile="#471a22",
    green_tile="#10331f",
    amber_tile="#3a2d0e",
    grey_tile="#1a222b",
    blue_tile="#14263f",
)

LIGHT = Palette(
    name="fencewalk-light",
    dark=False,
    background="#f3f5f8",
    surface="#fcfdfe",
    panel="#e6ebf1",
    cursor="#d5e5f5",
    line="#c3ced9",
    text="#17212b",
    muted="#4c5a68",
    accent="#0a5d8a",
    red="#a81c2a",
    orange="#943a06",
    amber="#7a4a00",
    green="#125f33",
    blue="#1f4fa8",
    grey="#515e6b",
    red_tile="#f9dcdf",
    green_tile="#d9f2e2",
    amber_tile="#f8ebc9",
    grey_tile="#e8ebee",
    blue_tile="#dde8fa",
)

DEUTERANOPIA = msgspec.structs.replace(
    DARK,
    name="fencewalk-deuteranopia",
    # Good is blue, bad goes from a pale red over orange to yellow and gets lighter on the way: red and green are one
    # colour to whoever has this theme, so that only blue against yellow, and light against dark, can tell states apart.
    accent="#a7c6cf",
    red="#e88074",
    orange="#fba400",
    amber="#f9f89f",
    green="#5ba9ff",
    blue="#e7dcff",
    grey="#afb0b2",
    red_tile="#4a2016",
    green_tile="#0f2a52",
    amber_tile="#39330f",
    grey_tile="#1a222b",
    blue_tile="#2c2640",
)

TRITANOPIA = msgspec.structs.replace(
    DARK,
    name="fencewalk-tritanopia",
    # Good is teal; what is left to tell apart are red against teal, and light against dark.
    accent="#c3c9f2",
    red="#fd725f",
    orange="#ffbaa3",
    amber="#fff48c",
    green="#00afbd",
    blue="#97ecff",
    grey="#b4b4b4",
    red_tile="#4d1717",
    green_tile="#06323a",
    amber_tile="#39330f",
    grey_tile="#1a222b",
    blue_tile="#16333f",
)

MONO = Palette(
    name="fencewalk-mono",
    dark=True,
    # The worse, the brighter. Every state has its glyph and its word, which have to do here.
    background="#0e0e0e",
    surface="#131313",
    panel="#1e1e1e",
    cursor="#303030",
    line="#454545",
    text="#dadada",
    muted="#a4a4a4",
    accent="#f0f0f0",
    red="#ffffff",
    orange="#f6f6f6",
    amber="#e6e6e6",
    green="#c4c4c4",
    blue="#b8b8b8",
    grey="#9e9e9e",
    red_tile="#565656",
    green_tile="#292929",
    amber_tile="#3e3e3e",
    grey_tile="#191919",
    blue_tile="#222222",
)

PALETTES: dict[str, Palette] = {each.name: each for each in (DARK, LIGHT, DEUTERANOPIA, TRITANOPIA, MONO)}


def textual_theme(palette: Palette) -> Theme:
    """The palette as Textual takes it, its own widgets (command palette, input, scroll bars) included."""
    return Theme(
        name=palette.name,
        dark=palette.dark,
        primary=palette.accent,
        secondary=palette.blue,
        accent=palette.accent,
        warning=palette.amber,
        error=palette.red,
        success=palette.green,
        foreground=palette.text,
        background=palette.background,
        surface=palette.surface,
        panel=palette.panel,
        variables=palette.variables()
        | {
            "border": palette.accent,
            "border-blurred": palette.line,
            "block-cursor-background": palette.cursor,
            "block-cursor-foreground": palette.text,
            "block-cursor-text-style": "bold",
            "input-selection-background": palette.cursor,
            "input-cursor-background": palette.text,
            "input-cursor-foreground": palette.background,
            # Of what would fade them there is no saying how well they can be read.
            "text-muted": palette.muted,
            "text-disabled": palette.muted,
            "foreground-muted": palette.muted,
            "foreground-disabled": palette.muted,
            "block-hover-background": palette.cursor,
            "scrollbar": palette.line,
            "scrollbar-hover": palette.muted,
            "scrollbar-active": palette.accent,
            "scrollbar-background": palette.surface,
            "scrollbar-background-hover": palette.surface,
            "scrollbar-background-active": palette.surface,
            "scrollbar-corner-color": palette.surface,
        },
    )
