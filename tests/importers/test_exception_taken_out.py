"""Exceptions taken out of the text of `exceptions.yaml`: all else stays as it stands."""

from __future__ import annotations

import pytest

from scanner.errors import BadInput
from scanner.importers.exceptions_text import read_exceptions, without_exception

ONE = "- {finding: gap-1, owner: me, reason: r, until: 2027-01-01}\n"
TWO = "- finding: gap-2  # a remark\n  owner: me\n  reason: r\n  until: 2027-01-01\n"
MATCH = "- {match: {kind: exposure, host: 10.0.0.1}, owner: me, reason: r, until: 2027-01-01}\n"

CASES = [
    ("the only one", ONE, "gap-1", ""),
    ("the first", f"# ours\n{ONE}{TWO}", "gap-1", f"# ours\n{TWO}"),
    ("the last, over several lines", ONE + TWO, "gap-2", ONE),
    ("a selector, by its words", ONE + MATCH, "kind exposure, host 10.0.0.1", ONE),
    ("twice the same", ONE + TWO + ONE, "gap-1", TWO),
]


@pytest.mark.parametrize(("text", "about", "left"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_it_is_taken_out(text: str, about: str, left: str) -> None:
    assert without_exception(text, about, "e.yaml") == left
    assert about not in {each.about for each in read_exceptions(left, "e.yaml")}


@pytest.mark.parametrize(
    ("text", "words"),
    [(TWO, "no exception about"), ("", "no exception about"), (f"[{ONE[2:].strip()}]", "in brackets")],
    ids=["another", "none", "brackets"],
)
def test_what_cannot_be_taken_out_is_said(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        without_exception(text, "gap-1", "e.yaml")
