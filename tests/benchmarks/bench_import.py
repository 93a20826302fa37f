"""Taking over another tool's scan: processor time and memory of `fencewalk import`, and a digest of what it stored.

    python tests/benchmarks/bench_import.py [PORTS] [--runs N] [--keep DIR]

Processor time, as other programs run on the same cores; each run in a process of its own, into a store of its own.
Two versions of fencewalk that store the same print the same digests.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import large_scans

PROMISED_SECONDS = 5.0
PROMISED_MEGABYTES = 200
PORTS = 200_000
FILES: dict[str, Callable[[int], Iterator[bytes]]] = {
    "nmap.xml": large_scans.nmap_xml,
    "masscan.json": large_scans.masscan_json,
}
SITE = """\
client: Example Ltd
site: main
authorization: {by: owner, from: 2020-01-01, until: 2099-12-31}
scope: {include: [10.20.0.0/16]}
zones:
  - {name: office, subnets: [10.20.0.0/17]}
  - {name: servers, subnets: [10.20.128.0/17]}
"""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ports", nargs="?", type=int, default=PORTS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where the files are left")
    options = parser.parse_args(arguments)
    broken = False
    print(f"{'file':>13} {'MB':>5} {'ports':>8} {'rows':>8} {'s':>6} {'MB':>5}  digest of the store")
    with tempfile.TemporaryDirectory() as made:
        folder = options.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "site.yaml").write_text(SITE, encoding="utf-8")
        for name, write in FILES.items():
            with (folder / name).open("wb") as file:
                file.writelines(write(options.ports))
            runs = [measure(folder, name) for _ in range(options.runs)]
            seconds, megabytes = min(each[0] for each in runs), max(each[1] for each in runs)
            rows, digest = stored(folder / "store.sqlite")
            size = (folder / name).stat().st_size / 1e6
            print(f"{name:>13} {size:5.0f} {options.ports:8} {rows:8} {seconds:6.2f} {megabytes:5.0f}  {digest}")
            if options.ports == PORTS and (seconds > PROMISED_SECONDS or megabytes > PROMISED_MEGABYTES):
                broken = True
    if broken:
        print(f"promised: {PROMISED_SECONDS} s and {PROMISED_MEGABYTES} MB", file=sys.stderr)
    return int(broken)


def measure(folder: Path, name: str) -> tuple[float, float]:
    """Seconds of processor time and megabytes of one import."""
    for each in folder.glob("store.sqlite*"):
        each.unlink()
    command = [sys.executable, "-m", "scanner.cli", "import", str(folder / "site.yaml"), str(folder / name),
               "--from", "office", "--store", str(folder / "store.sqlite")]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(said)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def stored(path: Path) -> tuple[int, str]:
    """How many observations, and a digest of all of them in their order with their session."""
    digest, count = hashlib.sha256(), 0
    with sqlite3.connect(path) as db:
        for row in db.execute("SELECT id, client, site, started, body, plan FROM scans ORDER BY id"):
            digest.update(repr(row).encode())
        for row in db.execute("SELECT number, scan, unit, body FROM observations ORDER BY number"):
            digest.update(repr(row).encode())
            count += 1
    return count, digest.hexdigest()[:16]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
