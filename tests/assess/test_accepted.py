"""Exceptions: which findings they fit, while they hold, and the register that names those that do nothing."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
import pytest

from scanner.assess.findings.accepted import accept
from scanner.model.accepted import Exception_, Selector
from scanner.model.report import FindingKind, FindingRow

TODAY = datetime.date(2026, 11, 22)


def row(id_: str, kind: FindingKind, host: str, product: str | None = None, **flow: Any) -> FindingRow:
    about: dict[str, Any] = {"from_": None, "to": None, "transport": None, "port": None, **flow}
    return FindingRow(
        id=id_, kind=kind, severity="high", title=id_, host=host, path=(), remedy="", replay="", evidence="",
        controls=(), exception=None, product=product, **about,
    )  # fmt: skip


GAP = row("gap-1", "segmentation-gap", "servers/10.0.2.7", from_="guest", to="servers", transport="tcp", port=445)
OLD = row("patch-1", "outdated", "servers/10.0.2.7", "openssh", transport="tcp", port=22)
NEW = row("new-1", "unknown-device", "guest/fd00::7")
ALL = (GAP, OLD, NEW)


def accepted(*exceptions: Exception_, today: datetime.date = TODAY) -> dict[str, str | None]:
    """Finding -> the owner whose exception it carries, marked where it has run out."""
    rows, _ = accept(ALL, exceptions, today)
    return {
        each.id: None if each.exception is None else each.exception.owner + ("!" if each.exception.expired else "")
        for each in rows
    }


def one(owner: str = "A", until: str = "2026-12-01", **what: object) -> Exception_:
    return msgspec.convert({"owner": owner, "reason": "r", "until": until, **what}, Exception_)


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ({"kind": "outdated"}, {"patch-1"}),
        ({"host": "10.0.2.7"}, {"gap-1", "patch-1"}),
        ({"host": "servers/10.0.2.7"}, {"gap-1", "patch-1"}),
        ({"host": "fd00::7"}, {"new-1"}),
        ({"host": "0.2.7"}, set()),
        ({"product": "openssh"}, {"patch-1"}),
        ({"from": "guest"}, {"gap-1"}),
        ({"from": "guest", "to": "clinical"}, set()),
        ({"service": "tcp/445"}, {"gap-1"}),
        ({"service": "tcp/44"}, set()),
        ({"host": "10.0.2.7", "service": "tcp/22", "kind": "outdated"}, {"patch-1"}),
    ],
)
def test_a_selector_fits_what_all_its_keys_fit(match: dict[str, str], fits: set[str]) -> None:
    assert {each for each, owner in accepted(one(match=match)).items() if owner} == fits


def test_the_day_after_the_last_one_it_is_back() -> None:
    held = one(finding="gap-1", until="2026-11-22")
    assert accepted(held)["gap-1"] == "A"
    assert accepted(held, today=TODAY + datetime.timedelta(days=1))["gap-1"] == "A!"


def test_one_that_holds_counts_before_one_that_ran_out() -> None:
    old, new = one("old", "2026-01-01", finding="gap-1"), one("new", "2026-12-31", match={"kind": "segmentation-gap"})
    assert accepted(old, new)["gap-1"] == accepted(new, old)["gap-1"] == "new"


def test_the_finding_by_name_counts_before_a_selector() -> None:
    named, selector = one("named", finding="gap-1"), one("selector", "2027-12-01", match={"kind": "segmentation-gap"})
    assert accepted(selector, named)["gap-1"] == "named"


def test_without_an_owner_nothing_is_accepted() -> None:
    assert accepted(one(" ", finding="gap-1"))["gap-1"] is None


def test_the_register_names_what_does_nothing() -> None:
    entries = (
        one(finding="gap-1"),
        one(finding="gap-1", until="2026-11-21"),
        one("", finding="patch-1"),
        one(finding="gap-2"),
        one(match={"host": "10.0.2.7"}),
    )
    _, register = accept(ALL, entries, TODAY)
    assert [(each.about, each.state, each.findings) for each in register] == [
        ("gap-1", "held", ("gap-1",)),
        ("gap-1", "expired", ("gap-1",)),
        ("patch-1", "ownerless", ("patch-1",)),
        ("gap-2", "unmatched", ()),
        ("host 10.0.2.7", "held", ("gap-1", "patch-1")),
    ]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"owner": "A", "reason": "r", "until": "2026-12-01"}, "either the id"),
        ({"finding": "gap-1", "match": {"kind": "outdated"}, "reason": "r", "until": "2026-12-01"}, "either the id"),
        ({"match": {}, "reason": "r", "until": "2026-12-01"}, "wholesale"),
        ({"finding": "gap-1", "until": "2026-12-01"}, "`reason` is missing"),
        ({"finding": "gap-1", "reason": "r"}, "`until` is missing"),
        ({"match": {"service": "445"}, "reason": "r", "until": "2026-12-01"}, "service"),
    ],
)
def test_what_accepts_nothing_or_everything_is_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=says):
        msgspec.convert(wrong, Exception_)


def test_a_selector_in_words() -> None:
    assert str(Selector(kind="exposure", from_="guest")) == "kind exposure, from guest"
