"""What any order obeys, held by every scheme over texts of its own making and over text of any kind."""

from __future__ import annotations

import itertools
import random
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every
from version_ladders import versions

from scanner.versions import LONGEST, Order, compare, schemes

MIRRORED: dict[Order | None, Order | None] = {-1: 1, 0: 0, 1: -1, None: None}
TOKEN = re.compile(r"[0-9]+|[A-Za-z]+|[^0-9A-Za-z]")
NUMBERS = ("0", "1", "2", "9", "10", "00", "01", "100", "20240229")
STRANGE = ("\0", "\ud800", "\u0663", "\u00b2", "\u0967", "\u2460", "\u2028", "\x1b[31m", "\x7f", "\n")
"""NUL, a lone surrogate, digits that are none in ASCII (Arabic-Indic, superscript, Devanagari, circled), a line
separator, an escape sequence, controls."""


def relatives(name: str, source: random.Random, count: int) -> list[str]:
    """Texts in the grammar of a scheme, or nearly: its table's versions with numbers changed, cut short, crossed."""
    known = versions(name)
    made = list(source.sample(known, min(len(known), count // 3)))
    while len(made) < count:
        tokens = TOKEN.findall(source.choice(known))
        if source.random() < 0.3:
            tokens = tokens[: source.randrange(1, len(tokens) + 1)]
        if source.random() < 0.3:
            other = TOKEN.findall(source.choice(known))
            tokens = tokens[: source.randrange(len(tokens) + 1)] + other[source.randrange(len(other)) :]
        made.append(
            "".join(source.choice(NUMBERS) if each.isdigit() and source.random() < 0.4 else each for each in tokens)
        )
    return made


@pytest.mark.parametrize("name", schemes())
def test_order_is_partial_and_equals_are_alike(name: str) -> None:
    """Each text equal to itself or placeless, mirrored, transitive, and two equal ones alike against every third."""
    stated = {text for left, right, _ in schemes()[name].truths for text in (left, right)}
    texts = [*relatives(name, random.Random(f"order {name}"), 60 - len(stated)), *sorted(stated)]
    table = {(left, right): compare(name, left, right) for left in texts for right in texts}
    placed = [text for text in texts if table[text, text] == 0]
    assert len(placed) > 20 or any(table[text, other] for text in texts for other in texts)
    for text in texts:
        assert table[text, text] in (0, None)
    for left, right in itertools.combinations(texts, 2):
        assert table[right, left] == MIRRORED[table[left, right]], (left, right)
    for left, middle in itertools.product(texts, repeat=2):
        first = table[left, middle]
        if first is None:
            continue
        for right in texts:
            second, whole = table[middle, right], table[left, right]
            if first == 0:
                assert whole == second, (left, middle, right)
            elif second == first:
                assert whole == first, (left, middle, right)


@for_every("name", schemes())
def test_strange_text_inside_makes_no_version(name: str) -> None:
    source = random.Random(f"strange {name}")
    placed = [text for text in versions(name) if len(text) > 1 and compare(name, text, text) == 0]
    for known in source.sample(placed, 6):
        at = source.randrange(1, len(known))
        for strange in STRANGE:
            spoilt = known[:at] + strange + known[at:]
            assert compare(name, spoilt, known) is None
            assert compare(name, known, spoilt) is None
            assert compare(name, spoilt, spoilt) is None


@for_every("name", schemes())
def test_other_scripts_digits_are_no_digits(name: str) -> None:
    known = next(text for text in versions(name) if compare(name, text, text) == 0)
    for zero in ("\u0660", "\u06f0", "\u0966", "\uff10"):
        foreign = re.sub("[0-9]", lambda digit, zero=zero: chr(ord(zero) + int(digit[0])), known)  # type: ignore[misc]
        assert compare(name, foreign, known) is None
        assert compare(name, foreign, foreign) is None


@for_every("name", schemes())
def test_long_text_takes_linear_time(name: str) -> None:
    """64 KB of what a pattern could trip over, straight to the scheme. A quadratic one takes minutes."""
    known = versions(name)[0]
    tails = (
        "9" * 65536,
        ".1" * 32768,
        "-1" * 32768,
        "~" * 65536,
        "a" * 65536,
        "1a" * 32768,
        " " * 65536,
        "_p1" * 21845,
    )
    found = schemes()[name].compare
    began = time.process_time()
    for tail in tails:
        for text in (known + tail, tail, known + tail + "!", known + tail + "\0" + known):
            order = found(text, known)
            assert found(known, text) == MIRRORED[order]
            assert compare(name, text, known) is None
    assert time.process_time() - began < 5


@for_every("name", schemes())
def test_versions_alike_but_for_an_end_nobody_reads_are_not_called_equal(name: str) -> None:
    known = versions(name)[0]
    assert compare(name, known + " " * LONGEST, known) is None
    assert compare(name, "1." * LONGEST + "1", "1." * LONGEST + "2") is None


@settings(max_examples=200, deadline=None, database=None)
@given(
    st.sampled_from(sorted(schemes())),
    st.text(st.characters() | st.characters(categories=["Cs"]), max_size=60),
    st.text(max_size=60),
)
def test_any_text_whatever(name: str, left: str, right: str) -> None:
    found = schemes()[name].compare
    assert found(left, right) == MIRRORED[found(right, left)]
    assert found(left, left) in (0, None)
