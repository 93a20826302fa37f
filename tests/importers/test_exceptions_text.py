"""Exceptions written into `exceptions.yaml`: everything else in the file stays as somebody wrote it."""

from __future__ import annotations

import datetime

import pytest

from scanner.errors import BadInput
from scanner.importers.exceptions_text import read_exceptions, with_exception
from scanner.model.accepted import Exception_, Selector

UNTIL = datetime.date(2027, 3, 31)
NEW = Exception_("gap-1", "J. Ortiz", 'a "quoted": reason # not a comment', UNTIL)
WRITTEN = """\
# agreed in the meeting of March
- finding: gap-0   # the old switch
  owner: A
  reason: >
    it is replaced
    in May
  until: 2027-05-31

- {finding: gap-1, owner: B, reason: r, until: 2026-12-31}  # was too short
# the rest is open
"""


def test_it_is_added_to_nothing() -> None:
    assert read_exceptions(with_exception("", NEW, "e.yaml"), "e.yaml") == (NEW,)
    assert read_exceptions(with_exception("# none yet\n", NEW, "e.yaml"), "e.yaml") == (NEW,)
    assert with_exception("# none yet", NEW, "e.yaml").startswith("# none yet\n- ")


def test_it_takes_the_place_of_the_same_and_leaves_the_rest() -> None:
    changed = with_exception(WRITTEN, NEW, "e.yaml")
    assert changed.startswith(WRITTEN.partition("- {finding: gap-1")[0])
    assert "# the rest is open" in changed
    assert [each.finding for each in read_exceptions(changed, "e.yaml")] == ["gap-0", "gap-1"]
    assert read_exceptions(changed, "e.yaml")[-1] == NEW


def test_a_block_goes_as_a_whole() -> None:
    again = Exception_("gap-0", "C", "r", UNTIL)
    changed = with_exception(WRITTEN, again, "e.yaml")
    assert "in May" not in changed
    assert "# agreed in the meeting" in changed
    assert [each.owner for each in read_exceptions(changed, "e.yaml")] == ["B", "C"]


def test_selectors_and_line_ends_of_windows() -> None:
    selector = Exception_(owner="A", reason="r", until=UNTIL, match=Selector(kind="exposure", from_="guest"))
    changed = with_exception(WRITTEN.replace("\n", "\r\n"), selector, "e.yaml")
    assert "\n" not in changed.replace("\r\n", "")
    assert read_exceptions(changed, "e.yaml")[-1] == selector
    assert with_exception(changed, selector, "e.yaml") == changed


@pytest.mark.parametrize(
    "text", ["[{finding: gap-0, owner: A, reason: r, until: 2027-01-01}]\n", "- {finding: x}\n", "a: b\n"]
)
def test_what_cannot_be_changed_safely_is_not(text: str) -> None:
    with pytest.raises(BadInput, match=r"e\.yaml"):
        with_exception(text, NEW, "e.yaml")
