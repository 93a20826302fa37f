"""In which order xdist takes the tests, so that no processor idles while tests wait, and none waits at the end.

`make test` asks for it by `--dist loadscope`. A module is dealt out whole, so that its laboratory is raised once; the
modules in APART are dealt out test by test. Tests with real packets mostly wait. All workers but four take those, the
longest first; two take the screens, which wait now and then, and two the rest, which keeps a processor busy. Those four
give way to the others whenever those have something to do.

Each worker loads and collects only what it can be given, which is a large part of what a worker costs. One that
replaces a crashed one collects everything.
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
    "test_truth",
    "test_connect_crowd",
    "test_canary_on_wire",
    "test_verdict_cases",
    "test_verdict_visits",
    "test_random_rules",
    "test_diff_on_wire",
    "test_guard_on_wire",
    "test_live_lab",
    "test_cut_in_lab",
    "test_recall_connect",
    "test_link_local",
    "test_dressed_on_wire",
    "test_simulate_against_packets",
    "test_canary_judged",
    "test_revealed",
    "test_reverse_dns",
    "test_pipeline_deep",
    "test_udp_again",
    "test_estimate",
    "test_wire_promises",
    "test_daemons",
    "test_recall",
    "test_verdict_canary",
    "test_verify_on_wire",
    "test_flap",
    "test_namespaces",
    # Of those that wait for nothing:
    "test_tui_walk",
    "test_html_tables",
    "test_tui_frame",
    "test_tui_snapshots",
    "test_html_chromium",
    "test_tui_hostile",
    "test_graph_formats",
    "test_ticket_rescans",
    "test_probes_hostile",
    "test_tui_screens",
    "test_rows_by_port",
    "test_scan_screen",
    "test_html_print",
    "test_large_sites",
    "test_congestion",
    "test_tui_map",
    "test_tui_accept",
    "test_patch_gates",
    "test_exposures_concern",
    "test_tui_export",
    "test_tui_jump",
    "test_what_if",
    "test_what_was_asked",
    "test_pipeline",
    "test_paths_host_by_host",
    "test_tui_exceptions",
    "test_verify_exposures",
)
"""The longest first. A name that is missing here costs time, and nothing else."""
APART = (
    "test_connect_crowd",
    "test_estimate",
    "test_guard_on_wire",
    "test_link_local",
    "test_random_rules",
    "test_recall",
    "test_recall_connect",
    "test_truth",
    "test_wire_promises",
)
"""Each test is long, and they share nothing that is not raised in a second."""
_BUSY = 4
"""Workers for the tests that wait for little or nothing; half as many where there are few workers."""
_FEWEST = 4
"""Workers among whom the tests are shared out by kind; fewer take them all."""
_TAKES = "fencewalk_takes"
_WAITING, _SCREENS, _COMPUTING = "waiting", "screens", "computing"
_WITH_SCREENS = ("tui", "identify", "probes", "tickets")
"""Folders of the second kind: the two that compute cost about the same."""


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    """Tell a worker which of the tests are for it."""
    number = int(node.gateway.id.removeprefix("gw"))
    count = node.workerinput["workercount"]
    if node.config.getvalue("dist") == "loadscope" and count >= _FEWEST and number < count:
        busy = _BUSY if count > 2 * _BUSY else _BUSY // 2
        node.workerinput[_TAKES] = (_COMPUTING, _SCREENS)[number % 2] if number < busy else _WAITING


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """In a worker: whether it is for the others to run."""
    takes = _takes(config)
    if takes is None or not collection_path.match("test_*.py") or collection_path.is_dir():
        return None
    return kind(collection_path) != takes or None


def pytest_collection_finish(session: pytest.Session) -> None:
    if _takes(session.config) in (_COMPUTING, _SCREENS):
        os.nice(10)


def _takes(config: pytest.Config) -> str | None:
    given: dict[str, str] = getattr(config, "workerinput", {})
    return given.get(_TAKES)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """None, for xdist's own, unless modules are to be dealt out."""
    if config.getvalue("dist") != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class LongestFirst(LoadScopeScheduling):  # type: ignore[misc]
        collection: list[str] | None
        registered_collections: dict[WorkerController, list[str]]

        def _split_scope(self, nodeid: str) -> str:
            return nodeid if _stem(nodeid) in APART else nodeid.partition("::")[0]

        def add_node_collection(self, node: WorkerController, collection: list[str]) -> None:
            self.registered_collections[node] = _Names(collection)

        def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
            super().mark_test_complete(node, item_index, duration)
            # It is asked after each test what a worker has in hand.
            unit = self._split_scope(self.registered_collections[node][item_index])
            if all(self.assigned_work[node][unit].values()):
                del self.assigned_work[node][unit]

        def schedule(self) -> None:
            if self.collection is None and self._check_nodes_have_same_collection():
                collected = dict.fromkeys(map(tuple, self.registered_collections.values()))
                self.collection = list(dict.fromkeys(name for names in collected for name in names))
                for name in self.collection:
                    self.workqueue.setdefault(self._split_scope(name), {})[name] = False
                # By it pytest tells how far it is, and whether there were any.
                self.config.pluginmanager.get_plugin("session").testscollected = len(self.collection)
            for _ in range(2):  # a worker begins a test when it knows the next
                for node in self.nodes:
                    self._reschedule(node)

        def _check_nodes_have_same_collection(self) -> bool:
            """Of those that collect the same kind."""
            whole = self.registered_collections
            same = True
            for takes in (_WAITING, _SCREENS, _COMPUTING, None):
                alike = {node: names for node, names in whole.items() if node.workerinput.get(_TAKES) == takes}
                self.registered_collections = alike
                same = (not alike or super()._check_nodes_have_same_collection()) and same
            self.registered_collections = whole
            return same

        def _reschedule(self, node: WorkerController) -> None:
            # What is dealt out cannot be taken back: one unit waits behind another, as a test begins when the next
            # is known, and no more.
            if node.shutting_down or not self.workqueue or self._pending_of(self.assigned_work[node]) < 2:
                super()._reschedule(node)

        def _assign_work_unit(self, node: WorkerController) -> None:
            takes = node.workerinput.get(_TAKES)
            fitting = [name for name in self.workqueue if takes in (None, self._kind(name))]
            if not fitting:
                node.shutdown()
                return
            # Behind what takes long, the shortest waits.
            turn = fitting[-1] if self._has_long(node) else fitting[0]
            self.workqueue.move_to_end(turn, last=False)
            super()._assign_work_unit(node)

        def _kind(self, name: str) -> str:
            return kind(self.config.rootpath / name.partition("::")[0])

        def _has_long(self, node: WorkerController) -> bool:
            return any(_stem(name) in LONGEST for name in self.assigned_work[node])

    config.option.loadscopereorder = False
    return LongestFirst(config, log)


class _Names(list[str]):
    """Of the tests that a worker collected. Each is looked up, of ten thousand."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(names)
        self._places = {name: place for place, name in enumerate(names)}

    def index(self, name: str, *_: object) -> int:
        return self._places[name]


def _stem(name: str) -> str:
    return PurePath(name.partition("::")[0]).stem


@functools.cache
def kind(module: Path) -> str:
    """Which workers take the tests of that file."""
    text = module.read_text(encoding="utf-8")
    if "mark.lab" in text or "IN_LAB" in text:
        return _WAITING
    return _SCREENS if module.parent.name in _WITH_SCREENS else _COMPUTING


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
