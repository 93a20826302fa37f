"""The risk of each finding: what is wrong, by whom it is used already, and from where it can be reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from scanner.assess.facts.evidence import FlowKey
from scanner.assess.machines.reach import Reach
from scanner.assess.machines.risk import Parts, risk
from scanner.assess.machines.software import Judged
from scanner.model.baseline import KnownExploited
from scanner.model.report import FindingRow, HostRow

_NOT_REACHED = frozenset({"required-flow-blocked", "unknown-device"})


class Ranking:
    """Ranks findings by what is known of the hosts and services that they are about."""

    def __init__(
        self,
        hosts: Iterable[HostRow],
        items: Sequence[Judged],
        reach: Reach,
        exploited: Mapping[str, KnownExploited],
        services: Iterable[FlowKey],
    ) -> None:
        self._hosts = {each.id: each for each in hosts}
        self._reach, self._exploited = reach, exploited
        self._failing: dict[tuple[str, str, int], list[Judged]] = {}
        self._services = services
        self._keys: dict[str, list[FlowKey]] | None = None
        for each in items:
            for key in each.keys if each.fails else ():
                self._failing.setdefault((each.row.host, key[1], key[2]), []).append(each)

    def ranked(self, found: FindingRow, about: Sequence[Judged] = ()) -> FindingRow:
        """`about`: the products that a finding about software is about; of a hole in the fence it is what it opens."""
        if not about and found.host and found.transport and found.port is not None:
            about = self._failing.get((found.host, found.transport, found.port), ())
        points, why = risk(self._parts(found, [each for each in about if each.fails]))
        return msgspec.structs.replace(found, risk=points, risk_why=why)

    def _parts(self, found: FindingRow, about: Sequence[Judged]) -> Parts:
        host = self._hosts.get(found.host or "")
        exploited = [self._exploited[cve] for each in about for cve in each.row.kev if cve in self._exploited]
        listed = sorted(exploited, key=lambda each: (each.added, each.cve))
        late = [each.row.overdue_days for each in about if each.row.overdue_days is not None]
        chances = [each.row.epss for each in about if each.row.epss is not None]
        keys = list(self._keys_of(found, host, about))
        reached = () if found.kind in _NOT_REACHED else self._reach.words(keys)
        if found.from_ and found.kind not in _NOT_REACHED and self._reach.known(found.from_):
            # A hole in the fence is as bad as who stands before it; others' holes are findings of their own.
            trust = self._reach.trust(found.from_)
            on = f" on {found.transport}/{found.port}" if found.transport and found.port is not None else ""
            reached = ((trust, f"{found.from_} ({trust}){on}"),)
        return Parts(
            severity=found.severity,
            exploited=f"{listed[0].cve} is listed by CISA as exploited since {listed[0].added}" if listed else "",
            epss=max(chances, default=None),
            remote_code=any(each.row.remote_code for each in about),
            ended=any(each.row.verdict == "END_OF_LIFE" for each in about),
            late=max(late, default=None),
            reached=reached,
            alone=f"no zone but {host.zone} is seen to reach it" if host and keys and not reached else "",
            critical=host.critical if host is not None and host.critical else "",
        )

    def _at(self, address: str) -> Sequence[FlowKey]:
        """The services of an address; few findings ask."""
        if self._keys is None:
            self._keys = {}
            for key in self._services:
                self._keys.setdefault(key[0], []).append(key)
        return self._keys.get(address, ())

    def _keys_of(self, found: FindingRow, host: HostRow | None, about: Sequence[Judged]) -> Iterator[FlowKey]:
        shown = [key for each in about for key in each.keys]
        yield from shown
        if host is None or shown:
            return
        for address in host.addresses:
            if found.transport is not None and found.port is not None:
                yield address, found.transport, found.port
            elif found.kind == "dual-homed":
                yield from self._at(address)
