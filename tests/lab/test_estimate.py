"""How long `scan --dry-run` says that a scan takes, and how long it takes.

The rates are low enough that the network is waited for and not the processor.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.packet_lab import PacketLab, hosts, silent
from benchmarks.scan_command import scan_command
from loaded import fencewalk_in
from netns import IN_LAB
from recall_lab import make_site

pytestmark = IN_LAB

OPEN = (22, 443)
DROPPED = "chain forward { type filter hook forward priority 0; ip daddr 10.1.0.0/16 drop; }"
FILTERED = hosts(silent("10.1.0.0/16", but=OPEN))
HALF = hosts(silent("10.1.0.64/26"))
UNITS = {"s": 1, "min": 60, "h": 3600}


@pytest.fixture(scope="module")
def lab() -> Iterator[PacketLab]:
    with PacketLab() as raised:
        raised.listen("b", OPEN, (53,))
        yield raised


def seconds(text: str) -> float:
    return sum(float(count) * UNITS[unit] for count, unit in re.findall(r"(\d+) (s|min|h)\b", text))


def said(text: str) -> dict[str, float]:
    """The three estimates of a dry run."""
    [line] = [each for each in text.splitlines() if each.startswith("time ")]
    whole = line.partition(" (")[0]
    parts = [each for each in whole.split(",") if " if " in each]
    return {each.partition(" if ")[2].strip(): seconds(each.partition(" if ")[0]) for each in parts}


ATTEMPTS = 4
"""Other work on the machine holds a scan up: one undisturbed attempt has to keep the limit."""
ANSWERED, SILENT, MIXED = "everything answers", "nothing does", "hosts answer on some ports only"


@pytest.mark.parametrize(
    ("far", "rules", "rate", "flags", "case"),
    [
        ("10.1.0.0/24", None, 1000, ("--ports", "1-20", "--no-identify"), ANSWERED),
        ("10.1.0.0/22", ("r", DROPPED), 3000, ("--ports", "1-5"), SILENT),
        ("10.1.0.0/26", ("b", FILTERED), 1000, ("--ports", "20-29,440-449"), MIXED),
        ("10.1.0.0/29", None, 1000, ("--polite", "--ports", "20-24"), ANSWERED),
        ("10.1.0.0/25", None, 4000, ("--engine", "connect", "--ports", "20-29,440-443"), ANSWERED),
        ("10.1.0.0/25", ("b", HALF), 4000, ("--engine", "connect", "--ports", "20-29,440-443"), MIXED),
    ],
    ids=["all live", "all silent", "behind a firewall", "polite", "connections", "connections half in vain"],
)
def test_it_takes_about_as_long_as_was_said(
    lab: PacketLab,
    tmp_path: Path,
    far: str,
    rules: tuple[str, str] | None,
    rate: int,
    flags: tuple[str, ...],
    case: str,
) -> None:
    lab.reset()
    if rules is not None:
        lab.rules(*rules)
    site = make_site(lab, tmp_path, far=(far,), max_rate=rate)
    command = scan_command(site.path, site.store, "laptop", "--no-names", *flags)[1:]
    dry = fencewalk_in(lab.name("s"), *command, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    estimate = said(dry.stdout)
    for attempt in range(ATTEMPTS):
        again = ("--store", str(tmp_path / f"{attempt}.sqlite"))
        began = time.monotonic()
        done = fencewalk_in(lab.name("s"), *command, *again)
        took = time.monotonic() - began
        assert done.returncode == 0, done.stderr
        print(f"{took:.1f} s, {estimate}")
        if took < 2.5 * estimate[case]:
            break
    assert estimate[case] / 2.5 < took < 2.5 * estimate[case], f"{took:.1f} s, {estimate} was said"
