"""The shortest ways through the attack graph that break policy.

Each node exists twice, before and after the first step that taints a way, so that the shortest way to the second copy
of the goal is the shortest one with such a step. A way that comes back to a zone it has left gains nothing there: where
the shortest is one of these, a best-first search over the ways that enter each zone once looks for the shortest of
those. It uses the distances in the doubled graph as its bound, which is never too high, so that the first way to arrive
is the shortest; and when it runs dry there is none.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Collection, Iterable
from typing import Any

import networkx as nx

from scanner.assess.attack.graph import Node, Pair, Step, zone_of

_BUDGET = 20_000
"""Unfinished ways that one search may look at."""
_Copy = tuple[Node, bool]


class Routes:
    """Ways over `steps`, of which those that `taints` says break policy."""

    def __init__(self, steps: Iterable[Step], taints: Callable[[Step], bool]) -> None:
        self.sure = True
        """Whether every search ran to its end; one that did not took the shortest way of any kind."""
        self._graph: Any = nx.DiGraph()
        steps = tuple(steps)
        for tainted in (False, True):
            for step in steps:
                self._edge((step.source, tainted), (step.target, tainted or taints(step)), step)
            machines = {node for step in steps for node in (step.source, step.target) if node[0] == "machine"}
            for node in sorted(machines):
                # Whoever holds the machine stands in its zone; that is no step.
                self._edge((node, tainted), (("zone", zone_of(node)), tainted), None)

    def _edge(self, source: _Copy, target: _Copy, step: Step | None) -> None:
        if not self._graph.has_edge(source, target):
            self._graph.add_edge(source, target, steps=[])
        self._graph.edges[source, target]["steps"].append(step)

    def shortest(
        self, start: Node, goals: Iterable[Node], without: Collection[Pair] = ()
    ) -> dict[Node, tuple[Step, ...]]:
        """Of each goal that can be reached the shortest tainted way from `start`, once these denials stand."""
        found: dict[Node, tuple[Step, ...]] = {}
        if (start, False) not in self._graph:
            return found
        weight = _weight(without)
        ways: dict[_Copy, list[_Copy]] = nx.single_source_dijkstra_path(self._graph, (start, False), weight=weight)
        for goal in goals:
            way = ways.get((goal, True))
            if way is not None and not _enters_once(way):
                way = self._once(way, weight)
            if way is not None:
                told = (self._step(edge, without) for edge in itertools.pairwise(way))
                found[goal] = tuple(step for step in told if step is not None)
        return found

    def _step(self, edge: tuple[_Copy, _Copy], without: Collection[Pair]) -> Step | None:
        steps: list[Step | None] = self._graph.edges[edge]["steps"]
        return next(each for each in steps if each is None or each.denial not in without)

    def _once(self, shortest: list[_Copy], weight: Any) -> list[_Copy] | None:
        """The shortest way with the same ends that enters each zone once; None if there is none."""
        start, goal = shortest[0], shortest[-1]
        back = self._graph.reverse(copy=False)
        left: dict[_Copy, int] = nx.single_source_dijkstra_path_length(
            back, goal, weight=lambda target, source, data: weight(source, target, data)
        )
        numbers = itertools.count()
        heap: list[tuple[int, int, int, list[_Copy]]] = [(left[start], next(numbers), 0, [start])]
        for _ in range(_BUDGET):
            if not heap:
                return None
            _, _, cost, way = heapq.heappop(heap)
            if way[-1] == goal:
                return way
            for after, data in self._graph[way[-1]].items():
                price = weight(way[-1], after, data)
                if price is not None and after in left and _enters_once([*way, after]):
                    spent = cost + price
                    heapq.heappush(heap, (spent + left[after], next(numbers), spent, [*way, after]))
        self.sure = False
        return shortest


def _weight(without: Collection[Pair]) -> Callable[[_Copy, _Copy, dict[str, list[Step | None]]], int | None]:
    """Of an edge: 1 for a step, 0 for none, None where denials leave no step of it."""

    def weight(source: _Copy, target: _Copy, data: dict[str, list[Step | None]]) -> int | None:
        for step in data["steps"]:
            if step is None:
                return 0
            if step.denial is None or step.denial not in without:
                return 1
        return None

    return weight


def _enters_once(way: list[_Copy]) -> bool:
    """Whether no node is there twice, and no zone that was left is entered again."""
    nodes = [node for node, _ in way]
    zones = [zone_of(node) for node in nodes if node[0] != "critical"]
    entered = [zone for zone, _ in itertools.groupby(zones)]
    return len(set(nodes)) == len(nodes) and len(set(entered)) == len(entered)
