"""The collector of cycles, kept from looking through the facts of a large site again and again."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Without the collector: a large site is millions of objects, all of them in use until the end."""
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            # All of them go to the oldest generation unseen: to look through them once takes seconds, too.
            gc.freeze()
            gc.enable()
            gc.unfreeze()
