"""Which probes of a volley one pass asks, and in which order."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

CONTROL_SHARE = 10
"""Of so many probes of a later pass one repeats what was answered before, to see what is lost now."""


def stride(count: int) -> int:
    """A step that visits every one of `count` positions once, neighbours far apart."""
    step = max(1, round(count * 0.6180339887))
    while math.gcd(step, count) != 1:
        step += 1
    return step


def scattered(count: int) -> Iterator[int]:
    """0 to count - 1, each once, neighbours far apart: no host gets its ports in a burst."""
    step = stride(count)
    return ((position * step) % count for position in range(count))


class Choice(msgspec.Struct, frozen=True):
    """Which probes of a tally a pass may ask, answered ones apart."""

    hosts: bytes | None = None
    """A byte for each host, 1: asked. None: every host."""
    questions: bytes | None = None
    """The same for each host's questions."""
    controls: bytes | None = None
    """Hosts whose answered probes may be repeated, to see what the network takes: a byte for each. None: every one."""

    def __call__(self, index: int, width: int) -> bool:
        host, asked = divmod(index, width)
        return (self.hosts is None or bool(self.hosts[host])) and (
            self.questions is None or bool(self.questions[asked])
        )


EVERYTHING = Choice()
