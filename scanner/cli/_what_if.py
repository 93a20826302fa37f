"""What some denials would change, as a page of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from scanner.assess.attack.whatif import outcome
from scanner.model.addresses import addresses_text
from scanner.model.hops import hop_service, hop_words
from scanner.model.report import FindingRow, FlowRow, HopRow, PathRow, Report
from scanner.model.text import plural, visible

_SHOWN = 40
_OF_THE_FENCE = frozenset({"segmentation-gap", "attack-path", "dual-homed", "required-flow-blocked"})
_ICMP = {8: "ping", 128: "ping", 13: "ICMP timestamps"}


def what_if(before: Report, after: Report) -> str:
    """What vanishes, what stays, and what would no longer work. Remote text is made visible."""
    return "\n".join(_lines(before, after))


def _lines(before: Report, after: Report) -> Iterator[str]:
    found = outcome(before, after)
    yield "What if the fence had these rules as well, judged by what was seen without them:"
    yield from (f"  deny {visible(rule)}" for rule in after.what_if)
    if not found.vanish:
        yield ""
        yield (
            "They would close nothing: no finding rests on what they deny to a whole zone."
            if found.broken or found.appear
            else "They would close and break nothing: "
            "no flow that was seen to cross is theirs for all hosts of its zone."
        )
    broken = list(_flows(found.broken))
    yield from _part(f"Would break {plural(len(found.broken), 'flow')} that policy allows", broken)
    yield from _part(f"Would bring up {plural(len(found.appear), 'finding')}", map(_finding, found.appear))
    yield from _part(f"Would close {plural(len(found.vanish), 'finding')}", map(_finding, found.vanish))
    gone, left = found.paths_vanish, found.paths_stay
    yield from _part(f"Would cut {plural(len(gone), 'path')} to critical systems", map(_path, gone))
    yield from _part(f"Would leave {plural(len(left), 'path')} to critical systems", map(_path, left))
    stay = [each for each in found.stay if each.kind in _OF_THE_FENCE]
    yield from _part(f"Would leave {plural(len(stay), 'finding')} about the fence", map(_finding, stay))
    if len(found.stay) > len(stay):
        yield ""
        yield f"{plural(len(found.stay) - len(stay), 'finding')} about hosts and services would stay as well."


def _part(title: str, rows: Iterable[str]) -> Iterator[str]:
    rows = list(rows)
    if rows:
        yield ""
        yield title
        yield from (f"  {row}" for row in rows[:_SHOWN])
        if len(rows) > _SHOWN:
            yield f"  and {len(rows) - _SHOWN} more: -o json=- has them all"


def _finding(each: FindingRow) -> str:
    return f"{each.severity:<8}  {each.id}  {visible(each.title)}"


def _flows(rows: Iterable[FlowRow]) -> Iterator[str]:
    """The same service of many hosts in one line."""
    hosts: dict[tuple[str, str, str], list[str]] = {}
    for each in rows:
        what = _ICMP.get(each.port, "ICMP") if each.transport == "icmp" else f"{each.transport}/{each.port}"
        hosts.setdefault((each.from_, each.to, what), []).append(each.address)
    for (from_, to, what), addresses in hosts.items():
        yield f"{from_} → {to} {what} of {', '.join(addresses_text(addresses).split(','))}"


def _path(each: PathRow) -> str:
    return f"{each.from_} → {visible(each.critical)}: {_hops(each.hops)}"


def _hops(hops: Sequence[HopRow]) -> str:
    return ", ".join(f"{hop.to} {visible(hop_service(hop) or hop_words(hop))}" for hop in hops)
