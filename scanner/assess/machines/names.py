"""What services are called in the report, looked up where it is known: a large site has hundreds of thousands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scanner.assess.facts.evidence import FlowKey
from scanner.assess.machines.inventory import Inventory
from scanner.model.addresses import address_key


class ServiceNames(Mapping[FlowKey, str | None]):
    """Each service of each machine; on several of its addresses a port has one name, that of the last of them."""

    def __init__(self, inventory: Inventory) -> None:
        self._machines, self._by_address = inventory.machines, inventory.by_address
        self._silent = inventory.telling.silent

    def __getitem__(self, key: FlowKey) -> str | None:
        machine = self._by_address[key[0]]
        told = machine.services[key]
        if len(machine.addresses) > 1:
            alike = (each for each in machine.services if each[1:] == key[1:])
            key = max(alike, key=lambda each: address_key(each[0]))
            told = machine.services[key]
        return told.row.service if told is not None else self._silent(key[1], key[2]).service

    def get(self, key: FlowKey, default: Any = None) -> Any:
        machine = self._by_address.get(key[0])
        if machine is None or key not in machine.services:
            return default
        told = machine.services[key]
        return told.row.service if told is not None and len(machine.addresses) == 1 else self[key]

    def __iter__(self) -> Iterator[FlowKey]:
        return (key for machine in self._machines for key in machine.services)

    def __len__(self) -> int:
        return sum(len(machine.services) for machine in self._machines)
