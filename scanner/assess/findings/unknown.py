"""Hosts that nobody can name where only the known belong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from scanner.assess.findings.make import finding
from scanner.model.baseline import Knowledge
from scanner.model.report import FindingRow, HostRow
from scanner.model.site import Site

_GUARDED = frozenset({"critical", "management"})


def strangers(
    site: Site, knowledge: Knowledge, hosts: Iterable[HostRow], leg: Callable[[str], bool]
) -> Iterator[FindingRow]:
    """A host in a critical or management zone of which neither a name, a maker, a product nor a kind could be had, and
    that the site file does not mention. Only somebody on its own link can say so: from afar most hosts are strangers.
    `leg`: whether an address is a router's."""
    trusted = {each.name: each.trust for each in site.zones}
    ends = {end for rule in (*site.allow, *site.require, *site.deny) for end in (rule.from_, rule.to)}
    for host in hosts:
        said = host.vendor or host.names or host.os or any(each.product for each in host.services)
        if trusted.get(host.zone) not in _GUARDED or not host.mac or said or host.device != "unknown":
            continue
        if host.critical or any(each in ends or leg(each) for each in host.addresses):
            continue
        where = ", ".join(host.addresses)
        open_ports = ", ".join(f"{each.transport}/{each.port}" for each in host.services) or "no open port"
        yield finding(
            "unknown-device",
            "low",
            f"Nobody can say what {host.addresses[0]} in {host.zone} is",
            names=(host.zone, host.mac),
            knowledge=knowledge,
            host=host.id,
            to=host.zone,
            remedy="Find the device. If it belongs there, name it in the site file or in DNS; if not, unplug it.",
            replay=f"fencewalk scan site.yaml --from {host.zone} --deep",
            evidence=f"{where} ({host.mac}) answers, with {open_ports}; nothing says what it is",
        )
