"""What the README states in seconds. `make bench` prints the table; a promise that is broken fails."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from scanner.lab.privilege import can_raise


def seconds(command: Sequence[str], runs: int) -> list[float]:
    """Wall time of each whole process, after one run that is not counted."""
    times = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    return times[1:]


def say(what: str, times: Sequence[float], promise: float) -> None:
    low, middle, high = min(times), statistics.median(times), max(times)
    print(f"\n{what:44} min {low:6.2f} s  median {middle:6.2f} s  max {high:6.2f} s  promised {promise} s", end="")
    assert middle <= promise


def fencewalk(*args: str) -> list[str]:
    return [sys.executable, "-m", "scanner.cli", *args]


def test_help() -> None:
    say("fencewalk --help", seconds(fencewalk("--help"), 11), 0.2)


def test_demo_simulated(tmp_path: Path) -> None:
    command = fencewalk("demo", "--simulate", "--no-tui", "--out", str(tmp_path))
    say("fencewalk demo --simulate", seconds(command, 3), 10.0)


@pytest.mark.lab
@pytest.mark.skipif(can_raise() is not None, reason="no network namespaces here")
def test_demo_with_real_packets(tmp_path: Path) -> None:
    say("fencewalk demo", seconds(fencewalk("demo", "--no-tui", "--out", str(tmp_path)), 3), 60.0)


def test_assess(tmp_path: Path) -> None:
    subprocess.run(fencewalk("demo", "--simulate", "--no-tui", "--out", str(tmp_path)), check=True, capture_output=True)
    command = fencewalk(
        "assess", str(tmp_path / "site.yaml"), "--today", "2026-11-20", "-o", f"json={tmp_path / 'report.json'}"
    )
    say("fencewalk assess (harbor-dental, twelve sessions)", seconds(command, 5), 3.0)
