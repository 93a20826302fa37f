"""Another tool's session put into a site: what of it lies in the site's zones, and whether it can be from the zone that
it is said to be from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from scanner.errors import BadInput
from scanner.importers import Run
from scanner.model.addresses import AddressSet, is_link_local, on_link_of
from scanner.model.observation import Conversation, HostSeen, Observation, PortState, Purpose, Silence, Vantage
from scanner.model.site import Site, Zone
from scanner.model.text import plural

LATEST = 4_102_444_800.0
"""The year 2100."""
NO_TIME = "names a time that no scan can have run at"
TO_COME = "is of a time to come, by its own clock; --taken DAY says when it was made"
_PLACED = (PortState, Conversation, HostSeen)
_NEAR = frozenset({"arp", "ndp"})
_FEW = 3


class Kept(msgspec.Struct, frozen=True):
    """As what a session may be kept, and what has to be said of it."""

    vantage: Vantage
    purpose: Purpose
    complete: bool
    notes: tuple[str, ...]


class Placing:
    """One file's way into a site. `rows` first, then `kept`."""

    def __init__(self, site: Site, zone: Zone, name: str) -> None:
        self._site = site
        self._zone = zone
        self._name = name
        self._all = AddressSet.parse(",".join(subnet for each in site.zones for subnet in each.subnets))
        self._own = AddressSet.parse(",".join(zone.subnets))
        self._where: dict[str, str | None] = {}
        """Address -> as the site knows it; None: in none of its zones."""
        self._strange: dict[str, None] = {}
        self._near: list[str] = []
        self._far: list[str] = []
        self.count = 0

    def rows(self, observations: Iterable[Observation], latest: float = LATEST) -> Iterator[Observation]:
        """Those of the site's own addresses. BadInput for times that are none, or after `latest`."""
        places, count = self._where, 0
        for each in observations:
            if not 0 <= each.at <= latest:
                raise BadInput(f"{self._name}: {NO_TIME if not 0 <= each.at < LATEST else TO_COME}")
            if isinstance(each, _PLACED):
                address = each.address
                where = places.get(address, "")
                if where == "":
                    where = places[address] = self._place(address)
                if where is None:
                    continue
                if isinstance(each, HostSeen) and each.how in _NEAR and not is_link_local(address):
                    (self._near if address in self._own else self._far).append(address)
                count += 1
                yield each if where == address else msgspec.structs.replace(each, address=where)
            elif isinstance(each, Silence):
                inside = AddressSet.parse(each.addresses) & self._all
                if inside:
                    count += 1
                    yield msgspec.structs.replace(each, addresses=str(inside))
        self.count += count

    @property
    def hosts(self) -> int:
        """How many addresses of the site it speaks of."""
        return sum(each is not None for each in self._where.values())

    def _place(self, address: str) -> str | None:
        if is_link_local(address):
            return on_link_of(address, self._zone.name)
        if address in self._all:
            return address
        self._strange[address] = None
        return None

    def kept(self, run: Run, address: str | None) -> Kept:
        """BadInput where the file shows that it was seen from elsewhere. `address`: the laptop's own, where whoever
        imports the file knows it."""
        zone = self._zone
        if not self.count:
            some = ", ".join(list(self._strange)[:_FEW])
            what = f"it has {some}, which are in none of them" if some else "it names no host that answered"
            raise BadInput(f"{self._name}: holds nothing about the site's zones: {what}")
        own = [address] if address else [each for each in run.own if not is_link_local(each) and ":" not in each]
        own6 = None if address else next((each for each in run.own if ":" in each and zone.holds(each)), None)
        inside = next((each for each in own if zone.holds(each)), None) or own6
        elsewhere = next(((each, other) for each in own if (other := self._site.zone_of(each)) is not None), None)
        if not inside and elsewhere is not None:
            astray, there = elsewhere[0], elsewhere[1].name
            raise BadInput(
                f"{self._name}: was seen from {astray}, which is in {there} and not in {zone.name}; import it with "
                f"--from {there}"
            )
        if not inside and self._far and not self._near:
            home = self._site.zone_of(self._far[0])
            raise BadInput(
                f"{self._name}: {self._far[0]} answered ARP or NDP, which only neighbours do, and nobody of "
                f"{zone.name} did: it was seen from {home.name if home else 'elsewhere'}, not from {zone.name}"
            )
        notes = [*run.notes]
        if self._strange:
            some = ", ".join(list(self._strange)[:_FEW])
            more = "" if len(self._strange) <= _FEW else ", ..."
            which = plural(len(self._strange), "address", "addresses")
            notes.append(f"left out: {which} in no zone of the site file ({some}{more})")
        lack = self._lack(run)
        part = run.engine == "masscan" or (bool(lack) and run.complete)
        if not run.complete:
            as_what = "" if part else ", as an unfinished scan"
            notes.append(f"the file breaks off, or the tool did: what stood before is kept{as_what}")
        elif lack and run.engine != "masscan":
            notes.append(f"kept as additions to what scans from {zone.name} saw, not as a scan: {lack}")
        if not inside:
            notes.append(f"where in {zone.name} it stood the file does not say; --address says so, and rules about "
                         "single addresses count for it then")  # fmt: skip
        return Kept(
            Vantage(zone.name, "", inside or "", own6 if inside != own6 else None),
            "import" if part else "scan",
            run.complete and not part,
            tuple(notes),
        )

    def _lack(self, run: Run) -> str:
        """Why it does not show who is in the zone itself, which a scan of ours does; empty where it does."""
        if run.targets is None:
            return "whom it was told to ask is not known"
        wanted = AddressSet(_inner(span) for span in self._own.spans)
        missing = wanted - run.targets
        if missing:
            text = str(missing)
            return f"it did not ask all of {self._zone.name} ({text if len(text) < 60 else f'{text[:59]}…'})"
        if not run.finds_all:
            return "it may have missed hosts that answer no ping: by ARP (as root), or with -Pn, it would not have"
        return ""


def _inner(span: tuple[int, int, int]) -> tuple[int, int, int]:
    """Without an IPv4 subnet's own and its broadcast address."""
    version, low, high = span
    return (version, low + 1, high - 1) if version == 4 and high - low > 1 else span
