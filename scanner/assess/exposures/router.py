"""What a router offers on its legs to zones that policy does not let there: its management, as a rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator

from scanner.assess.exposures.rule import SHOWN
from scanner.assess.facts.evidence import Evidence
from scanner.assess.findings.make import finding
from scanner.assess.verdicts.controls import Controls
from scanner.identify.service import service_name
from scanner.identify.shown import shown
from scanner.model.addresses import address_key
from scanner.model.base import Severity
from scanner.model.baseline import Knowledge
from scanner.model.report import FindingRow, FlowRow

_HARMLESS = frozenset({"domain", "ntp"})
"""Services of a router's that are there for its neighbours: on a leg of another zone no more than untidy."""


def consoles(
    knowledge: Knowledge,
    evidence: Evidence,
    controls: Controls,
    reached: Iterable[FlowRow],
    forwarded: Container[tuple[str, str]] = (),
) -> Iterator[FindingRow]:
    """One finding a zone and port, however many legs it shows on: a router has a leg in every zone.

    Nothing crossed into the zone of the leg, so this is no breach; the router itself answers. `forwarded`: ports that
    lead to somebody else, by the host and as `tcp/2222`: none of the router's own services.
    """
    legs: dict[tuple[str, int], list[FlowRow]] = defaultdict(list)
    for flow in reached:
        if (f"{flow.to}/{flow.address}", f"{flow.transport}/{flow.port}") in forwarded:
            continue
        if flow.transport == "tcp" and not flow.allowed and controls.own_leg(flow.address):
            legs[flow.from_, flow.port].append(flow)
    for (from_, port), flows in sorted(legs.items()):
        flows.sort(key=lambda each: address_key(each.address))
        first = flows[0]
        talk = evidence.views[from_].talks.get((first.address, "tcp", port))
        readings = talk.readings if talk else ()
        service = service_name("tcp", port, readings, talk.tls if talk else False)
        severity: Severity = "low" if service in _HARMLESS else "high"
        where = ", ".join(f"{each.address} ({each.to})" for each in flows)
        said = next((each for each in readings if not each.kind.startswith("tls.")), None)
        quoted = f"; {shown(said.kind, said.raw, SHOWN)}" if said else ""
        yield finding(
            "exposure",
            severity,
            f"The router's leg {where} offers tcp/{port}{f' ({service})' if service else ''} to {from_}",
            names=("router", from_, "tcp", port),
            aspect="management",
            knowledge=knowledge,
            host=f"{first.to}/{first.address}",
            from_=from_,
            to=first.to,
            transport="tcp",
            port=port,
            remedy="Let the firewall answer for its management only from the management zone.",
            replay=f"nc -vz -w 3 {first.address} {port}  # from {from_}",
            evidence=f"{where}: next hop of its zone, and answered {from_} on tcp/{port}{quoted}",
        )
