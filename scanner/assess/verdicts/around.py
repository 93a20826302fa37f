"""Probes that were handed to a neighbour of the own link instead of to the router: who answered them?

The neighbour may forward (then the answer has come through a router at least), hold the address itself on another leg
(then the answer is as near as itself, although the way through the fence is longer), or answer for others as a proxy.
"""

from __future__ import annotations

from scanner.assess.facts.view import FlowKey, View
from scanner.assess.verdicts.controls import Controls, all_hops, hops_of
from scanner.model.observation import PortState
from scanner.model.report import FlowVerdict


def around(
    controls: Controls, two_legged: dict[str, set[str]], view: View, key: FlowKey, row: PortState
) -> tuple[FlowVerdict, str] | None:
    """The verdict on what came back in the target's own name; None where it is a router's report, or silence, which
    mean what they always do."""
    address = key[0]
    if row.state not in ("open", "closed") or row.source not in (None, address) or controls.own_leg(address):
        return None
    neighbour = view.via.removeprefix("by-")
    hops = hops_of(row.ttl)
    if hops is None:
        return "UNPROVEN", f"{row.reason} by way of {neighbour}: this engine cannot see from how far away"
    if row.state == "open" and (row.window == 0 or controls.answers_for_unused(view, key)):
        return "UNPROVEN", f"{row.reason} by way of {neighbour}, which answers for others (a proxy)"
    if hops == 0:
        return _near(controls, two_legged, view, key, row, neighbour)
    known = controls.confirmed_ttls(view, address)
    if row.state == "closed" and controls.refused_for_nobody(view, key, row):
        return "UNPROVEN", f"{row.reason} by way of {neighbour}, and for addresses that nobody holds as well"
    if hops in all_hops(known):
        return "REACHED", f"{neighbour} forwarded it: {row.reason} from as far away as the target's other answers"
    # The way past the fence may be shorter or longer than the way through it.
    if row.state == "open" and (not known or _up(controls, key)):
        return "REACHED", f"{neighbour} forwarded it: {row.reason} with TTL {row.ttl}, from behind it"
    if row.state == "closed" and hops in controls.distances(view, address) and controls.seen_at_home(address) is True:
        return "REACHED", f"{neighbour} forwarded it: {row.reason} from as far away as the zone's other hosts"
    return "UNPROVEN", (
        f"{row.reason} with TTL {row.ttl} by way of {neighbour}: no other answer tells whether it is the target's own"
    )


def _near(
    controls: Controls, two_legged: dict[str, set[str]], view: View, key: FlowKey, row: PortState, neighbour: str
) -> tuple[FlowVerdict, str]:
    """The neighbour itself answered."""
    address = key[0]
    holds = f"{neighbour} itself holds {address} and answered for it, past the router (weak host)"
    if view.zone in two_legged.get(address, ()):
        return "REACHED", f"{holds}: both are one machine"
    if row.state == "closed" and controls.refused_for_nobody(view, key, row):
        return "REJECTED", f"{neighbour} refused it itself, and for addresses that nobody holds as well"
    if row.state == "open" and _sure(controls, view, key):
        return "REACHED", f"{holds}: the service is up there, and it answers for no address that nobody holds"
    if row.state == "closed" and any(
        each.state == "open" and each.ttl == row.ttl and each.window != 0 and _sure(controls, view, _first(each))
        for each in view.answers_of(address)
    ):
        return "REACHED", f"closed port: {holds}, as its open ports show"
    return "UNPROVEN", (
        f"{row.reason} from {neighbour} itself: whether it holds {address} as well, or answers for it, is not known"
    )


def _sure(controls: Controls, view: View, key: FlowKey) -> bool:
    """Whether it can be nobody else's answer: the service is up, and the control was made and kept silent."""
    return _up(controls, key) and controls.asked_of_nobody(view, key) and not controls.answers_for_unused(view, key)


def _up(controls: Controls, key: FlowKey) -> bool:
    """Whether the zone's own vantage saw the service up."""
    return key in controls.evidence.up.get(controls.evidence.zone_of(key[0]) or "", ())


def _first(row: PortState) -> FlowKey:
    """The first flow of a row."""
    return row.address, row.transport, int(row.ports.partition(",")[0].partition("-")[0])
