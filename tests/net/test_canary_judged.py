"""Real packets through a firewall, a canary behind it: what the judge makes of them is the firewall's rule set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from canary_lab import FAR, FAR6, CanaryLab, sessions
from lab_fixtures import raised

from scanner.assess.facts.evidence import Evidence
from scanner.assess.policies.policy import Policy
from scanner.assess.verdicts.flows import Judge
from scanner.model.addresses import ports_of
from scanner.model.report import MeasuredRow
from scanner.model.site import Site, Zone

pytestmark = [pytest.mark.lab]
SITE = Site(
    client="Canary Lab",
    site="lab",
    zones=(Zone("near", ("10.93.1.0/24", "fd93:1::/64")), Zone("far", ("10.93.2.0/24", "fd93:2::/64"))),
)
FENCE = """
table inet fence {
  chain forward {
    type filter hook forward priority 0; policy drop;
    iifname "br2" tcp sport 3000-3009 drop
    iifname "br2" udp sport 3000-3009 drop
    iifname "br2" accept
    icmp type echo-request accept
    icmpv6 type { echo-request, nd-neighbor-solicit, nd-neighbor-advert } accept
    tcp dport { 1000-1049, 3000-3009 } accept
    udp dport { 1050-1099, 3000-3009 } accept
    tcp dport 2000-2009 reject with tcp reset
    udp dport 2000-2009 reject
    tcp dport 2010-2019 reject with icmpx admin-prohibited
  }
}
"""


@pytest.fixture(scope="module")
def far_side() -> Iterator[CanaryLab]:
    with raised(CanaryLab()) as built:
        yield built


def judged(site: Path, address: str) -> list[MeasuredRow]:
    evidence = Evidence(SITE, sessions(site))
    assert address in evidence.ears.addresses("far")
    return list(Judge(evidence, Policy(SITE), {}).measured(evidence.views["near"], address))


def verdicts(rows: list[MeasuredRow], transport: str) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for row in rows:
        if row.transport == transport:
            found.setdefault(row.verdict, set()).update(ports_of(row.ports))
    return found


@pytest.mark.parametrize("address", [FAR, FAR6])
def test_the_measured_ranges_are_the_rules(far_side: CanaryLab, tmp_path: Path, address: str) -> None:
    far_side.fence(FENCE)
    site = far_side.site(tmp_path, rate=20_000)
    spec = "1000-1149,2000-2019,3000-3009,U:1000-1149,U:2000-2009,U:3000-3009"
    with far_side.listening(site):
        far_side.scan(site, ["--canary", address, "--canary-ports", spec])
    rows = judged(site, address)
    tcp, udp = verdicts(rows, "tcp"), verdicts(rows, "udp")
    assert (tcp["REACHED"], tcp["ONE_WAY"]) == ({*range(1000, 1050)}, {*range(3000, 3010)}), rows
    assert (udp["REACHED"], udp["ONE_WAY"]) == ({*range(1050, 1100)}, {*range(3000, 3010)}), rows
    # Kernels limit their ICMP errors: what is refused by one may look dropped.
    assert {*range(2000, 2010)} <= tcp["REJECTED"]
    assert tcp["REJECTED"] & {*range(2010, 2020)}
    assert udp["REJECTED"] <= {*range(2000, 2010)}
    assert tcp["REJECTED"] | tcp["DROPPED"] == {*range(1050, 1150), *range(2000, 2020)}
    assert udp["REJECTED"] | udp["DROPPED"] == {*range(1000, 1050), *range(1100, 1150), *range(2000, 2010)}
    assert verdicts(rows, "icmp")["REACHED"] == {128 if ":" in address else 8}
    assert all("nothing arrived" in row.reason for row in rows if row.verdict == "DROPPED")


def test_a_canary_that_was_gone_when_it_was_asked_proves_nothing(far_side: CanaryLab, tmp_path: Path) -> None:
    far_side.fence(FENCE)
    site = far_side.site(tmp_path, rate=20_000)
    with far_side.listening(site, ["--seconds", "7"]) as canary:
        canary.wait(300)
    far_side.ns("far", "sleep 7")
    far_side.scan(site, ["--canary", FAR, "--canary-ports", "1100-1149"])
    assert verdicts(judged(site, FAR), "tcp") == {"UNPROVEN": {*range(1100, 1150)}}
