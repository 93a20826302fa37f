"""How long properties of hostile input are looked for: quickly in the tests, for long under `make soak`."""

from __future__ import annotations

import os

from hypothesis import settings

TIMES = int(os.environ.get("FENCEWALK_FUZZ", "1"))


def fuzz(examples: int) -> settings:
    """So many examples, or FENCEWALK_FUZZ times as many."""
    return settings(max_examples=examples * TIMES, deadline=None)
