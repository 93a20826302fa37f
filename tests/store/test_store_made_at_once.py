"""Scans and canaries that begin at the same moment on a store that is not there yet: one of them makes it."""

from __future__ import annotations

import multiprocessing
from multiprocessing.synchronize import Barrier
from pathlib import Path

from scanner.store import Store

TOGETHER, ROUNDS = 6, 120


def make(folder: Path, together: Barrier) -> None:
    for number in range(ROUNDS):
        together.wait(60)
        with Store(folder / f"{number}.sqlite") as store:
            assert store.sites() == []


def test_a_store_is_made_once_and_by_nobody_in_vain(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    together = context.Barrier(TOGETHER)
    running = [context.Process(target=make, args=(tmp_path, together)) for _ in range(TOGETHER)]
    for each in running:
        each.start()
    for each in running:
        each.join(120)
    assert [each.exitcode for each in running] == [0] * TOGETHER
