"""One round: what is to be done with each item, and doing it.

An item is closed only where each finding that it was open for is shown to be gone, or is handed out with another item
now. What was not asked again stays open, whatever the newest report leaves out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from scanner.exporters.ticket_text import Ticket, no_ticket
from scanner.model.base import SEVERITIES, Severity
from scanner.model.report import FindingRow, is_open
from scanner.model.text import plural, visible
from scanner.tickets import Found, Target
from scanner.tickets.ledger import Item, Owed
from scanner.tickets.wire import Refusal

Word = Literal["create", "update", "keep", "reopen", "close", "hold", "left"]
"""`hold`: no longer reported, and not shown to be gone. `left`: closed by somebody there, not shown to be so still."""
_LISTED = 20
_UNASKED = "That is by one laptop's scan data. Where another one sends here, too, ask it before this counts as done."
_SHARED = "It was put there from other scan data, which may know of more that it is open for: close it by hand"


class Fate(msgspec.Struct, frozen=True):
    """What became of a finding that is not reported any more."""

    gone: bool
    reason: str
    decided: bool = False
    """Not by the network, but by whoever changed the site file or the facts: that is worth a note."""


class Now(msgspec.Struct, frozen=True):
    """What is known today."""

    day: str
    run: int
    findings: Mapping[str, FindingRow]
    fate: Callable[[str, Owed], Fate]
    again: Callable[[str, Owed], str]
    """What shows that a finding is still so, by answers newer than its run; empty where nothing does."""
    macs: Mapping[str, str] = {}
    """Of the hosts, by their ids."""


class Step(msgspec.Struct, frozen=True):
    """What is to be done with one item."""

    word: Word
    ticket: Ticket
    owed: dict[str, Owed]
    """What it is open for from then on."""
    reason: str = ""
    note: str = ""
    """What is said at the desk."""


class Result(msgspec.Struct, frozen=True):
    """What was done with one item, or would be."""

    word: Word
    fingerprint: str
    severity: Severity
    title: str
    id: str = ""
    reason: str = ""
    refused: str = ""
    """Why the desk would not have it."""


def essence(ticket: Ticket) -> str:
    """What is worth telling of it: neither the day, nor how late it is, nor what the packets looked like."""
    change = ticket.body.partition("\n")[2].partition("\nWHY: ")[0]
    text = msgspec.json.encode((ticket.title, ticket.severity, sorted(ticket.findings), change))
    return hashlib.blake2s(text, digest_size=12).hexdigest()


def decide(tickets: Iterable[Ticket], items: Mapping[str, Item], now: Now, least: Severity = "info") -> Iterator[Step]:
    """Of each item of today in its order, then of each that today's report has no more.

    `least`: what is less severe gets no new item; those that there are go on.
    """
    everything = tuple(tickets)
    today = [each for each in everything if _known(items, each.fingerprint) or _at_least(each.severity, least)]
    # What nobody is handed today, as it is accepted or not severe enough, is no reason to close what it is open for.
    handed = {each: ticket.title for ticket in today for each in ticket.findings if _waits(now, each)}
    for ticket in today:
        item = items.get(ticket.fingerprint)
        owed = {each: _owed(now, each, item) for each in ticket.findings if _waits(now, each)}
        if item is None or not item.id:
            yield Step("create", ticket, owed)
            continue
        if item.state == "closed":
            yield Step("reopen", ticket, owed, "found again", _back(ticket, owed, now))
            continue
        gone = []
        for each, was in item.owed.items():
            if each in owed or each in handed:
                continue
            if each in now.findings:
                owed[each] = was  # accepted: not shown to be gone
                continue
            fate = now.fate(each, was)
            if fate.gone:
                gone.append(f"{visible(was.title)}: {fate.reason}")
            else:
                owed[each] = was
        if item.essence == essence(ticket):
            yield Step("keep", ticket, owed)
        else:
            yield Step("update", ticket, owed, _what_changed(ticket, item), _changed(ticket, item, gone, now))
    known = {each.fingerprint for each in everything}
    for fingerprint, item in items.items():
        if fingerprint not in known and item.state == "open":
            yield _ended(item, handed, now)


def _known(items: Mapping[str, Item], fingerprint: str) -> bool:
    """Whether something is at the desk by what was noted."""
    return fingerprint in items and bool(items[fingerprint].id)


def _at_least(severity: Severity, least: Severity) -> bool:
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)


def _waits(now: Now, finding: str) -> bool:
    row = now.findings.get(finding)
    return row is not None and is_open(row)


def _owed(now: Now, finding: str, item: Item | None) -> Owed:
    row = now.findings[finding]
    mac = now.macs.get(row.host or "")
    was = item.owed.get(finding) if item is not None else None
    if was is not None and was.mac and was.mac != mac and (mac is None or not now.again(finding, was)):
        mac = was.mac  # another machine has the address now, and was not asked: the finding is still the first one's
    return Owed(now.run, row.kind, row.title, row.host, row.product, mac)


def _ended(item: Item, handed: Mapping[str, str], now: Now) -> Step:
    """What to do with an item that no step of today's plan is about."""
    left: dict[str, Owed] = {}
    why = ""
    decided: list[str] = []
    proofs: list[str] = []
    for finding, was in item.owed.items():
        row = now.findings.get(finding)
        title = visible(was.title)
        if finding in handed:
            proofs.append(f"{title}: goes on as “{handed[finding]}”")
            continue
        if row is not None:
            fate = Fate(False, no_ticket(row) or "it is still reported", decided=True)
        else:
            fate = now.fate(finding, was)
        if fate.gone:
            proofs.append(f"{title}: {fate.reason}")
            continue
        left[finding] = was
        why = why or fate.reason
        if fate.decided:
            decided.append(f"{title}: {fate.reason}")
    if not left:
        text = "\n".join((f"fencewalk, assessed {now.day}: shown to be done.", *_listed(proofs)))
        return Step("close", item.as_ticket(text), item.owed, proofs[0] if proofs else "", text)
    said = "\n".join(("fencewalk: this stays open, as no probe has shown it to be gone.", *_listed(decided)))
    note = said if decided and len(decided) == len(left) and said != item.said else ""
    return Step("hold", item.as_ticket(note), left, why, note)


def _listed(lines: list[str]) -> Iterator[str]:
    yield from (f"- {each}" for each in lines[:_LISTED])
    if len(lines) > _LISTED:
        yield f"- and {len(lines) - _LISTED:,} more"


def _back(ticket: Ticket, owed: Mapping[str, Owed], now: Now) -> str:
    found = [visible(each.title) for each in owed.values()]
    return "\n".join((f"fencewalk, assessed {now.day}: found again.", *_listed(found), "", ticket.body))


def _what_changed(ticket: Ticket, item: Item) -> str:
    if ticket.severity != item.severity:
        return f"{item.severity} → {ticket.severity}"
    new = sum(each not in item.owed for each in ticket.findings)
    return plural(new, "new finding") if new else "what is to be done, or what it closes, is another now"


def _changed(ticket: Ticket, item: Item, gone: list[str], now: Now) -> str:
    lines = [f"fencewalk, assessed {now.day}: {_what_changed(ticket, item)}."]
    if gone:
        lines += ["Shown to be gone:", *_listed(gone)]
    return "\n".join((*lines, "", ticket.body))


def carry_out(
    step: Step, item: Item | None, target: Target, now: Now, note: Callable[[Item], None] = lambda item: None
) -> tuple[Result, Item | None]:
    """Do it, by what the desk has by now; the second one is what is to be noted of it. `note`: is given what is put
    there before it is, so that what was taken and never answered is known to be ours."""
    shared = item is not None and item.shared

    def intended() -> None:
        if target.looks_up:
            note(_noted(step, item, "create", "", now, shared=False))

    try:
        done, id_, reason = _done(step, item, target, now, intended)
    except Refusal as error:
        if error.whole:
            raise
        return _result(step, step.word, item.id if item else "", step.reason, str(error)), None
    if done == "left" and item is not None:
        # One that is no longer reported need not be looked at again either: should it be back, it is reopened.
        noted = msgspec.structs.replace(item, state="closed") if step.word == "hold" else item
        return _result(step, "left", id_, reason), noted
    adopted = item is None and done == "update"
    return _result(step, done, id_, reason), _noted(step, item, done, id_, now, shared=shared or adopted)


def _noted(step: Step, item: Item | None, done: Word, id_: str, now: Now, shared: bool) -> Item:
    ticket = step.ticket
    said = item.said if item is not None else ""
    if done == "hold":
        said = _SHARED if step.word == "close" else step.note or said
    return Item(
        id=id_,
        state="closed" if done == "close" else "open",
        fingerprint=ticket.fingerprint,
        title=ticket.title,
        severity=ticket.severity,
        essence=item.essence if item is not None and done in ("close", "hold") else essence(ticket),
        owed=step.owed,
        day=now.day,
        said=said,
        shared=shared and done != "create",
    )


def _result(step: Step, word: Word, id_: str, reason: str, refused: str = "") -> Result:
    return Result(word, step.ticket.fingerprint, step.ticket.severity, step.ticket.title, id_, reason, refused)


def planned(step: Step, item: Item | None) -> Result:
    """What would be done, by what was noted; the desk is not asked."""
    return _result(step, step.word, item.id if item else "", step.reason)


def _done(
    step: Step, item: Item | None, target: Target, now: Now, intended: Callable[[], None]
) -> tuple[Word, str, str]:
    ticket = step.ticket
    if target.looks_up:
        found = target.find(ticket.fingerprint, item.id if item is not None else "")
    else:
        found = (Found(item.id, item.state == "open"),) if item is not None else ()
    opened = [each for each in found if each.open]
    first = opened[0].id if opened else found[0].id if found else item.id if item else ""
    single(target, ticket, opened)
    if step.word == "close":
        if opened and item is not None and item.shared:
            if item.said != _SHARED:
                target.note(first, ticket, f"{step.note}\n\nThat is by one laptop's scan data. {_SHARED}.")
            return "hold", first, _SHARED
        if opened:
            target.close(first, ticket, step.note if target.looks_up else f"{step.note}\n\n{_UNASKED}")
            return "close", first, step.reason
        return "close", first, f"it is closed there already; {step.reason}"
    if step.word == "hold":
        if not opened and target.looks_up:
            return "left", first, f"closed there by hand; {step.reason}"
        if step.note:
            target.note(first, ticket, step.note)
        return "hold", first, step.reason
    if opened:
        if step.word == "keep":
            return "keep", first, ""
        note = step.note or _adopted(ticket, now)
        target.update(first, ticket, note)
        return "update", first, step.reason or f"is there already as {first}"
    if found and (item is None or item.state == "closed"):
        note = step.note or _back(ticket, step.owed, now)
        target.reopen(first, ticket, note)
        return "reopen", first, step.reason or "found again"
    if found and item is not None:
        why = _still(step, item, now)
        if not why:
            return "left", first, "closed there by hand, and not asked again since"
        target.reopen(first, ticket, f"fencewalk, assessed {now.day}: this is still so.\n- {why}\n\n{ticket.body}")
        return "reopen", first, f"closed there by hand, but it is still so: {why}"
    intended()
    return "create", target.create(ticket), step.reason if step.word == "create" else "it is no longer there"


def _still(step: Step, item: Item, now: Now) -> str:
    """What shows that an item that somebody closed is not done."""
    for finding, owed in step.owed.items():
        was = item.owed.get(finding)
        why = now.again(finding, was) if was is not None else f"{visible(owed.title)} is new"
        if why:
            return why
    return ""


def _adopted(ticket: Ticket, now: Now) -> str:
    return f"fencewalk, assessed {now.day}: as it is today.\n\n{ticket.body}"


def single(target: Target, ticket: Ticket, opened: Sequence[Found]) -> None:
    """Close all but the first of the open items of one fingerprint."""
    for each in opened[1:]:
        target.close(each.id, ticket, f"A duplicate of {opened[0].id}, which stays open.")
