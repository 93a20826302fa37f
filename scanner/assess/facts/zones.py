"""Which zone an address belongs to: asked of each address again and again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from scanner.model.addresses import AddressSet, address_key
from scanner.model.site import Zone


class Zones(dict[str, str | None]):
    """Address -> the name of the zone that it belongs to, by the zones' subnets; a link-local one says so itself. What
    is asked once is known."""

    def __init__(self, zones: Iterable[Zone]) -> None:
        self._spans = sorted(
            (v, low, high, zone.name)
            for zone in zones
            for v, low, high in AddressSet.parse(",".join(zone.subnets)).spans
        )

    def __missing__(self, address: str) -> str | None:
        found = self[address] = address.partition("%")[2] if "%" in address else self._within(address)
        return found

    def _within(self, address: str) -> str | None:
        version, value = address_key(address)
        at = bisect_right(self._spans, (version, value, 1 << 128, "")) - 1
        family, _, last, name = self._spans[at] if at >= 0 else (0, 0, 0, "")
        return name if family == version and value <= last else None
