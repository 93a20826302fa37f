from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.doc import Doc, breaks

WORDS = "Deny guest to clinical tcp/22; it cuts this path"


@pytest.mark.parametrize(
    ("text", "width", "hang", "lines"),
    [
        ("short", 20, 0, ["short"]),
        (WORDS, 20, 0, ["Deny guest to", "clinical tcp/22; it", "cuts this path"]),
        (WORDS, 20, 4, ["Deny guest to", "    clinical tcp/22;", "    it cuts this", "    path"]),
        ("a" * 25, 10, 0, ["a" * 10, "a" * 10, "a" * 5]),
        ("exactly ten words", 7, 0, ["exactly", "ten", "words"]),
        ("one two   three", 7, 2, ["one two", "  three"]),
        ("日本語日本語", 5, 0, ["日本", "語日", "本語"]),
    ],
)
def test_lines_break_after_words_and_hang(text: str, width: int, hang: int, lines: list[str]) -> None:
    assert Doc().line(text, hang=hang).content(width).plain.split("\n") == lines


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="ab 日é-", max_size=60), st.integers(2, 20), st.integers(0, 4))
def test_no_line_is_wider_than_asked_and_nothing_but_blanks_is_lost(text: str, width: int, hang: int) -> None:
    plain = Doc().line(text, hang=hang).content(width).plain
    assert all(cell_len(line.rstrip()) <= width for line in plain.split("\n"))
    assert "".join(plain.split()) == "".join(text.split())
    assert breaks(text, width, hang) == sorted(set(breaks(text, width, hang)))


@pytest.mark.parametrize("hostile", ["\x1b[31mred", "a\nb", "\u202eevil", "[red]x[/x]", "\x9b1m", "$fw-red"])
def test_outside_text_is_shown_not_obeyed(hostile: str) -> None:
    doc = Doc().title(hostile).field(hostile, hostile).bullets([hostile]).add(hostile)
    plain = doc.content(200).plain
    assert len(plain.split("\n")) == 4
    assert all(char.isprintable() or char == "\n" for char in plain)
    if hostile.isprintable():
        assert plain.count(hostile) >= 3


def test_blank_lines_at_the_end_are_not_shown() -> None:
    assert Doc().line("a").end().end().content(10).plain == "a"
