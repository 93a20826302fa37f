"""The rich report with all there is about versions: deadlines, risks, inventories, feeds, a register of exceptions."""

from __future__ import annotations

import msgspec
from sample import FORMULA, SCRIPT, sample_report

from scanner.model.report import (
    AcceptedRow,
    DeadlinePolicyRow,
    DeadlineRow,
    FeedRow,
    FindingRow,
    InventoryRow,
    PatchRow,
    Report,
)

POLICIES = (
    DeadlinePolicyRow("cyber-essentials", "Cyber Essentials", "14 days after the fix, if it is high or critical",
        "https://www.ncsc.gov.uk/cyberessentials (read 2026-11-03)"),
    DeadlinePolicyRow("cisa-kev", "CISA KEV", "the day that CISA set for each flaw",
        "https://www.cisa.gov/known-exploited-vulnerabilities-catalog (read 2026-11-03)"),
    DeadlinePolicyRow("ours", "", "7 days after the fix", None),
)  # fmt: skip
FEEDS = (
    FeedRow("endoflife", "End-of-life dates", "2026-11-04", 2, 45, "fresh", "ab" * 32, 4123),
    FeedRow("epss", "EPSS " + SCRIPT, "2026-08-01", 97, 30, "stale", "cd" * 32, 260123),
)
INVENTORIES = (
    InventoryRow("servers.csv (RMM export)", "rmm-csv", "2026-11-05", ("practice-db",), ("10.20.20.10",), 311,
        ("servers/10.20.20.10",), "joined", "by its address"),
    InventoryRow("old.csv (RMM export)", "rmm-csv", "2026-10-05", ("practice-db",), ("10.20.20.10",), 309,
        ("servers/10.20.20.10",), "superseded", "by its address"),
    InventoryRow(SCRIPT, "dpkg-list", "2026-11-05", (FORMULA,), ("192.168.1.9",), 12, (), "unplaced",
        "its addresses are in no zone: 192.168.1.9"),
)  # fmt: skip
REGISTER = (
    AcceptedRow("gap-869d5b08", "Dr. Lin", "the vendor replaces it in March", "A. Lee", "2027-03-31", "held",
        (sample_report().findings[0].id,)),
    AcceptedRow("kind exposure, from guest", "Dr. Lin", "agreed", "", "2026-10-31", "expired",
        tuple(each.id for each in sample_report().findings[:14])),
    AcceptedRow("host servers/10.20.20.99", "Dr. Lin", "taken away " + SCRIPT, "", "2027-01-31", "unmatched", ()),
    AcceptedRow("product esxi", "", FORMULA, "A. Lee", "2027-01-31", "ownerless", (sample_report().findings[12].id,)),
)  # fmt: skip


def _patches() -> tuple[PatchRow, ...]:
    """The sample's, and one that an inventory and the network do not agree about."""
    change = msgspec.structs.replace
    ssh, postgres, mariadb, nginx, esxi, *rest = sample_report().patches
    return (
        change(ssh, rule="distribution-fix", released="2023-12-20", latest="1:9.2p1-2+deb12u9", days_behind=900,
            due="2024-07-15", overdue_days=844, epss=0.42, seen_by=("network", "inventory"), banner="9.2p1-2+deb12u1",
            exposed_to=("guest", "front-desk"),
            deadlines=(DeadlineRow("cyber-essentials", "2024-07-15", 844, "14 days after the fix", None),)),
        change(postgres, rule="no-fact", seen_by=("network",)),
        change(mariadb, rule="upstream-minimum", due="2026-11-16", overdue_days=-10, epss=0.004, seen_by=("network",),
            deadlines=(DeadlineRow("ours", "2026-11-16", -10, "7 days after the fix", None),)),
        change(nginx, rule="distribution-life", seen_by=("inventory",), version="1.18.0-0ubuntu1.4"),
        change(esxi, rule="upstream-life", seen_by=("network",), exposed_to=("front-desk",), epss=0.999, kb="KB5121003",
            due="2025-03-25", overdue_days=591, latest="6.7.0", days_behind=0, deadlines=(
                DeadlineRow("cisa-kev", "2025-03-25", 591, "CISA's own day for CVE-2025-22225", "https://x (read y)"),
                DeadlineRow("cyber-essentials", "2025-03-18", 598, "14 days after the fix", None))),
        *rest,
    )  # fmt: skip


RISKS = {
    "esxi": (88, ("severity critical (+35)", "listed by CISA as exploited (+20)")),
    "openssh": (71, ("severity high (+27)", "reached from guest (untrusted) on tcp/22 (+12)")),
    "mariadb": (20, ("severity medium (+16)", SCRIPT)),
}
_PRODUCTS = {"- management/10.20.99.5": "esxi", "- servers/10.20.20.10": "openssh", "- servers/10.20.20.11": "mariadb"}


def _ranked(finding: FindingRow) -> FindingRow:
    product = next((name for where, name in _PRODUCTS.items() if f"- {finding.host}" == where), None)
    if finding.kind not in ("known-exploited", "outdated") or product is None:
        return finding
    risk, why = RISKS[product]
    return msgspec.structs.replace(finding, product=product, risk=risk, risk_why=why)


def patch_report() -> Report:
    """Seven versions, four risks, two feeds of which one is stale, four entries in the register."""
    sample = sample_report()
    return msgspec.structs.replace(
        sample,
        patches=_patches(),
        findings=tuple(map(_ranked, sample.findings)),
        feeds=FEEDS,
        deadlines=POLICIES,
        accepted=REGISTER,
        inventories=INVENTORIES,
    )
