"""What the HTML report shows of what to change: the plan's steps and the least cut, with the rules of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from scanner.exporters.fence_page import RULE_STEPS, Chain, Form, forms
from scanner.exporters.fence_words import change_words, cut_words, past_fences
from scanner.model.report import CutRow, DenialRow, FindingRow, RemedyRow

CLOSES_LIMIT = 10


class Shown(msgspec.Struct, frozen=True):
    """A finding and the id of its element. `chain`: its path, where the report draws it."""

    row: FindingRow
    anchor: str
    chain: Chain | None = None
    brief: bool = False
    """Without its evidence, and how it is seen again."""
    written: bool = True
    """Whether it has an element of its own; of very many, only the worst have."""


class Step(msgspec.Struct, frozen=True):
    """One step of the plan, with the findings of this report that it closes."""

    row: RemedyRow
    closes: tuple[Shown, ...]
    more: int
    words: tuple[str, ...]
    """The change, without what `forms` says."""
    forms: tuple[Form, ...]


class Denial(msgspec.Struct, frozen=True):
    """One denial of the least cut."""

    row: DenialRow
    closes: tuple[Shown, ...]
    more: int
    forms: tuple[Form, ...]


class Cut(msgspec.Struct, frozen=True):
    words: str
    denials: tuple[Denial, ...]
    left: tuple[str, ...]


def plan(rows: Iterable[RemedyRow], shown: Sequence[Shown]) -> tuple[Step, ...]:
    by_id = {each.row.id: each for each in reversed(shown)}
    return tuple(
        Step(row, *_closes(row.closes, by_id), change_words(row), forms(row.rules) if number < RULE_STEPS else ())
        for number, row in enumerate(rows)
    )


def cut(row: CutRow | None, shown: Sequence[Shown]) -> Cut | None:
    if row is None:
        return None
    by_id = {each.row.id: each for each in reversed(shown)}
    denials = (Denial(each, *_closes(each.closes, by_id), forms(each.rules)) for each in row.denials)
    return Cut(cut_words(row, past_fences(each.row for each in shown)), tuple(denials), row.left)


def _closes(ids: tuple[str, ...], by_id: dict[str, Shown]) -> tuple[tuple[Shown, ...], int]:
    """The first of these findings, and how many more there are."""
    found = tuple(by_id[each] for each in ids if each in by_id)[:CLOSES_LIMIT]
    return found, len(ids) - len(found)
