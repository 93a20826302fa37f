"""A report with a great many findings, as a large client's would have: sixteen zones, made from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

from scanner.model.base import SEVERITIES
from scanner.model.report import (
    CellRow,
    Digests,
    ExceptionRow,
    FindingRow,
    FlowRow,
    HostRow,
    PatchRow,
    RemedyRow,
    Report,
    ServiceRow,
    ZoneRow,
)

ZONES = tuple(f"zone-{index:02}" for index in range(16))
_PORTS = (
    (22, "ssh"),
    (80, "http"),
    (443, "https"),
    (445, "microsoft-ds"),
    (3389, "ms-wbt-server"),
    (5432, "postgresql"),
)
_KINDS = ("segmentation-gap", "attack-path", "exposure", "required-flow-blocked")
_ACCEPTED = ExceptionRow("J. Ortiz", "replaced in spring", "M. Weiss", "2026-12-31", False)


def address(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def finding(number: int, rng: random.Random) -> FindingRow:
    from_, to = ZONES[number % 16], ZONES[(number * 7 + 1) % 16]
    port, service = _PORTS[number % 6]
    where, kind = address(number), _KINDS[number % 37 % 4]
    return FindingRow(
        f"{kind}:{from_}:{to}:{where}:tcp/{port}", kind, SEVERITIES[rng.randrange(5)],  # type: ignore[arg-type]
        f"{from_} reaches {service} on {where} in {to}", f"{to}/{where}", from_, to, "tcp", port, (),
        f"Deny {from_} → {to} except what policy allows.", f"fencewalk verify site.yaml {kind}:{where}",
        f"SYN-ACK from {where}:{port}, ttl 63", ("PCI DSS 4.0.1 1.3.1", "CIS 8.1 12.2"),
        _ACCEPTED if number % 50 == 0 else None, None, rng.randrange(101), ("it crosses a fence", "it is a shell"),
    )  # fmt: skip


def findings(count: int, first: int = 0) -> Iterator[FindingRow]:
    rng = random.Random(f"findings {first}")
    return (finding(number, rng) for number in range(first, first + count))


def report(count: int) -> Report:
    """So many findings, a host for every six of them, with versions and flows in proportion."""
    found = tuple(findings(count))
    hosts = tuple(_host(number) for number in range(0, count, 6))
    closes: dict[str, list[str]] = {}
    for each in found:
        closes.setdefault(f"Deny {each.from_} → {each.to}", []).append(each.id)
    return Report(
        1, "Large", "campus", "2026-11-20T08:00:00Z", (), hosts, tuple(map(_flow, found[::5])), tuple(_cells()),
        tuple(_patch(host) for host in hosts), found,
        tuple(RemedyRow(title, tuple(ids), title, {"nftables": title}) for title, ids in closes.items()), (),
        Digests("", "", "", ""),
        zones=tuple(ZoneRow(name, (f"10.{at}.0.0/16",), "user", at, len(hosts) // 16) for at, name in enumerate(ZONES)),
    )  # fmt: skip


def _host(number: int) -> HostRow:
    zone = ZONES[(number * 7 + 1) % 16]
    services = tuple(
        ServiceRow("tcp", port, "open", name, "openssh" if port == 22 else None, None, None, f"{name} answered")
        for port, name in _PORTS[: number % 5 + 1]
    )
    name = f"host-{number:06}.example.test"
    return HostRow(
        f"{zone}/{address(number)}", zone, (address(number),), None, "Example", (name,), "Linux", services, ()
    )


def _flow(each: FindingRow) -> FlowRow:
    where = (each.host or "").partition("/")[2]
    return FlowRow(each.from_ or "", each.to or "", where, "tcp", each.port or 0, "REACHED", "it answered", False, "")


def _patch(host: HostRow) -> PatchRow:
    return PatchRow(
        host.id, "openssh", "9.2p1", "NON_COMPLIANT", "below the minimum", "high", "9.3p2", "2023-07-19", 1200, None,
        (), "https://www.openssh.com/releasenotes.html", "SSH-2.0-OpenSSH_9.2p1", "tcp", 22, "high", overdue_days=30,
    )  # fmt: skip


def _cells() -> Iterator[CellRow]:
    for from_ in ZONES:
        for to in ZONES:
            if from_ != to:
                yield CellRow(from_, to, "BREACHED", 70_000, 400, 390, "forbidden flows were answered")
