"""Software inventories joined to hosts: by MAC address, then by address, then by name; never by a guess.

Docks take their MAC address from laptop to laptop, and addresses are handed out anew: where the name says another
machine, neither joins.
Of several inventories of a machine the newest of each format counts, and of what two formats say of one product the
newer one. An inventory that fits no host, or several, is named with the reason: nothing of it is dropped in silence.
"""

from __future__ import annotations

import datetime
import re
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
        self._claimed: dict[int, Installed] = {}
        """The newest inventory with a name that was joined to a machine."""
        callers: dict[tuple[str, float, str], frozenset[str]] = {}
        for each in inventories:
            called = frozenset(map(_short, each.names))
            for mark in (*each.macs, *each.addresses) if called else ():
                key = each.source, each.taken, mark
                callers[key] = callers.get(key, called) & called
        self._shared = {key for key, called in callers.items() if not called}
        """MAC addresses and addresses that one file has of machines with different names."""
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
        found = self._found(each)
        if each.names:
            for machine in found.machines:
                self._claimed.setdefault(id(machine), each)
        return found

    def _found(self, each: Installed) -> _Found:
        by_name = _once(
            machine
            for name in each.names
            for known, machine in self._by_name.get(_short(name), ())
            if _fits(name, known)
        )
        by_mac, mac_doubts = self._of_macs(each, by_name)
        if by_mac:
            return self._chosen(by_mac, "MAC address")
        found, doubts = self._of_addresses(each, by_name)
        if found:
            return self._chosen(found, "address")
        doubts = mac_doubts + doubts
        if mac_doubts:
            # Only one more thing that says the same outweighs a MAC address.
            by_name = [one for one in by_name if set(one.addresses) & set(each.addresses)]
        doubts += [f"{one.id} {otherwise}" for one in by_name if (otherwise := self._calls_itself_otherwise(each, one))]
        by_name = [one for one in by_name if not self._calls_itself_otherwise(each, one)]
        if by_name and any(self._called[each.source, each.taken, _short(name)] > 1 for name in each.names):
            return _Found([], why=f"several machines of the file are called {each.names[0]}")
        if by_name:
            return self._chosen(by_name, "name")
        if doubts:
            return _Found([], why="; ".join(doubts[:_NAMED]))
        return self._new(each)

    def _of_macs(self, each: Installed, by_name: list[Machine]) -> tuple[list[Machine], list[str]]:
        """The machines with its MAC addresses, without those that something shows to be others, and what that was."""
        found: list[Machine] = []
        doubts: list[str] = []
        for mac in each.macs:
            machines = self._by_mac.get(mac, [])
            if machines and (each.source, each.taken, mac) in self._shared:
                doubts.append(f"the file has {mac} of several machines")
                continue
            for machine in machines:
                against = self._otherwise_named(each, machine, by_name) or self._elsewhere(each, machine, by_name)
                if against:
                    doubts.append(f"{machine.id} has {mac}, and {against}")
                else:
                    found.append(machine)
        return _once(found), doubts

    def _elsewhere(self, each: Installed, machine: Machine, by_name: list[Machine]) -> str:
        """Whether another machine is at the inventory's address, unless the name says that it is this one."""
        if any(one is machine for one in by_name):
            return ""
        at = [one for one in map(self._inventory.by_address.get, each.addresses) if one is not None]
        if not at or any(one is machine or one.id in machine.twins for one in at):
            return ""
        return f"its address is that of {at[0].id}"

    def _otherwise_named(self, each: Installed, machine: Machine, by_name: list[Machine]) -> str:
        """What speaks against a machine by its names: what it calls itself, what others call it."""
        if not each.names:
            return ""
        if otherwise := self._calls_itself_otherwise(each, machine):
            return otherwise
        claimed = self._claimed.get(id(machine))
        if claimed is not None and not any(_fits(one, other) for one in each.names for other in claimed.names):
            return f"is {claimed.names[0]}'s by another inventory"
        if any(one is machine or one.id in machine.twins for one in by_name):
            return ""
        if by_name:
            return f"{by_name[0].id} has its name"
        known = sorted(name for name in _names(machine) if not _made_of_address(name, machine.addresses))
        return f"is called {known[0]}" if known else ""

    def _calls_itself_otherwise(self, each: Installed, machine: Machine) -> str:
        own = _own_names(machine)
        if not each.names or not own or any(_fits(name, known) for name in each.names for known in own):
            return ""
        return f"calls itself {sorted(own)[0]}"

    def _of_addresses(self, each: Installed, by_name: list[Machine]) -> tuple[list[Machine], list[str]]:
        """The machines at its addresses, without those that something shows to be others, and what that was."""
        found: list[Machine] = []
        doubts: list[str] = []
        for address in each.addresses:
            machine = self._inventory.by_address.get(address)
            if machine is None:
                continue
            if (each.source, each.taken, address) in self._shared:
                doubts.append(f"the file has {address} of several machines")
                continue
            against = self._against(each, machine, by_name)
            if not against:
                found.append(machine)
                continue
            doubts.append(f"{address} {against}")
        return _once(found), doubts

    def _against(self, each: Installed, machine: Machine, by_name: list[Machine]) -> str:
        """Why a machine at the address of an inventory is another one: addresses are handed out anew."""
        if any(_fits(name, known) for name in each.names for known in _own_names(machine)):
            return ""
        if otherwise := self._calls_itself_otherwise(each, machine):
            return otherwise
        known = machine.mac and worth(Mark("mac", machine.mac.encode())) and id(machine) not in self._unseen
        if each.macs and known and machine.mac not in each.macs:
            return f"has the MAC address {machine.mac}"
        return self._otherwise_named(each, machine, by_name)

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
            machine.called = each.names
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


def _made_of_address(name: str, addresses: Iterable[str]) -> bool:
    """Whether a name says no more than an address (`dhcp-10-0-3-21.example`)."""
    numbers = {each.lstrip("0") or "0" for each in re.findall(r"\d{1,3}", name)}
    return any(numbers.issuperset(each.split(".")) for each in addresses if "." in each)


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
