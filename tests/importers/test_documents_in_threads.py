"""Many threads may read a file of a kind that none of them has read before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_TOPOLOGY = Path(__file__).parents[2] / "topologies" / "harbor-dental.yaml"
_READ = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from scanner.importers.document import read_document
from scanner.lab.topology import Topology

text = Path(sys.argv[1]).read_text()
sys.setswitchinterval(1e-6)
start = threading.Barrier(8)

def read():
    start.wait()
    return read_document(text, Topology, "x.yaml")

with ThreadPoolExecutor(8) as pool:
    found = [each.result() for each in [pool.submit(read) for _ in range(8)]]
assert all(each == found[0] for each in found)
"""
_TIMES = 4
"""Where the kinds are not learnt at import, every other process crashes."""


def test_threads_that_meet_a_kind_of_file_at_once_do_not_crash() -> None:
    for _ in range(_TIMES):
        done = subprocess.run(
            [sys.executable, "-c", _READ, str(_TOPOLOGY)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
