"""Which zone an address belongs to: asked of each address again and again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from scanner.model.addresses import AddressSet, address_key
from scanner.model.site import Zone


class Zones:
    """The zones' subnets, by address."""

    def __init__(self, zones: Iterable[Zone]) -> None:
        self._spans = sorted(
            (v, low, high, zone.name)
            for zone in zones
            for v, low, high in AddressSet.parse(",".join(zone.subnets)).spans
        )
        self._known: dict[str, str | None] = {}

    def of(self, address: str) -> str | None:
        """The name of the zone that an address belongs to; a link-local one says so itself."""
        found = self._known.get(address, "")
        if found == "" and "%" in address:
            found = self._known[address] = address.partition("%")[2]
        elif found == "":
            version, value = address_key(address)
            at = bisect_right(self._spans, (version, value, 1 << 128, "")) - 1
            family, _, last, name = self._spans[at] if at >= 0 else (0, 0, 0, "")
            found = self._known[address] = name if family == version and value <= last else None
        return found
