"""What the events of a scan add up to, and how it is drawn."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.observation import (
    Alive,
    Conversation,
    Event,
    HostSeen,
    Limitation,
    Outlook,
    PortState,
    Progress,
    Reading,
    Silence,
    Work,
)
from tui.desk import Ended
from tui.live import Live, ZoneWork
from tui.progress import curve, figures, progress, stage

PLAN = Outlook(
    (
        Work("knock-0", (("guest", 100),)),
        Work("knock-1", (("servers", 300), ("voice", 100))),
        Work("knock-2", (("servers", 100),)),
    ),
    1000.0,
)


def seen(*events: Event) -> Live:
    live = Live(lambda address: "servers" if address.startswith("10.2.") else "")
    for each in events:
        list(live.see(each))
    return live


def port(address: str = "10.2.0.1", ports: str = "22", state: str = "open", **more: object) -> PortState:
    return PortState(address, "tcp", ports, state, "syn-ack", 1000.0, **more)  # type: ignore[arg-type]


def knock(unit: str, done: int, total: int, at: float = 1000.0, round_: int = 1) -> Progress:
    return Progress("knock", done, total, at, 100.0, round_, "somewhere", unit)


ROWS: list[tuple[Event, tuple[str, str, str, str]]] = [
    (HostSeen("10.2.0.1", "arp", 1.0, "aa:bb:cc:dd:ee:ff"), ("host", "10.2.0.1", "servers", "arp aa:bb:cc:dd:ee:ff")),
    (HostSeen("10.2.0.1", "gateway", 1.0), ("router", "10.2.0.1", "servers", "gateway")),
    (HostSeen("10.2.0.1", "named", 1.0, names=("db",), said_by="dns 10.2.0.9"),
     ("name", "10.2.0.1", "servers", "db (dns 10.2.0.9)")),
    (port(ttl=63, rtt_ms=1.25), ("tcp/22", "10.2.0.1", "servers", "syn-ack ttl 63 1.2 ms")),
    (port(via="sport-53"), ("tcp/22", "10.2.0.1", "servers", "by sport-53: syn-ack")),
    (PortState("10.2.0.1", "icmp", "8", "open", "echo-reply", 1.0), ("echo", "10.2.0.1", "servers", "echo-reply")),
    (Alive("10.2.0.4-10.2.0.6", "icmp", 8, "echo-reply", 1.0),
     ("3 hosts", "10.2.0.4-10.2.0.6", "servers", "icmp echo-reply")),
    (Conversation("10.2.0.1", "tcp", 22, "ssh", "answered", 1.0, (Reading("ssh", b"SSH-2.0-OpenSSH_9.6"),)),
     ("tcp/22", "10.2.0.1", "servers", "ssh openssh 9.6")),
    (Conversation("10.2.0.1", "tcp", 9, "x", "answered", 1.0, (Reading("x", b"\x00"), Reading("x", b"hello\r\nyou"))),
     ("tcp/9", "10.2.0.1", "servers", "x hello")),
    (Conversation("10.2.0.1", "tcp", 443, "https", "answered", 1.0, tls=True),
     ("tcp/443", "10.2.0.1", "servers", "https over TLS")),
]  # fmt: skip


@pytest.mark.parametrize(("event", "row"), ROWS, ids=[repr(each[0])[:60] for each in ROWS])
def test_what_is_found_is_a_row_once(event: Event, row: tuple[str, ...]) -> None:
    live = seen()
    (found,) = live.see(event)
    assert found[1:5] == row
    assert list(live.see(event)) == []


NOTHING: list[Event] = [
    HostSeen("10.2.0.1", "self", 1.0),
    port(state="closed"),
    port(state="silent"),
    Silence("10.2.0.1", "tcp", "1-1000", 2, 1.0),
    Conversation("10.2.0.1", "tcp", 22, "ssh", "timeout", 1.0),
]


@pytest.mark.parametrize("event", NOTHING, ids=[repr(each)[:60] for each in NOTHING])
def test_what_is_no_find_is_no_row(event: Event) -> None:
    assert list(seen().see(event)) == []


def test_hosts_are_counted_once_however_they_show_themselves() -> None:
    live = seen(
        HostSeen("10.2.0.1", "arp", 1.0), port(), port("10.2.0.9"), Alive("10.2.0.1-10.2.0.4", "icmp", 8, "", 1)
    )
    assert (live.alive, live.open) == (5, 2)


def test_loss_is_the_part_of_the_answers_that_took_more_than_one_try() -> None:
    live = seen(
        port(), port(state="closed", tries=2), port(state="rejected"), port(tries=3), port(state="silent", tries=3)
    )
    assert (live.answered, live.again, live.loss) == (4, 2, 0.5)
    assert "50.0 % of 4 answers only when asked again" in figures(live)


def test_zones_get_on_by_the_weight_of_their_questions() -> None:
    live = seen(PLAN, knock("knock-1", 50, 100, 1010.0))
    # 100 + half of 400 of 600 questions in ten seconds: thirty a second; 200 left of this unit, then 100.
    assert live.zones() == [
        ZoneWork("guest", 1.0, None, "done"),
        ZoneWork("servers", 0.375, 300 / 30, "now"),
        ZoneWork("voice", 0.5, 200 / 30, "now"),
    ]
    assert live.left() == 10.0


def test_what_was_done_before_a_resume_counts_as_done_and_not_for_the_pace() -> None:
    units = tuple(Work(each.unit, each.questions, each.unit != "knock-2") for each in PLAN.units)
    live = seen(Outlook(units, 1000.0), knock("knock-2", 50, 100, 1010.0))
    assert [each.state for each in live.zones()] == ["done", "now", "done"]
    assert live.left() == pytest.approx(10.0)


def test_too_early_nobody_says_how_long_it_takes() -> None:
    assert seen(PLAN, knock("knock-0", 50, 100, 1001.0)).left() is None


def test_services_are_asked_when_all_ports_were() -> None:
    live = seen(PLAN, knock("knock-0", 1, 2), Progress("converse", 3, 40, 1010.0, unit="converse-0"))
    assert {each.state for each in live.zones()} == {"done"}
    assert stage(live) == "asking what runs there, 3 of 40"


UNITS = st.sampled_from(["knock-0", "knock-1", "knock-2", "control-0", "detour-0", "other"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(UNITS, st.integers(0, 120), st.integers(0, 100)), max_size=20))
def test_no_zone_ever_falls_back_or_is_over_twice(steps: list[tuple[str, int, int]]) -> None:
    live = seen(PLAN)
    before = [0.0, 0.0, 0.0]
    for number, (unit, done, total) in enumerate(steps):
        list(live.see(knock(unit, done, total, 1000.0 + number)))
        parts = [each.part for each in live.zones()]
        assert all(0 <= old <= new <= 1 for old, new in zip(before, parts, strict=True))
        assert all(each.left is None or each.left >= 0 for each in live.zones())
        before = parts


def drawn(live: Live, width: int = 100, bars: int = 6, ended: Ended | None = None) -> str:
    doc = progress(live, "guest", width, bars, ended=ended, pausing=False, told=str)
    return doc.content(width).plain


def test_what_is_not_over_is_never_drawn_as_a_hundred_per_cent() -> None:
    live = seen(PLAN, knock("knock-1", 9999, 10_000, 1010.0))
    assert "100 %" in drawn(live).splitlines()[-3]
    assert " 99 %" in drawn(live).splitlines()[-1]


def test_where_there_is_little_room_those_that_are_asked_now_are_drawn() -> None:
    live = seen(PLAN, knock("knock-1", 50, 100, 1010.0))
    text = drawn(live, bars=2)
    assert "and 1 more zone" in text
    assert "guest  " not in text.split("\n", 2)[2]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    live = seen(PLAN, knock("knock-1", 50, 100, 1010.0), Limitation("what\x1b[31m", "why " * 30, 1.0))
    lines = drawn(live, width).splitlines()
    assert max(map(len, lines)) <= max(width, 48)
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize(
    ("rates", "drawn_as"), [([], ""), ([0.0, 0.0], "▁▁"), ([0.0, 50.0, 100.0], "▁▅█"), ([7.0], "█")]
)
def test_the_curve(rates: list[float], drawn_as: str) -> None:
    assert curve(rates) == drawn_as


def test_the_end_is_told() -> None:
    live = seen(PLAN)
    assert "‖ paused  from guest  kept" in drawn(live, ended=Ended("paused", "kept"))
    assert "! failed" in drawn(live, ended=Ended("failed", "gone"))
    assert "▶ scanning  from guest  beginning" in drawn(live)
