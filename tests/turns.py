"""In which order xdist takes the tests, so that no processor idles while tests wait, and none waits at the end.

`make test` asks for it by `--dist loadscope`. A module is dealt out whole, so that its laboratory is raised once; the
modules in APART are dealt out test by test. Tests with real packets mostly wait: all workers but two take those, the
longest first, and two take what keeps a processor busy. A worker with something long in hand gets only a short module
to go on with, since what is dealt out cannot be taken back.
"""

from __future__ import annotations

import functools
import os
from collections import Counter
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler.protocol import Scheduling
    from xdist.workermanage import WorkerController

LONGEST = (
    "test_verdict_cases",
    "test_random_rules",
    "test_truth",
    "test_verdict_visits",
    "test_cut_in_lab",
    "test_canary_on_wire",
    "test_simulate_against_packets",
    "test_link_local",
    "test_recall_connect",
    "test_wire_promises",
    "test_diff_on_wire",
    "test_daemons",
    "test_canary_judged",
)
"""The longest first. A name that is missing here costs time, and nothing else."""
APART = (
    "test_random_rules",
    "test_truth",
    "test_link_local",
    "test_recall",
    "test_recall_connect",
    "test_wire_promises",
)
"""Each test is long, and they share nothing that is not raised in a second."""


_BUSY = 2
"""Workers for the tests that wait for nothing."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """None, for xdist's own, unless modules are to be dealt out."""
    if config.getvalue("dist") != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class LongestFirst(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.partition("::")[0]
            return nodeid if PurePath(module).stem in APART else module

        def _assign_work_unit(self, node: WorkerController) -> None:
            long = [name for name in self.workqueue if waits(config.rootpath, name)]
            short = [name for name in self.workqueue if name not in set(long)]
            if self._waits(node) and short:
                turn = short[-1]
            elif long and sum(map(self._waits, self.nodes)) < max(1, self.numnodes - _BUSY):
                turn = long[0]
            else:
                turn = (short or long)[0]
            self.workqueue.move_to_end(turn, last=False)
            super()._assign_work_unit(node)

        def _waits(self, node: WorkerController) -> bool:
            """Whether it has something in hand that takes long."""
            inhand = self.assigned_work[node].items()
            return any(not all(tests.values()) for name, tests in inhand if waits(config.rootpath, name))

    config.option.loadscopereorder = False
    return LongestFirst(config, log)


@functools.cache
def waits(root: Path, name: str) -> bool:
    """Whether what is dealt out under that name sends real packets."""
    text = (root / name.partition("::")[0]).read_text(encoding="utf-8")
    return "mark.lab" in text or "IN_LAB" in text


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For the workers: the longest, one of each module in turn; then the modules with the most tests."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    tests = Counter(each.path for each in items)
    met: Counter[Path] = Counter()
    turns: dict[pytest.Item, tuple[int, int, str]] = {}
    for each in items:
        name = each.path.stem
        if name in LONGEST:
            turns[each] = met[each.path], LONGEST.index(name), ""
            met[each.path] += name in APART
        else:
            turns[each] = len(items), -tests[each.path], str(each.path)
    items.sort(key=turns.__getitem__)
