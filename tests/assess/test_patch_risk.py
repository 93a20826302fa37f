"""Risk: from 0 to 100, said part by part, and nothing bad that is learnt ever lowers it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from scanner.assess.machines.risk import MOST, TRUSTS, Parts, risk
from scanner.model.base import SEVERITIES

WAYS = st.tuples(st.sampled_from(TRUSTS), st.just("somewhere (user) on tcp/22"))
PARTS = st.builds(
    Parts,
    severity=st.sampled_from(SEVERITIES),
    exploited=st.sampled_from(["", "listed by CISA as exploited since 2024-03-25"]),
    epss=st.one_of(st.none(), st.floats(0, 1)),
    remote_code=st.booleans(),
    ended=st.booleans(),
    late=st.one_of(st.none(), st.integers(-400, 4000)),
    reached=st.lists(WAYS, max_size=3).map(tuple),
    alone=st.just("no zone but servers is seen to reach it"),
    critical=st.sampled_from(["", "Practice database"]),
)


def points(parts: Parts) -> int:
    return risk(parts)[0]


@settings(max_examples=300, deadline=None, database=None)
@given(PARTS, WAYS, st.floats(0, 1), st.integers(0, 1000))
def test_nothing_bad_lowers_it(parts: Parts, way: tuple[str, str], more: float, days: int) -> None:
    now, why = risk(parts)
    assert 0 <= now <= 100
    assert why
    assert sum(int(each.rpartition("(+")[2].rstrip(")")) for each in why) == now
    worse = [
        replace(parts, exploited="listed"),
        replace(parts, epss=max(parts.epss or 0.0, more)),
        replace(parts, remote_code=True),
        replace(parts, ended=True),
        replace(parts, late=days if parts.late is None else parts.late + days),
        replace(parts, reached=(*parts.reached, way)),
        replace(parts, critical="Practice database"),
        replace(parts, severity=SEVERITIES[min(SEVERITIES.index(parts.severity) + 1, 4)]),
    ]
    assert min(map(points, worse)) >= now


def test_the_parts_add_up_to_a_hundred() -> None:
    assert MOST == 100
    worst = Parts("critical", "listed", 1.0, True, True, 400, (("untrusted", "guest"),), "", "Practice database")
    assert points(worst) == 100
    assert points(Parts("info")) == 0


def test_it_is_late_from_the_first_day_past_the_deadline() -> None:
    assert [points(Parts("info", late=days)) for days in (-1, 0, 1, 30, 31, 90, 91)] == [0, 0, 3, 3, 4, 4, 5]


def test_who_reaches_it_tells() -> None:
    """The same flaw: from guests, from users, from the critical zone, and from nowhere else."""
    base = Parts("high", alone="no zone but servers is seen to reach it")
    ranked = [points(replace(base, reached=((trust, "x"),))) for trust in ("untrusted", "user", "critical")]
    assert [*ranked, points(base)] == sorted({*ranked, points(base)}, reverse=True)


def test_every_part_is_said() -> None:
    parts = Parts(
        "critical", "CVE-2024-1 is listed by CISA as exploited since 2024-03-25", 0.94, late=12,
        reached=(("user", "front-desk (user) on tcp/22"), ("untrusted", "guest (untrusted) on tcp/22")),
    )  # fmt: skip
    assert risk(parts) == (
        35 + 20 + 11 + 3 + 12,
        (
            "severity critical (+35)",
            "CVE-2024-1 is listed by CISA as exploited since 2024-03-25 (+20)",
            "reached from front-desk (user) on tcp/22, guest (untrusted) on tcp/22 (+12)",
            "EPSS 0.94: the chance to be exploited within thirty days (+11)",
            "12 days past its deadline (+3)",
        ),
    )
