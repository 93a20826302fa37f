"""Whose a link-local address is: no site file can name one, so the MAC that it shares with another address does."""

from __future__ import annotations

from scanner.model.addresses import AddressSet, is_link_local
from scanner.model.observation import HostSeen
from scanner.net.rules import OUTSIDE, AddressRules, Members

_LINK_LOCAL = AddressSet.parse("fe80::/10")
_STRANGER = "a link-local address of a neighbour without any address that is known and in scope"
_SPARED = "a link-local address of a neighbour that is excluded, or fragile"


class Near:
    """`AddressRules`, and beyond them the link-local addresses of neighbours that may be asked all the same."""

    def __init__(self, rules: AddressRules) -> None:
        self._rules = rules
        self._near: dict[str, str] = {}
        self._owned: dict[str, set[str]] = {}
        """MAC -> the other addresses that answered with it."""

    def take(self, seen: HostSeen) -> None:
        """A neighbour answered."""
        if seen.mac is None:
            return
        if is_link_local(seen.address):
            self._near[seen.address] = seen.mac
        else:
            self._owned.setdefault(seen.mac, set()).add(seen.address)

    def sort(self, asked: AddressSet) -> tuple[AddressSet, dict[str, AddressSet]]:
        """The addresses that may be sent to, and the others by the reason why not."""
        allowed, refused = self._rules.sort(asked)
        outside = refused.get(OUTSIDE, AddressSet())
        near = outside & _LINK_LOCAL
        if not near:
            return allowed, refused
        if rest := outside - near:
            refused[OUTSIDE] = rest
        else:
            del refused[OUTSIDE]
        known = [each for each in self._near if each in near]
        lifted = AddressSet.of(each for each in known if self._belongs(each))
        spared = AddressSet.of(each for each in known if self._breaks(each))
        lifted -= spared
        for reason, some in ((_SPARED, spared), (_STRANGER, near - lifted - spared)):
            if some:
                refused[reason] = some
        return allowed | lifted, refused

    def fragile(self) -> AddressSet:
        """The IPv6 addresses of fragile neighbours that are known by another address, link-local ones apart."""
        if not self._rules.fragile:
            return AddressSet()
        broken = Members(self._rules.fragile).hold
        machines = (owned for owned in self._owned.values() if any(map(broken, owned)))
        return AddressSet.of(each for owned in machines for each in owned if ":" in each)

    def _belongs(self, address: str) -> bool:
        return any(self._rules.refusal(each) is None for each in self._owned.get(self._near[address], ()))

    def _breaks(self, address: str) -> bool:
        owned = self._owned.get(self._near[address], ())
        return any(each in self._rules.fragile or each in self._rules.excluded for each in owned)
