"""The guard and dressed requests: nobody fragile, nobody out of scope, and a neighbour is judged like a target."""

from __future__ import annotations

import pytest
from guard_cases import DAY, VANTAGE, Recorder, ask, guarded, site

from scanner.model.network import Knock
from scanner.model.observation import Refused
from scanner.net.guard import Guard

SITE = site(fragile=("10.0.0.9", "10.0.1.9"), exclude=("10.0.0.8", "10.0.1.8"))
FAR = "10.0.1.1-10.0.1.9,192.0.2.1"


def passed(request: Knock, polite: bool = False) -> tuple[list[Knock], list[Refused]]:
    guard, inner = guarded(SITE)
    if polite:
        inner = Recorder()
        guard = Guard(inner, SITE, VANTAGE, lambda: DAY, lambda: 5.0, polite=True)
    rows = list(ask(guard, request))
    return [each for each, _ in inner.requests if isinstance(each, Knock)], [r for r in rows if isinstance(r, Refused)]


@pytest.mark.parametrize(
    "request_",
    [Knock(FAR, (22,), (53,), via="sport-53"), Knock(FAR, (22,), (53,), via="fragments")],
    ids=["source port", "fragments"],
)
def test_fragile_hosts_are_asked_plainly_only(request_: Knock) -> None:
    asked, refused = passed(request_)
    assert [(each.addresses, each.via, each.gentle) for each in asked] == [("10.0.1.1-10.0.1.7", request_.via, False)]
    assert "10.0.1.9" in {each.addresses for each in refused}


def test_a_polite_scan_dresses_nothing() -> None:
    asked, refused = passed(Knock("10.0.1.1", (22,), via="sport-53"), polite=True)
    assert not asked
    assert refused


@pytest.mark.parametrize(
    ("by", "left"),
    [
        (("10.0.0.7", "10.0.0.8", "10.0.0.9", "10.0.0.10"), ("10.0.0.7", "10.0.0.10")),
        (("192.0.2.7", "10.0.0.15", "224.0.0.1", "127.0.0.1"), ()),
        (("fd00::7", "fe80::7"), ("fd00::7",)),
    ],
    ids=["excluded and fragile", "out of scope and of no host", "IPv6"],
)
def test_only_neighbours_that_may_be_sent_to_are_handed_packets(by: tuple[str, ...], left: tuple[str, ...]) -> None:
    asked, refused = passed(Knock("10.0.1.1", (22,), by=by, echo=True))
    assert [set(each.by) for each in asked] == ([set(left)] if left else [])
    told = {a for each in refused for a in by if a in each.addresses}
    assert told == set(by) - set(left)


def test_a_single_neighbour_is_judged_as_well() -> None:
    assert not passed(Knock("10.0.1.1", (22,), via="by-10.0.0.8"))[0]
    assert passed(Knock("10.0.1.1", (22,), via="by-10.0.0.7"))[0][0].by == ("10.0.0.7",)


def test_industrial_ports_are_refused_in_every_dress() -> None:
    asked, refused = passed(Knock("10.0.1.1", (22, 502), via="sport-20"))
    assert asked[0].tcp == (22,)
    assert [each.ports for each in refused] == ["502"]
