"""What a scan says about itself while it runs."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import nullcontext
from pathlib import Path

import click
import pytest

from scanner.cli._progress import Ticker, duration
from scanner.cli._resume import command
from scanner.cli.scan import _carry_out
from scanner.model.observation import Event, HostSeen, PortState, Progress


def test_where_there_is_no_terminal_a_line_comes_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    ticker = Ticker("guest", lambda: now)
    ticker.see(HostSeen("10.0.0.1", "arp", 0.0))
    for second in range(61):
        now = float(second)
        ticker.see(Progress("knock", 10 * second, 1000, now, 1234.0))
    ticker.see(PortState("10.0.0.1", "tcp", "22", "open", "syn-ack", 0.0))
    ticker.see(Progress("converse", 0, 0, now))
    ticker.end()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "guest: asking ports"
    pace = "1,234 packets/s, 1 min 30 s left of this part"
    assert lines[1] == f"guest: asking ports 10 %, {pace}  1 live address, 0 open ports"
    assert len(lines) == 1 + 6 + 1 + 1
    assert lines[-2] == "guest: asking what runs there"
    assert lines[-1] == "guest: 1 live address, 1 open port"


def test_every_round_is_named_with_what_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    ticker = Ticker("guest", lambda: now)
    for about, rounds in (("servers", (1, 1, 2, 2, 3)), ("something known good", (1,)), ("voice", (1,))):
        for each in rounds:
            now += 1
            ticker.see(Progress("knock", 0, 100, now, 0.0, each, about))
    assert capsys.readouterr().err.splitlines() == [
        "guest: asking ports of servers",
        "guest: asking ports of servers, round 2",
        "guest: asking ports of servers, round 3",
        "guest: asking ports of something known good",
        "guest: asking ports of voice",
    ]


def test_units_that_come_in_turns_fill_no_log_with_the_same_words(capsys: pytest.CaptureFixture[str]) -> None:
    ticker = Ticker("guest", lambda: 0.0)
    for _ in range(3):
        ticker.see(Progress("sweep", 0, 100, 0.0))
        ticker.see(Progress("sweep", 0, 100, 0.0, 0.0, 1, "something known good"))
        ticker.see(Progress("knock", 0, 100, 0.0, 0.0, 1, "other zones by way of neighbours"))
    assert capsys.readouterr().err.splitlines() == [
        "guest: finding hosts",
        "guest: asking something known good",
        "guest: asking ports of other zones by way of neighbours",
    ]


def test_a_new_part_begins_a_new_reckoning(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    ticker = Ticker("", lambda: now)
    steps = ((0.0, 0), (1000.0, 90), (1001.0, 0), (1011.0, 50))
    for now, done in steps:
        ticker.see(Progress("sweep", done, 100, now))
    assert "50 %, 10 s left of this part" in capsys.readouterr().err.splitlines()[-1]


def test_between_two_steps_the_time_left_only_falls(capsys: pytest.CaptureFixture[str]) -> None:
    """Nmap's conversations end a few at a time: while the next ones last, nothing new is known of the rest."""
    now = 0.0
    ticker = Ticker("", lambda: now)
    for second in range(0, 131, 10):
        now = float(second)
        ticker.see(Progress("converse", 1 if second >= 40 else 0, 3, now))
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(", ")[2].partition(" left")[0] for line in said if "left of" in line] == [
        "1 min 20 s", "1 min 10 s", "1 min 0 s", "50 s", "40 s", "30 s", "20 s", "10 s",
    ]  # fmt: skip
    assert "left of" not in said[-1], "it takes longer than was reckoned, and nobody knows how long"


def test_the_log_of_a_scan_is_never_drawn_over(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    ticker = Ticker("", lambda: now)
    for now in (0.0, 20.0, 40.0):
        ticker.see(Progress("sweep", 0, 0, now))
    assert "\r" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (59.4, "59 s"), (90, "1 min 30 s"), (1800, "30 min"), (3599, "60 min"), (30648, "8 h 30 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_after_ctrl_c_it_says_what_was_found_then_where_that_is_then_how_to_go_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def events() -> Generator[Event, None, None]:
        yield HostSeen("10.0.0.1", "arp", 0.0)
        raise KeyboardInterrupt

    resume = command(Path("my site.yaml"), "guest", Path("s.sqlite"))
    assert resume.endswith("scan 'my site.yaml' --from guest --store s.sqlite --resume")
    ticker = Ticker("guest")
    kept = ("what was found so far is kept in s.sqlite", f"go on: {resume}")
    with pytest.raises(click.exceptions.Exit) as ended:
        _carry_out(events(), nullcontext(), [ticker.see], ticker, kept)
    assert ended.value.exit_code == 130
    assert capsys.readouterr().err.splitlines() == [
        "guest: interrupted: 1 live address, 0 open ports",
        "fencewalk: what was found so far is kept in s.sqlite",
        f"fencewalk: go on: {resume}",
    ]
