"""Assessing a large client's network: time and memory of `fencewalk assess`, from store to JSON report.

    python tests/benchmarks/bench_assess.py [HOSTS...] [--profile]

Seconds of the clock, as who waits for it counts them, and of all processors; the median of three. Megabytes: what all
its processes hold at the worst moment. `--profile` shows where the time goes, and takes three times as long.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import large_site

from scanner.model.report import Report
from scanner.plan import make_plan
from scanner.ports import Ports
from scanner.store import Store

SIZES = (4096, 16384, 65536)
PROMISED_SECONDS = 10.0
PROMISED_MEGABYTES = 500


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hosts", nargs="*", type=int, metavar="HOSTS", default=SIZES)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where site, store and report are left")
    options = parser.parse_args(arguments)
    print(
        f"{'hosts':>7} {'services':>9} {'findings':>9} {'flows':>9} {'store MB':>9} {'JSON MB':>8} {'s':>7}"
        f" {'CPU s':>7} {'MB':>6}"
    )
    broken = False
    for hosts in options.hosts:
        with tempfile.TemporaryDirectory() as made:
            folder = options.keep / str(hosts) if options.keep else Path(made)
            folder.mkdir(parents=True, exist_ok=True)
            runs = [measure(folder, hosts, options.profile) for _ in range(1 if options.profile else 3)]
            seconds, processor, megabytes = map(statistics.median, zip(*runs, strict=True))
            report = msgspec.json.decode((folder / "report.json").read_bytes(), type=Report)
            stored, written = (
                (folder / name).stat().st_size / 1e6 for name in ("site.fencewalk.sqlite", "report.json")
            )
            services = report.summary.services if report.summary else 0
            print(
                f"{len(report.hosts):7} {services:9} {len(report.findings):9} {len(report.reachability):9}"
                f" {stored:9.0f} {written:8.0f} {seconds:7.1f} {processor:7.1f} {megabytes:6.0f}",
                flush=True,
            )
            broken = broken or (hosts <= SIZES[-1] and (seconds > PROMISED_SECONDS or megabytes > PROMISED_MEGABYTES))
    if broken:
        print(f"promised: {PROMISED_SECONDS:.0f} s and {PROMISED_MEGABYTES} MB at most", file=sys.stderr)
    return int(broken)


def measure(folder: Path, hosts: int, profile: bool = False) -> tuple[float, float, float]:
    """Seconds, processor seconds, and megabytes at the peak of one assessment of a site of so many hosts."""
    site = folder / "site.yaml"
    if not site.exists():
        make(folder, hosts)
    command = ["-m", "scanner.cli", "assess", str(site), "-o", f"json={folder / 'report.json'}"]
    profiler = ["-m", "cProfile", "-o", str(folder / "profile")] if profile else []
    start, peak = time.perf_counter(), 0
    child = subprocess.Popen([sys.executable, *profiler, *command], stdout=subprocess.DEVNULL)
    while not (ended := os.wait4(child.pid, os.WNOHANG))[0]:
        peak = max(peak, held(psutil.Process(child.pid)))
        time.sleep(0.1)  # Asking takes from what is measured.
    _, status, usage = ended
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"assess ended with {status}")
    if profile:
        import pstats

        pstats.Stats(str(folder / "profile")).sort_stats("tottime").print_stats(45)
    seconds = time.perf_counter() - start
    return seconds, usage.ru_utime + usage.ru_stime, max(peak, usage.ru_maxrss << 10) / (1 << 20)


def held(process: psutil.Process) -> int:
    """Bytes of memory of a process and of those that it started."""
    total = 0
    for each in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += each.memory_info().rss
    return total


def make(folder: Path, hosts: int) -> None:
    """A site file, and a store with a scan from each zone."""
    site = large_site.large_site()
    with Store(folder / "site.fencewalk.sqlite") as store:
        for each in large_site.sessions(hosts, time.time() - 86_400):
            plan = make_plan(site, each.scan.vantage, Ports((22,), ()))
            journal = store.begin(site.client, site.site, plan, "raw")
            for observation in each.observations:
                journal.write("all", observation)
            journal.complete()
    # JSON is YAML.
    (folder / "site.yaml").write_bytes(msgspec.json.encode(site))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
