"""fencewalk beside Nmap, masscan and zmap: whole-process wall time and results compared as sets. `make bench`.

    python tests/benchmarks/bench_packets.py [CASE...] [--runs N] [--only TOOL,...] [--json FILE] [--list]

Each case raises its own network in namespaces (root) and runs every tool in turn, as often as `--runs` says; the table
gives medians. fencewalk runs as a user runs it, start-up and store included, with the flags that ask what the others
ask: no names, no identification, discovery by echo. It has a maximum rate of 1,000,000 packets/s, masscan and zmap are
given the same, and Nmap 50,000 as its minimum. Nmap gets -Pn for port scans, so that it looks for no hosts first;
fencewalk always does. masscan listens for 2 s after its last probe and zmap for 1 s, less than their defaults. "All
defaults" is fencewalk with the case's ports and none of those flags: names and versions as well.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import rivals
from benchmarks.packet_cases import CASES, Case, raised
from benchmarks.packet_lab import SCANNER, PacketLab, Segment, die_by_signal
from benchmarks.scan_command import Ran, found, offered, opened, run, scan_command
from netns import why_not

OURS, TUNED, PLAIN, MASSCAN, ZMAP, DEFAULTS = "fencewalk", "nmap tuned", "nmap -T4", "masscan", "zmap", "all defaults"
TOOLS = (OURS, TUNED, PLAIN, MASSCAN, ZMAP, DEFAULTS)
RATE = 1_000_000
MIN_RATE = 50_000
CAP = 180.0
"""Seconds after which a run is cut off (fencewalk's soak apart)."""
SOAK_CAP = 3600.0
SINK_CAP = 60.0
"""There the rate is measured, not the end of the scan."""
ONCE = (PLAIN, DEFAULTS)
"""Run once, not `--runs` times: they take longest and carry the smallest part of the goals."""
LIKE_FOR_LIKE = ("--no-names", "--no-identify", "--patience=0")


class Result(msgspec.Struct, frozen=True):
    """One run of one tool. `missing` and `false`: against the truth. `rate`: packets/s while it sent (sink only)."""

    seconds: float
    missing: int
    false: int
    peak_mb: float
    note: str = ""
    rate: float = 0.0

    @property
    def exact(self) -> bool:
        return not (self.note or self.missing or self.false)


class Bench:
    """One case's network, and the tools on it. Every run has a fresh store or report."""

    def __init__(self, case: Case, lab: PacketLab | Segment, folder: Path) -> None:
        self.case = case
        self.lab = lab
        self.folder = folder
        self.site = folder / "site.yaml"
        self.site.write_text(case.site, encoding="utf-8")
        self._count = 0

    def tools(self) -> list[str]:
        """Which tools take part."""
        case = self.case
        if case.kind == "memory":
            return [OURS]
        chosen = [OURS, MASSCAN] if case.kind == "sink" else [OURS, TUNED]
        if case.kind != "sink":
            chosen += [PLAIN] if case.plain else []
            chosen += [MASSCAN] if case.ranges else []
            chosen += [ZMAP] if case.kind == "echo" else []
            chosen += [DEFAULTS]
        return [each for each in chosen if each in (OURS, DEFAULTS) or rivals.there(each.split()[0])]

    def measure(self, tool: str) -> Result:
        self._count += 1
        report = self.folder / f"{self._count}"
        command, read = self._job(tool, report)
        cap = {"memory": SOAK_CAP, "sink": SINK_CAP}.get(self.case.kind, CAP)
        with contextlib.ExitStack() as around:
            samples: list[tuple[float, int]] = []
            if isinstance(self.lab, PacketLab):
                if self.case.kind == "sink":
                    samples = around.enter_context(self.lab.meter())
                if tool == MASSCAN:
                    around.enter_context(self._suited_to_masscan(self.lab))
            ran = run(self.lab.command("s", command), cap, memory=self.case.kind == "memory")
        return _judged(ran, read(), self.case.truth, sending_rate(samples))

    @contextlib.contextmanager
    def _suited_to_masscan(self, lab: PacketLab) -> Iterator[None]:
        """Its manual wants its port kept from the kernel, whose RSTs would end what masscan has begun; and its receiver
        wakes up only for packets, so on a network that has fallen silent it would wait for a minute to end.
        """
        lab.rules("s", f"chain input {{ type filter hook input priority 0; tcp dport {rivals.OWN_PORT} drop; }}")
        try:
            with lab.heartbeat():
                yield
        finally:
            lab.ns("s", "nft flush ruleset")

    def _job(self, tool: str, report: Path) -> tuple[list[str], Callable[[], set[str]]]:
        case = self.case
        alive = case.kind in ("arp", "echo")
        if tool in (OURS, DEFAULTS):
            flags = ["--ports", case.ports or "none"]
            if tool == OURS:
                flags += offered(*LIKE_FOR_LIKE, *([] if case.kind == "arp" else ["--discover=echo"]))
            if case.kind == "connect":
                flags += ["--engine", "connect"]
            store = report.with_suffix(".sqlite")
            return scan_command(self.site, store, case.zone, *flags), lambda: _ours(store, alive)
        if tool in (TUNED, PLAIN):
            more = ["--min-rate", str(MIN_RATE)] if tool == TUNED else []
            reader = rivals.nmap_alive if alive else rivals.nmap_open
            return rivals.nmap(case.nmap, case.targets, case.ports, report, *more), lambda: reader(report)
        assert isinstance(self.lab, PacketLab)
        mac = self.lab.mac("r", "to-s")
        rate = RATE if case.kind != "sink" else 10 * RATE
        if tool == ZMAP:
            return rivals.zmap_echo(case.ranges, report, SCANNER, mac, rate), lambda: rivals.zmap_alive(report)
        reader = rivals.masscan_alive if alive else rivals.masscan_open
        return rivals.masscan(case.ranges, case.ports, report, SCANNER, mac, rate), lambda: reader(report)


def _ours(store: Path, alive: bool) -> set[str]:
    if not store.exists():
        return set()
    return set(found(store).alive) if alive else opened(store)


_BESIDES = re.compile(r"10\.1\.0\.0\b|10\.1\.255\.255\b|10\.0\.0\.|fd10::1\b|fe80:")
"""The subnet's own two addresses, which no host holds and only some tools ask; and the router, the laptop's neighbour,
which nobody was asked for.
"""


def _judged(ran: Ran, got: set[str], truth: frozenset[str], rate: float = 0.0) -> Result:
    note = ""
    if ran.code is None and not rate:
        note = f"cut off after {ran.seconds:.0f} s"
    elif ran.code:
        note = f"exit {ran.code}: {ran.said.strip().splitlines()[-1] if ran.said.strip() else ''}"
    got = {each for each in got if not _BESIDES.match(each)}
    return Result(ran.seconds, len(truth - got), len(got - truth), ran.peak_kb / 1024, note, rate)


def sending_rate(samples: Sequence[tuple[float, int]], slice_: float = 0.1) -> float:
    """Packets a second while packets were sent in earnest: the median of the tenths of a second that carried any
    number worth speaking of (a tenth of the busiest). Waits between passes are none of the sender's speed.
    """
    counts: list[float] = []
    start = 0
    for index, (at, count) in enumerate(samples):
        if at - samples[start][0] >= slice_:
            counts.append((count - samples[start][1]) / (at - samples[start][0]))
            start = index
    busy = [each for each in counts if each > max(counts) / 10]
    return statistics.median(busy) if busy else 0.0


def bench(case: Case, runs: int | None, only: Sequence[str]) -> dict[str, list[Result]]:
    """Every tool in turn, and again. What went before is told on stderr."""
    results: dict[str, list[Result]] = {}
    with raised(case) as lab, tempfile.TemporaryDirectory(prefix="fencewalk-bench-") as folder:
        job = Bench(case, lab, Path(folder))
        tools = [each for each in job.tools() if not only or each in only]
        wanted = {each: 1 if each in ONCE or case.kind == "memory" else runs or 3 for each in tools}
        if OURS in wanted and case.own_runs and runs is None:
            wanted[OURS] = case.own_runs
        for turn in range(max(wanted.values(), default=0)):
            for tool in tools:
                if turn < wanted[tool]:
                    result = job.measure(tool)
                    results.setdefault(tool, []).append(result)
                    print(f"{case.name:12} {tool:13} {_cell([result])}", file=sys.stderr, flush=True)
    return results


def _median(results: Sequence[Result]) -> float:
    return statistics.median(each.seconds for each in results)


def _cell(results: Sequence[Result]) -> str:
    """Median time and the worst run's faults."""
    if not results:
        return "-"
    worst = max(results, key=lambda each: (bool(each.note), each.missing + each.false))
    text = f"{_median(results):.2f} s"
    if results[0].rate:
        text = f"{statistics.median(each.rate for each in results):,.0f}/s"
    faults = [f"{worst.missing} missing"] if worst.missing else []
    faults += [f"{worst.false} false"] if worst.false else []
    faults += [worst.note] if worst.note else []
    return f"{text} ({', '.join(faults)})" if faults else text


def verdict(case: Case, results: dict[str, list[Result]]) -> tuple[str, str]:
    """The figure that the goal is about, and whether it is met; an inexact result meets nothing."""
    goal, ours = case.goal, results.get(OURS, [])
    if not ours:
        return "-", "not run"
    figures: list[str] = []
    met = all(each.exact for each in ours)
    unknown = False
    for limit, rival, name in ((goal.tuned, TUNED, "tuned"), (goal.plain, PLAIN, "-T4")):
        if limit is not None or (name == "tuned" and TUNED in results):
            if rival not in results:
                unknown = True
                continue
            ratio = _median(ours) / _median(results[rival])
            # Where the rival was cut off, it took longer than that, and the ratio is smaller still.
            more = any(each.note.startswith("cut") for each in results[rival])
            figures.append(f"{'under ' if more else ''}{ratio:.3f}" + (" of -T4" if name == "-T4" else ""))
            met &= limit is None or ratio <= limit
    if goal.seconds is not None:
        figures.append(f"{_median(ours):.2f} s")
        met &= _median(ours) <= goal.seconds
    if goal.masscan_rate is not None:
        if MASSCAN in results:
            theirs = statistics.median(each.rate for each in results[MASSCAN])
            ratio = statistics.median(each.rate for each in ours) / max(theirs, 1.0)
            figures.append(f"{ratio:.2f} of masscan")
            met &= ratio >= goal.masscan_rate
        else:
            unknown = True
    if goal.megabytes is not None:
        peak = max(each.peak_mb for each in ours)
        figures.append(f"{peak:.0f} MB")
        met &= peak < goal.megabytes
    if case.own_runs:
        figures.append(f"{sum(each.exact for each in ours)} of {len(ours)} exact")
    return ", ".join(figures) or "-", "**not met**" if not met else "not measured" if unknown else "met"


def table(rows: Sequence[tuple[Case, dict[str, list[Result]]]]) -> str:
    heads = ["case", "goal", "ratio", "verdict", *TOOLS]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for case, results in rows:
        figure, met = verdict(case, results)
        cells = [_cell(results.get(tool, [])) for tool in TOOLS]
        if not case.plain and case.kind in ("syn", "echo"):
            cells[TOOLS.index(PLAIN)] = "not run: many minutes"
        lines.append("| " + " | ".join([case.title, case.goal.text, figure, met, *cells]) + " |")
    return "\n".join(lines)


def machine() -> str:
    """Where these figures come from."""
    versions = []
    for tool, flag in (("nmap", "--version"), ("masscan", "--version"), ("zmap", "--version")):
        if rivals.there(tool):
            said = subprocess.run([tool, flag], capture_output=True, text=True, check=False).stdout
            number = re.search(r"\d+\.\d[\d.]*", said)
            versions.append(f"{tool} {number.group() if number else '?'}")
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return f"{os.cpu_count()} cores, kernel {platform.release()}, load {load}; {', '.join(versions)}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help="all but `memory`, if none is named")
    parser.add_argument("--runs", type=int, help="of each tool (default: 3, loss 10 of fencewalk)")
    parser.add_argument("--only", default="", help=f"tools, comma list, of: {', '.join(TOOLS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every run's figures")
    parser.add_argument("--list", action="store_true", help="the cases' names")
    options = parser.parse_args(arguments)
    by_name = {case.name: case for case in CASES}
    short = {name.partition("-")[2]: name for name in by_name if "-" in name and name.startswith("syn-")}
    if options.list:
        print("\n".join(f"{case.name:14}{case.title}" for case in CASES))
        return 0
    names = [short.get(each, each) for each in options.cases] or [name for name in by_name if name != "memory"]
    only = tuple(filter(None, options.only.split(",")))
    if unknown := [each for each in (*names, *only) if each not in by_name and each not in TOOLS]:
        parser.error(f"no such case or tool: {', '.join(unknown)}; cases: {', '.join(by_name)}")
    if reason := why_not():
        print(f"bench_packets: {reason}", file=sys.stderr)
        return 4
    die_by_signal()
    print(machine())
    rows: list[tuple[Case, dict[str, list[Result]]]] = []
    with contextlib.suppress(KeyboardInterrupt):
        rows.extend((by_name[name], bench(by_name[name], options.runs, only)) for name in names)
    print(f"\n{table(rows)}")
    if options.json:
        figures = {
            case.name: {"goal": case.goal.text, "verdict": verdict(case, results), "runs": msgspec.to_builtins(results)}
            for case, results in rows
        }
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
