"""How our lists are written: groups with their reason, ports with their name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scanner.model.base import Frozen


class Group(Frozen, frozen=True):
    """Ports of one kind, in their order. `ports`: `22 ssh, 5900-5902 vnc`, over as many lines as it takes."""

    heading: str
    reason: str
    """Why it stands where it stands."""
    ports: str

    def named(self) -> Iterable[tuple[int, str]]:
        for entry in self.ports.split(","):
            span, name = entry.split()
            low, _, high = span.partition("-")
            for port in range(int(low), int(high or low) + 1):
                yield port, name


def ranked(groups: Iterable[Group]) -> Mapping[int, str]:
    """Port to name, most worth asking first. A port stands once; twice is a ValueError."""
    found: dict[int, str] = {}
    for group in groups:
        for port, name in group.named():
            if port in found:
                raise ValueError(f"{port} stands in {group.heading!r} as {name} and before that as {found[port]}")
            found[port] = name
    return found
