"""Facts to findings: pure, so the same observations can be judged again tomorrow, or by newer baselines.

`assess` is loaded when it is asked for: a scan needs the rooms of policies here, and none of the graphs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scanner.assess.whole import assess as assess


def __getattr__(name: str) -> Any:
    if name == "assess":
        from scanner.assess.whole import assess as found

        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
