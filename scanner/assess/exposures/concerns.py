"""Which rules have anything to say of a host, asked of what its services told before anybody looks at the host itself.

A large site has hundreds of thousands of services, nearly all of them harmless, and most say what others said before.
So it is asked once of each thing that was said, of a host that has nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scanner.assess.exposures.rule import Host, Rule, Scene, Service
from scanner.assess.machines.machine import Machine
from scanner.assess.machines.told import Told

_NONE: frozenset[str] = frozenset()
_NOBODY = Machine("", ["0.0.0.0"])
"""Whose service it is does not matter, so that it need not be made anew for each; rules change nothing."""


class Concerns:
    """Holds for hosts that are no routers and that nobody but their own zone reaches: of others each rule is asked."""

    def __init__(self, scene: Scene, rules: Mapping[str, Rule]) -> None:
        self._scene = scene
        self._rules = rules
        self._asked: dict[frozenset[str], tuple[list[str], list[str]]] = {}
        """By kinds of readings: the rules that look at the bytes of one of them, and those that look at the kinds."""
        self._told: dict[int, frozenset[str]] = {}
        """By the identity of what was told, which its machines hold as long as anybody asks."""
        self._alike: dict[tuple[object, ...], frozenset[str]] = {}

    def of_host(self, machine: Machine) -> frozenset[str]:
        """The same of all of a host's services."""
        found, known = _NONE, self._told
        for told in machine.services.values():
            if told is not None:
                more = known.get(id(told))
                if more is None:
                    more = self.of(told)
                if more:
                    found |= more
        return found

    def of(self, told: Told) -> frozenset[str]:
        """The names of the rules that may find something at a host with this service, and at no other one."""
        found = self._told.get(id(told))
        if found is None:
            found = self._told[id(told)] = self._find(told)
        return found

    def _find(self, told: Told) -> frozenset[str]:
        asked = self._asked.get(told.kinds)
        if asked is None:
            of_bytes = [name for name, rule in self._rules.items() if rule.looks_into(told.kinds)]
            others = [name for name, rule in self._rules.items() if rule.reads is None and name not in of_bytes]
            asked = self._asked[told.kinds] = of_bytes, others
        alike = told.row.service, told.kinds, told.different, told.tls
        found = self._alike.get(alike)
        if found is None:
            found = self._alike[alike] = self._concerned(told, asked[1])
        return found | self._concerned(told, asked[0]) if asked[0] else found

    def _concerned(self, told: Told, names: Iterable[str]) -> frozenset[str]:
        lone = lone_host(told)
        return frozenset([name for name in names if concerned(self._scene, self._rules[name], lone)])


def concerned(scene: Scene, rule: Rule, lone: Host) -> bool:
    """Whether a rule may find something at any host with the only service of `lone`."""
    if rule.concerns is not None:
        return rule.concerns(lone.services[0])
    return next(iter(rule.find(scene, lone)), None) is not None


def lone_host(told: Told) -> Host:
    """A host that has this one service."""
    row = told.row
    readings = told.readings if len(told.readings) == 1 else tuple(dict.fromkeys(told.readings))
    service = Service(
        row.transport, row.port, ("0.0.0.0",), row.service or "", readings, told.tls, told.different, (), told.kinds
    )
    return Host(_NOBODY, "user", (service,))
