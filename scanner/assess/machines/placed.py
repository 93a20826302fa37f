"""Software inventories joined to hosts: by MAC address, then by address, then by name; never by a guess.

Of several inventories of a machine the newest of each format counts, and of what two formats say of one product the
newer one. An inventory that fits no host, or several, is named with the reason: nothing of it is dropped in silence.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from scanner.assess.machines.identity import Mark, worth
from scanner.assess.machines.installed import InstalledProduct, Recognising
from scanner.assess.machines.inventory import Identified, Inventory, Machine
from scanner.identify.second import nmap_products
from scanner.model.addresses import address_key
from scanner.model.baseline import Knowledge
from scanner.model.observation import Installed
from scanner.model.report import InventoryRow, SoftwareRow
from scanner.model.text import visible

_NAMED = 4


class _Found(msgspec.Struct):
    """What an inventory is of."""

    machines: list[Machine]
    by: str = ""
    why: str = ""
    """Why it is of none."""


def join(inventory: Inventory, inventories: Sequence[Installed], knowledge: Knowledge) -> tuple[InventoryRow, ...]:
    """Add what the inventories say to the machines, and machines that only they know; what became of each of them."""
    if not inventories:
        return ()
    # The newest first: a host that no scan saw stands where the newest inventory says.
    ordered = sorted(inventories, key=lambda each: (-each.taken, each.format, each.source, each.names, each.addresses))
    finder = _Finder(inventory, ordered)
    recognising = Recognising(knowledge)
    placed: defaultdict[str, list[tuple[Machine, Installed]]] = defaultdict(list)
    found: list[tuple[Installed, _Found]] = []
    for each in ordered:
        of = finder.find(each)
        found.append((each, of))
        for machine in of.machines:
            placed[machine.id].append((machine, each))
    used: set[int] = set()
    for having in placed.values():
        machine = having[0][0]
        counting = _newest([each for _, each in having])
        used.update(map(id, counting))
        _fill(machine, counting, recognising)
    inventory.machines.sort(key=lambda each: (each.zone, address_key(each.addresses[0])))
    return tuple(_row(each, of, id(each) in used) for each, of in found)


def _newest(inventories: Sequence[Installed]) -> list[Installed]:
    """The newest of each format, the newest first. Those of one file and one day count together: the file lists the
    machine twice."""
    last: dict[str, Installed] = {}
    for each in inventories:
        if each.format not in last or each.taken >= last[each.format].taken:
            last[each.format] = each
    chosen = [
        each for each in inventories if (each.taken, each.source) == (last[each.format].taken, last[each.format].source)
    ]
    return sorted(chosen, key=lambda each: (-each.taken, each.format, each.source))


def _fill(machine: Machine, inventories: Sequence[Installed], recognising: Recognising) -> None:
    """`inventories`: the newest first."""
    rows: dict[SoftwareRow, None] = {}
    decided: set[str] = set()
    products: list[InstalledProduct] = []
    for each in inventories:
        where, taken = each.source, day(each)
        rows.update(dict.fromkeys(recognising.software(each, f"{where}, {taken}")))
        mine = recognising.products(each, where, taken)
        products.extend(one for one in mine if one.product.name not in decided)
        decided.update(one.product.name for one in mine)
        machine.os = machine.os or each.os
        _show(machine, each)
    machine.software = tuple(rows)
    machine.installed = products


def _show(machine: Machine, inventory: Installed) -> None:
    """What another scanner read of services, where no scan of ours could name the product of that port."""
    known = {each.key[1:] for each in machine.products}
    for each in inventory.shown:
        key = machine.addresses[0], each.transport, each.port
        if key[1:] in known:
            continue
        kind = f"{inventory.source} of {day(inventory)}"
        machine.products.extend(Identified(product, kind, each.raw, key) for product in nmap_products(each.raw))


def day(inventory: Installed) -> datetime.date:
    return datetime.datetime.fromtimestamp(inventory.taken, datetime.UTC).date()


class _Finder:
    """The machines by what inventories know them by."""

    def __init__(self, inventory: Inventory, inventories: Iterable[Installed]) -> None:
        self._inventory = inventory
        self._called = Counter((each.source, each.taken, _short(name)) for each in inventories for name in each.names)
        """How many machines of one file have a name."""
        self._by_mac: defaultdict[str, list[Machine]] = defaultdict(list)
        self._by_name: defaultdict[str, list[tuple[str, Machine]]] = defaultdict(list)
        self._unseen: dict[int, Machine] = {}
        """Machines that only inventories know."""
        for machine in inventory.machines:
            self._know(machine)

    def _know(self, machine: Machine) -> None:
        if machine.mac and worth(Mark("mac", machine.mac.encode())):
            self._by_mac[machine.mac].append(machine)
        for name in _names(machine):
            self._by_name[_short(name)].append((name, machine))

    def find(self, each: Installed) -> _Found:
        by_mac = _once(machine for mac in each.macs for machine in self._by_mac.get(mac, ()))
        if by_mac:
            return self._chosen(by_mac, "MAC address")
        found, doubts = self._by_address(each)
        if found:
            return self._chosen(found, "address")
        by_name = _once(
            machine
            for name in each.names
            for known, machine in self._by_name.get(_short(name), ())
            if _fits(name, known)
        )
        if by_name and any(self._called[each.source, each.taken, _short(name)] > 1 for name in each.names):
            return _Found([], why=f"several machines of the file are called {each.names[0]}")
        if by_name:
            return self._chosen(by_name, "name")
        if doubts:
            return _Found([], why="; ".join(doubts[:_NAMED]))
        return self._new(each)

    def _by_address(self, each: Installed) -> tuple[list[Machine], list[str]]:
        """The machines at its addresses, without those that something shows to be others, and what that was."""
        found: list[Machine] = []
        doubts: list[str] = []
        for address in each.addresses:
            machine = self._inventory.by_address.get(address)
            if machine is None:
                continue
            against = self._against(each, machine)
            if not against:
                found.append(machine)
                continue
            doubts.append(f"{address} {against}")
        return _once(found), doubts

    def _against(self, each: Installed, machine: Machine) -> str:
        """Why a machine at the address of an inventory is another one: addresses are handed out anew."""
        own = _own_names(machine)
        if any(_fits(name, known) for name in each.names for known in own):
            return ""
        if each.names and own:
            return f"calls itself {sorted(own)[0]}"
        known = machine.mac and worth(Mark("mac", machine.mac.encode())) and id(machine) not in self._unseen
        if each.macs and known:
            return f"has the MAC address {machine.mac}"
        if id(machine) in self._unseen and each.names and machine.names:
            return f"is {machine.names[0]}'s by another inventory"
        return ""

    def _chosen(self, machines: list[Machine], by: str) -> _Found:
        first = machines[0]
        if all(each is first or each.id in first.twins for each in machines[1:]):
            return _Found(machines, by)
        several = ", ".join(each.id for each in machines[:_NAMED])
        return _Found([], why=f"its {by} fits several hosts: {several}")

    def _new(self, each: Installed) -> _Found:
        """A host that no scan saw, where its address says in which zone it is."""
        evidence = self._inventory.evidence
        zones: dict[str, list[str]] = {}
        for address in each.addresses:
            zone = evidence.site.zone_of(address)
            if address in evidence.laptops:
                return _Found([], why=f"{address} is the scanning laptop's")
            if zone is not None and evidence.site.in_scope(address):
                zones.setdefault(zone.name, []).append(address)
        if not zones:
            who = "its addresses are in no zone" if each.addresses else "it has no address, and no scan saw its name"
            return _Found([], why=f"{who}: {', '.join((*each.addresses, *each.names)[:_NAMED])}")
        made: list[Machine] = []
        for name, addresses in zones.items():
            machine = self._inventory.unseen(name, addresses)
            machine.names = list(map(visible, each.names))
            machine.os = each.os
            if len(each.macs) == 1 and (each.names or each.os):
                machine.mac = each.macs[0]
            machine.own_marks = tuple([Mark("name", one.lower().encode()) for one in each.names])
            self._unseen[id(machine)] = machine
            self._know(machine)
            made.append(machine)
        return _Found(made, "address, which no scan saw")


def _names(machine: Machine) -> set[str]:
    """What it is called, by itself or by those who know it; not what a certificate of it says."""
    return {_text(mark.value) for mark in machine.marks if mark.kind in ("name", "computer")}


def _own_names(machine: Machine) -> set[str]:
    """What it calls itself when somebody logs in."""
    return {_text(mark.value) for mark in machine.marks if mark.kind == "computer"}


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace").rpartition("\\")[2]


def _short(name: str) -> str:
    return name.casefold().partition(".")[0]


def _fits(one: str, other: str) -> bool:
    """Whether two names may be one machine's: equal, or the first part of each other where one has no domain."""
    left, right = one.casefold().rstrip("."), other.casefold().rstrip(".")
    return left == right or (_short(left) == _short(right) and ("." not in left or "." not in right))


def _once(machines: Iterable[Machine]) -> list[Machine]:
    return sorted({id(each): each for each in machines}.values(), key=lambda each: each.id)


def _row(each: Installed, of: _Found, used: bool) -> InventoryRow:
    return InventoryRow(
        source=visible(each.source),
        format=each.format,
        taken=day(each).isoformat(),
        names=tuple(map(visible, each.names)),
        addresses=each.addresses,
        items=len(each.items) + len(each.shown),
        hosts=tuple(machine.id for machine in of.machines),
        state="unplaced" if not of.machines else "joined" if used else "superseded",
        reason=visible(of.why) if of.why else f"by its {of.by}",
    )


def unplaced(rows: Sequence[InventoryRow]) -> Iterator[str]:
    """What whoever reads a report should know of inventories that fit no host, as sentences."""
    left = [each for each in rows if each.state == "unplaced"]
    for each in left[:_NAMED]:
        who = next(iter((*each.names, *each.addresses)), "a machine")
        yield f"{each.source}: the inventory of {who} is of no host: {each.reason}; its software is not in the report"
    if len(left) > _NAMED:
        yield f"and {len(left) - _NAMED} more inventories are of no host"
