"""What a scan says about itself while it runs."""

from __future__ import annotations

import pytest

from scanner.cli._progress import Ticker, duration
from scanner.model.observation import HostSeen, PortState, Progress


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
    assert lines[1] == "guest: asking ports 10 %, 1,234 packets/s, 1 min 30 s left of this part  1 host, 0 open ports"
    assert len(lines) == 1 + 6 + 1 + 1
    assert lines[-2] == "guest: asking what runs there"
    assert lines[-1] == "guest: 1 host, 1 open port"


def test_a_new_part_begins_a_new_reckoning(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    ticker = Ticker("", lambda: now)
    steps = ((0.0, 0), (1000.0, 90), (1001.0, 0), (1011.0, 50))
    for now, done in steps:
        ticker.see(Progress("sweep", done, 100, now))
    assert "50 %, 10 s left of this part" in capsys.readouterr().err.splitlines()[-1]


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
