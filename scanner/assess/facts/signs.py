"""Who gave a sign of life to a vantage, and which next hops did."""

from __future__ import annotations

from scanner.assess.facts.seen import Host
from scanner.model.addresses import address_key
from scanner.model.observation import HostSeen

NO_SIGN = frozenset({"self", "named"})
"""Ways in which an address comes up without a host of the client's having answered."""


class Signs:
    """The hosts that one vantage saw."""

    def __init__(self) -> None:
        self.hosts: dict[str, Host] = {}
        self.gateways: dict[str, str | None] = {}
        """Next hops out of the zone -> MAC."""
        self.alive: dict[str, int] = {}
        """Address -> the order of its newest sign of life."""
        self._called: dict[str, list[str]] = {}
        """What others call an address, whether it is in use or not."""
        self._resolved: dict[str, dict[str, float]] = {}
        """Scan -> next hops that answered it, and when they last did."""

    def see(self, scan: str, order: int, seen: HostSeen) -> None:
        """Take what a scan saw of a host; `order`: its place among all rows."""
        if seen.how == "gateway":
            self.gateways[seen.address] = seen.mac or self.gateways.get(seen.address)
            if seen.mac:
                resolved = self._resolved.setdefault(scan, {})
                resolved[seen.address] = max(seen.at, resolved.get(seen.address, seen.at))
        if seen.how == "named":
            called = self._called.setdefault(seen.address, [])
            called.extend(name for name in seen.names if name not in called)
            if seen.address in self.hosts:
                self.hosts[seen.address].call(called)
        if seen.how in NO_SIGN:
            return
        self.alive[seen.address] = order
        host = self.hosts.get(seen.address)
        if host is None:
            host = self.hosts[seen.address] = Host(seen.address)
            host.call(self._called.get(seen.address, ()))
        host.see(seen)

    def resolved_since(self, scan: str, at: float) -> list[str]:
        """The next hops that answered that very scan at that time or later, in the order of their addresses."""
        return sorted((a for a, when in self._resolved.get(scan, {}).items() if when >= at), key=address_key)
