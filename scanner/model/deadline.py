"""By when fixes have to be in, as a site file says it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import msgspec

from scanner.model.base import Frozen, Severity
from scanner.model.groups import did_you_mean

Name = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
        description="a name of letters, digits, '.', '_' and '-'",
        examples=["front-desk"],
    ),
]
DEADLINES = ("cyber-essentials", "pci-dss", "cisa-kev")
"""The deadlines that are known by name; `scanner/controls/deadlines.yaml` says what they ask for."""


class OwnDeadline(Frozen, frozen=True, rename={"from_": "from"}):
    """How soon the client wants fixes in."""

    name: Name
    days: Annotated[
        dict[Severity, Annotated[int, msgspec.Meta(ge=0, le=3650)]],
        msgspec.Meta(
            min_length=1,
            description="days by severity; one that is not named has no deadline",
            examples=[{"critical": 7, "high": 14, "medium": 30}],
        ),
    ]
    from_: Literal["fix", "kev"] = "fix"
    """What the days are counted from: the day on which the fix was released, or the one on which CISA listed the flaw
    as exploited (then nothing else has a deadline)."""


def deadline_troubles(named: Sequence[str | OwnDeadline]) -> Iterator[tuple[str, str]]:
    """The key's path and what is wrong with it."""
    seen: set[str] = set()
    for index, each in enumerate(named):
        name = each if isinstance(each, str) else each.name
        if isinstance(each, str) and each not in DEADLINES:
            mend = did_you_mean(each, DEADLINES) or f"there are {', '.join(DEADLINES)}, or write your own days"
            yield f".deadlines[{index}]", f"{each!r} is no known deadline; {mend}"
        if name in seen or (not isinstance(each, str) and name in DEADLINES):
            yield f".deadlines[{index}]", f"{name!r} names two deadlines; rename one"
        seen.add(name)
