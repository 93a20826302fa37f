"""From which other zones a service is reached: what makes the same flaw more urgent here than there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scanner.assess.facts.evidence import FlowKey
from scanner.assess.machines.risk import TRUSTS
from scanner.model.report import FlowRow
from scanner.model.site import Site, Trust


class Reach:
    """The services that provably answer to other zones."""

    def __init__(self, site: Site, reached: Iterable[FlowRow]) -> None:
        """`reached`: flows of which a packet came back from an open port."""
        self._trust: Mapping[str, Trust] = {zone.name: zone.trust for zone in site.zones}
        self._from: dict[FlowKey, set[str]] = {}
        for each in reached:
            if each.from_ != each.to:
                self._from.setdefault((each.address, each.transport, each.port), set()).add(each.from_)

    def zones(self, keys: Iterable[FlowKey]) -> tuple[str, ...]:
        """The zones that reach any of these, the least trusted first."""
        found = {zone for key in keys if key in self._from for zone in self._from[key]}
        if not found:
            return ()
        return tuple(sorted(found, key=self._order))

    def words(self, keys: Iterable[FlowKey]) -> tuple[tuple[Trust, str], ...]:
        """Each of them with its trust: `guest (untrusted) on tcp/22`."""
        keys = sorted({key for key in keys if key in self._from})
        found: list[tuple[Trust, str]] = []
        for zone in self.zones(keys):
            ports = dict.fromkeys(f"{key[1]}/{key[2]}" for key in keys if zone in self._from.get(key, ()))
            found.append((self.trust(zone), f"{zone} ({self.trust(zone)}) on {', '.join(ports)}"))
        return tuple(found)

    def trust(self, zone: str) -> Trust:
        return self._trust.get(zone, "user")

    def known(self, zone: str) -> bool:
        return zone in self._trust

    def _order(self, zone: str) -> tuple[int, str]:
        return TRUSTS.index(self.trust(zone)), zone
