"""How urgent a finding is among others as severe: a sum of parts, each of which is said in words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from scanner.model.base import Frozen, Severity
from scanner.model.site import Trust

_SEVERITY: Mapping[Severity, int] = {"info": 0, "low": 6, "medium": 16, "high": 27, "critical": 35}
_EXPLOITED = 20
_LIKELY = 12
_REMOTE = 6
_ENDED = 4
_LATE = ((90, 5), (30, 4), (0, 3))
"""Days past the deadline, at least, and what they add."""
_FROM: Mapping[Trust, int] = {"untrusted": 12, "user": 9, "device": 9, "management": 5, "critical": 5}
_CRITICAL = 6
MOST = max(_SEVERITY.values()) + _EXPLOITED + _LIKELY + _REMOTE + _ENDED + _LATE[0][1] + max(_FROM.values()) + _CRITICAL
TRUSTS: tuple[Trust, ...] = ("untrusted", "user", "device", "management", "critical")
"""The least trusted first."""


class Parts(Frozen, frozen=True):
    """What counts. Every one of them raises the risk or leaves it."""

    severity: Severity
    exploited: str = ""
    """Words: `listed by CISA as exploited since 2024-03-25`; empty: it is not listed."""
    epss: float | None = None
    remote_code: bool = False
    ended: bool = False
    late: int | None = None
    """Days past the earliest deadline; zero or negative: days left."""
    reached: tuple[tuple[Trust, str], ...] = ()
    """From where it is reached: the zone's trust, and words: `guest (untrusted) on tcp/22`."""
    alone: str = ""
    """Where it is reached from nowhere else, words for that."""
    critical: str = ""
    """The critical system that it is, or leads to."""


def risk(parts: Parts) -> tuple[int, tuple[str, ...]]:
    """0 to 100, and a sentence for each part, the weightiest first."""
    found: list[tuple[int, str]] = [(_SEVERITY[parts.severity], f"severity {parts.severity}")]
    if parts.exploited:
        found.append((_EXPLOITED, parts.exploited))
    if parts.epss is not None:
        chance = min(max(parts.epss, 0.0), 1.0)
        found.append((round(_LIKELY * chance), f"EPSS {chance:.2f}: the chance to be exploited within thirty days"))
    if parts.remote_code:
        found.append((_REMOTE, "runs an attacker's code over the network without logging in"))
    if parts.ended:
        found.append((_ENDED, "gets no more fixes"))
    if parts.late is not None and parts.late > 0:
        added = next(points for least, points in _LATE if parts.late > least)
        found.append((added, f"{parts.late} day{'' if parts.late == 1 else 's'} past its deadline"))
    if parts.reached:
        trust, _ = min(parts.reached, key=lambda each: TRUSTS.index(each[0]))
        found.append((_FROM[trust], f"reached from {', '.join(words for _, words in parts.reached)}"))
    elif parts.alone:
        found.append((0, parts.alone))
    if parts.critical:
        found.append((_CRITICAL, f"critical system: {parts.critical}"))
    total = sum(points for points, _ in found)
    found.sort(key=lambda each: -each[0])
    return min(total, 100), _sentences(tuple(found))


@lru_cache(maxsize=4096)
def _sentences(parts: tuple[tuple[int, str], ...]) -> tuple[str, ...]:
    """The one tuple for all findings that are as urgent for the same reasons."""
    return tuple([f"{words} (+{points})" for points, words in parts])
