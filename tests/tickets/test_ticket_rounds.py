"""What is decided of each item, by what is known of its findings; and what is noted of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.errors import BadInput
from scanner.exporters.ticket_text import Ticket
from scanner.model.report import ExceptionRow, FindingRow
from scanner.tickets.ledger import Item, Ledger, Owed, Run, ledger_path
from scanner.tickets.rounds import Fate, Now, Step, decide, essence

ACCEPTED = ExceptionRow("Dr. Lin", "soon", "x", "2027-01-01", expired=False)
FINDINGS = [f"gap-{n}" for n in range(6)]
GROUPS = [f"fencewalk-{n:016x}" for n in range(3)]


def row(id_: str, accepted: bool = False) -> FindingRow:
    value: dict[str, object] = {
        "id": id_, "kind": "segmentation-gap", "severity": "high", "title": f"title of {id_}", "host": None,
        "from": "guest", "to": "servers", "transport": "tcp", "port": 22, "path": [], "remedy": "", "replay": "",
        "evidence": "", "controls": [], "exception": msgspec.to_builtins(ACCEPTED) if accepted else None,
    }  # fmt: skip
    return msgspec.convert(value, FindingRow)


def ticket(group: str, findings: tuple[str, ...], body: str = "day\nWHAT\nWHY: x") -> Ticket:
    return Ticket(group, f"Do {group}", "high", findings, body)


def item(group: str, findings: tuple[str, ...], **more: object) -> Item:
    value = {
        "id": "7", "state": "open", "fingerprint": group, "title": f"Do {group}", "severity": "high",
        "essence": essence(ticket(group, findings)), "day": "2026-11-01",
        "owed": {each: {"run": 1, "kind": "segmentation-gap", "title": each} for each in findings},
    } | more  # fmt: skip
    return msgspec.convert(value, Item)


def now(*findings: FindingRow, gone: frozenset[str] = frozenset()) -> Now:
    def fate(finding: str, owed: Owed) -> Fate:
        return Fate(finding in gone, "it is refused" if finding in gone else "not asked again")

    return Now("2026-11-20", 2, {each.id: each for each in findings}, fate, lambda finding, owed: "")


def only(steps: Iterable[Step]) -> Step:
    (found,) = steps
    return found


A, B, C = GROUPS


def test_nothing_to_say_is_said_of_what_is_as_it_was() -> None:
    known = {A: item(A, ("gap-0",))}
    assert (
        only(decide([ticket(A, ("gap-0",), "another day\nWHAT\nWHY: later")], known, now(row("gap-0")))).word == "keep"
    )
    changed = only(decide([ticket(A, ("gap-0",), "day\nELSE\nWHY: x")], known, now(row("gap-0"))))
    assert (changed.word, changed.note.splitlines()[-2:]) == ("update", ["ELSE", "WHY: x"])


def test_what_is_gone_of_an_item_that_goes_on_is_told_and_owed_no_more() -> None:
    known = {A: item(A, ("gap-0", "gap-1", "gap-2"))}
    step = only(decide([ticket(A, ("gap-0",))], known, now(row("gap-0"), gone=frozenset({"gap-1"}))))
    assert step.word == "update"
    assert "- gap-1: it is refused" in step.note
    assert set(step.owed) == {"gap-0", "gap-2"}, "gap-2 has not been shown to be gone"
    assert (step.owed["gap-0"].run, step.owed["gap-2"].run) == (2, 1)


def test_what_another_item_hands_out_now_is_no_reason_to_stay_open() -> None:
    step = next(
        each
        for each in decide([ticket(B, ("gap-0",))], {A: item(A, ("gap-0",))}, now(row("gap-0")))
        if each.word != "create"
    )
    assert step.word == "close"
    assert f"goes on as “Do {B}”" in step.note


def test_what_was_proven_once_need_not_be_again() -> None:
    first = only(decide([], {A: item(A, ("gap-0", "gap-1"))}, now(gone=frozenset({"gap-0"}))))
    assert (first.word, set(first.owed)) == ("hold", {"gap-1"})
    later = item(A, ("gap-1",))
    assert only(decide([], {A: later}, now(gone=frozenset({"gap-1"})))).word == "close"


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_nothing_is_closed_without_proof_and_nothing_open_is_forgotten(data: st.DataObject) -> None:
    present = data.draw(st.sets(st.sampled_from(FINDINGS)))
    accepted = data.draw(st.sets(st.sampled_from(FINDINGS)))
    gone = frozenset(data.draw(st.sets(st.sampled_from(FINDINGS)))) - present
    rows = [row(each, each in accepted) for each in sorted(present)]
    handed = {each: data.draw(st.sampled_from(GROUPS)) for each in sorted(present - accepted)}
    today = [
        ticket(
            group, tuple(each for each in handed if handed[each] == group), data.draw(st.sampled_from(["a\nb", "c"]))
        )
        for group in GROUPS
        if group in handed.values()
    ]
    known = {
        group: item(
            group,
            tuple(sorted(data.draw(st.sets(st.sampled_from(FINDINGS), min_size=1)))),
            state=data.draw(st.sampled_from(["open", "closed"])),
        )
        for group in data.draw(st.sets(st.sampled_from(GROUPS)))
    }
    steps = {each.ticket.fingerprint: each for each in decide(today, known, now(*rows, gone=gone))}
    for each in today:
        before = known.get(each.fingerprint)
        wanted = {"create"} if before is None else {"reopen"} if before.state == "closed" else {"keep", "update"}
        assert steps[each.fingerprint].word in wanted
        assert set(each.findings) <= set(steps[each.fingerprint].owed)
    for group, before in known.items():
        if group in {each.fingerprint for each in today} or before.state == "closed":
            continue
        step = steps[group]
        proven = all(each in gone or each in handed for each in before.owed)
        assert step.word == ("close" if proven else "hold")
        if not proven:
            assert set(step.owed) == {each for each in before.owed if each not in gone and each not in handed}
    assert len(steps) == len({*known, *(each.fingerprint for each in today)}) - sum(
        each.state == "closed" and group not in {t.fingerprint for t in today} for group, each in known.items()
    )


PLACE = ("Client", "main", "connectwise", "here")


def test_a_ledger_keeps_what_it_is_given_and_forgets_what_nothing_rests_on(tmp_path: Path) -> None:
    path = ledger_path(tmp_path / "site.fencewalk.sqlite")
    assert path.name == "site.fencewalk.tickets.sqlite"
    with Ledger(path, *PLACE, write=True) as ledger:
        first = ledger.add_run(Run("2026-11-01", ("a",), ()))
        assert ledger.add_run(Run("2026-11-02", ("a",), ())) == first
        second = ledger.add_run(Run("2026-11-02", ("a", "b"), ()))
        ledger.keep(item(A, ("gap-0",)))
        kept = item(A, ("gap-0",), owed={"gap-0": {"run": second, "kind": "outdated", "title": "x"}})
        ledger.keep(kept)
        ledger.forget_runs()
    with Ledger(path, *PLACE, write=False) as again:
        assert again.items() == {A: kept}
        assert list(again.runs()) == [second]
        assert again.open_at(["connectwise", "alertops"]) == {"connectwise": 1}
    for other in (("Other", *PLACE[1:]), ("Client", "branch", *PLACE[2:]), (*PLACE[:3], "there")):
        with Ledger(path, *other, write=False) as elsewhere:
            assert elsewhere.items() == {}


def test_without_a_ledger_nothing_was_sent_and_none_is_made(tmp_path: Path) -> None:
    with Ledger(tmp_path / "x.sqlite", *PLACE, write=False) as ledger:
        assert (ledger.items(), ledger.runs(), ledger.open_at(["alertops"])) == ({}, {}, {})
    assert list(tmp_path.iterdir()) == []


def test_two_senders_at_once_are_one_too_many(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with Ledger(path, *PLACE, write=True):
        for write in (True, False):
            with pytest.raises(BadInput, match="another `fencewalk tickets --send` is at work"):
                Ledger(path, *PLACE, write=write).items()
    with Ledger(path, *PLACE, write=True) as later:
        assert later.items() == {}


def _no_database(path: Path) -> None:
    path.write_bytes(b"not a database" * 100)


def _of_the_future(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")


def _nonsense(path: Path) -> None:
    with Ledger(path, *PLACE, write=True) as ledger:
        ledger.keep(item(A, ("gap-0",)))
    with sqlite3.connect(path) as db:
        db.execute("UPDATE items SET body = '{}'")


def _deep(path: Path) -> None:
    _nonsense(path)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE items SET body = ?", ('{"zzz":' + "[" * 100_000,))


@pytest.mark.parametrize("spoil", [_no_database, _of_the_future, _nonsense, _deep])
@pytest.mark.parametrize("write", [True, False])
def test_a_ledger_that_is_none_is_one_sentence(spoil: object, write: bool, tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    assert callable(spoil)
    spoil(path)
    with pytest.raises(BadInput, match=r"x\.sqlite: ") as caught, Ledger(path, *PLACE, write=write) as ledger:
        ledger.items()
    assert any(words in str(caught.value) for words in ("damaged", "another version of fencewalk (format 99)"))
