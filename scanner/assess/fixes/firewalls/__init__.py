"""The rules that close a fence between two zones, as the common firewalls write them: one firewall a file.

Every form says the same, in the order in which it counts: replies pass, what policy denies is dropped, what it allows
passes, and everything else from the one zone to the other is dropped. So no allowed flow breaks, and what nobody found
yet is closed as well. Text, never run: names of interfaces and chains are the reader's to fit in.
"""

from __future__ import annotations

from functools import cache

from scanner.assess.fixes.firewalls.fence import Fence, Firewall, fence
from scanner.collect import collect

__all__ = ["Fence", "fence", "firewalls", "rules"]


@cache
def firewalls() -> dict[str, Firewall]:
    """Every firewall, by the name of its file."""
    import scanner.assess.fixes.firewalls as package

    return collect(package, "FIREWALL", Firewall)


def rules(between: Fence) -> dict[str, str]:
    """The fence in every firewall's form; nothing where a zone has no subnet of a family that the other has."""
    if not between.families:
        return {}
    return {name: each.write(between) for name, each in firewalls().items()}
