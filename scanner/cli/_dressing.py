"""The lines of `--dry-run` about what is asked otherwise than plainly."""

from __future__ import annotations

from scanner.dressing import FRAGMENTS, MOST_PAIRS, SOURCE_PORTS, detour_probes, dressings
from scanner.model.addresses import AddressSet
from scanner.model.text import plural
from scanner.plan import Plan


def detour_line(plan: Plan, raw: bool) -> list[tuple[str, str]]:
    """Neighbours tried as gateways."""
    most = detour_packets(plan)
    if not most:
        return []
    if not raw:
        return [("neighbours", "not tried as gateways: it takes raw packets")]
    return [
        (
            "neighbours",
            f"each that is alive is handed an echo request and a SYN for addresses of other zones, as if it were a "
            f"gateway; about {most:,} probes at most, fragile ones and the router left out",
        )
    ]


def detour_packets(plan: Plan) -> int:
    """An upper bound for the probes of the detours: every neighbour alive, as long as they can be counted."""
    near, far = (
        AddressSet.parse(plan.sweep.on_link),
        AddressSet.parse(plan.other) | AddressSet.parse(plan.sweep.discover),
    )
    limit = detour_probes(plan)
    return limit if plan.sweep.revealed else min(limit, len(near) * (1 + 4 * len(far)))


def thorough_lines(plan: Plan) -> list[tuple[str, str]]:
    """Source ports and fragments, and how much of it."""
    ports = plan.all_ports
    count = len(ports.tcp) + len(ports.udp)
    if not plan.manners.thorough or not count:
        return []
    hosts = max(1, MOST_PAIRS // count)
    known = plural(len(plan.worth), "address", "addresses")
    return [
        (
            "thorough",
            f"what is silent or refused again, from source ports {', '.join(map(str, SOURCE_PORTS))} and in "
            f"{FRAGMENTS}: the ports of {known} of other zones that are named or known, and of those that answer; at "
            f"most {plural(hosts, 'address', 'addresses')} ({MOST_PAIRS:,} ports of addresses in each dressing)",
        )
    ]


def thorough_packets(plan: Plan) -> int:
    """An upper bound for the packets of both, every try used; fragments count each, four a probe."""
    return detour_packets(plan) + dressing_packets(plan)[0]


def dressing_packets(plan: Plan) -> tuple[int, int]:
    """(packets, units of work) of what is asked again in each dressing."""
    ports = plan.all_ports
    count = len(ports.tcp) + len(ports.udp)
    if not plan.manners.thorough or not count:
        return 0, 0
    pairs = min(len(plan.worth), max(1, MOST_PAIRS // count))
    each = dressings(ports.tcp, ports.udp)
    found = sum(pairs * (len(tcp) + len(udp)) * 2 * (4 if via == FRAGMENTS else 1) for via, tcp, udp in each)
    return found, len(list(each)) if found else 0
