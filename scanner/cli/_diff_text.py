"""A diff as lines for a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from scanner.model.text import plural, visible

if TYPE_CHECKING:
    from scanner.assess.later.compare import Change, Diff, FlowChange

_MOST_FLOWS = 100


def described(found: Diff) -> str:
    return "\n".join(_lines(found))


def _lines(found: Diff) -> Iterator[str]:
    where = f"{visible(found.client)} / {visible(found.site)}"
    yield f"{where}: {_scans(found.since)}, compared with {_earlier(found.base)}"
    for title, changes in (
        ("New", found.new),
        ("Fixed", found.fixed),
        ("Persisting", found.persisting),
        ("Not retested (silence about them is no fix)", found.not_retested),
    ):
        yield ""
        yield f"{title}: {len(changes)}"
        for each in changes:
            yield from _change(each)
    if found.cells:
        yield ""
        yield f"Zones: {plural(len(found.cells), 'verdict')} changed"
        for cell in found.cells:
            yield f"  {cell.from_} → {cell.to}: {cell.before} → {cell.after}: {visible(cell.reason)}"
    for title, flows in (
        ("Flows opened", found.opened),
        ("Flows closed", found.closed),
        ("Flows uncertain (they crossed; nothing proves that they no longer do)", found.uncertain),
    ):
        if flows:
            yield ""
            yield f"{title}: {len(flows)}"
            yield from _flows(flows)
    if found.empty:
        yield ""
        yield "No change."


def _scans(scans: Sequence[object]) -> str:
    return plural(len(scans), "scan")


def _earlier(scans: Sequence[object]) -> str:
    return plural(len(scans), "earlier one")


def _change(change: Change) -> Iterable[str]:
    row = change.finding
    yield f"  {row.severity:8} {row.id}  {visible(row.title)}"
    yield f"           {visible(change.reason)}"


def _flows(flows: Sequence[FlowChange]) -> Iterator[str]:
    for each in flows[:_MOST_FLOWS]:
        dress = f" ({each.via})" if each.via else ""
        allowed = ", allowed" if each.allowed else ""
        label = f"{each.from_} → {each.to}: {each.address} {each.transport}/{each.port}{dress}"
        yield f"  {label}: {each.before} → {each.after}{allowed}"
    if len(flows) > _MOST_FLOWS:
        yield f"  and {len(flows) - _MOST_FLOWS:,} more: -o json= has them all"
