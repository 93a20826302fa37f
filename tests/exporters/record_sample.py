"""The sample report with all that is not judged from the network alone, hostile text in each field."""

from __future__ import annotations

import base64
import datetime

import msgspec
from sample import HOSTILE, sample_report

from scanner.assess.policies.requirements import attested, requirements, tool
from scanner.feeds import bundled_knowledge
from scanner.importers.document import read_document
from scanner.model.attested import Attestation
from scanner.model.base import SEVERITIES
from scanner.model.recorded import BoundaryChangeRow, ChangeRow, ChangesRow, LookRow, ScopeRow, TrendRow
from scanner.model.report import Report
from scanner.model.site import Site

NASTY = HOSTILE[0]
SITE = read_document("client: C\nsite: s\nzones: [{name: a, subnets: [10.0.0.0/24]}]\n", Site, "site.yaml")
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>document.title="x"</script><image href="http://127.0.0.1:9/"/></svg>'


def logo(text: str = SVG) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(text.encode()).decode()}"


def recorded_report(colour: str = "#7a1f3d") -> Report:
    """As of 2026-11-06: a trend of three days, changes of every kind, attestations of every state."""
    day = datetime.date.fromisoformat
    report = sample_report()
    report = msgspec.structs.replace(
        report,
        attestations=attested(
            (
                Attestation("mfa-remote-access", NASTY, f"owner {NASTY}", day("2026-10-01"), "proof/mfa.pdf"),
                Attestation("restore-test", "We restored", "J. Ortiz", day("2025-01-01")),
                Attestation("log-review", "Weekly", "J. Ortiz", day("2026-11-07")),
            ),
            day("2026-11-06"),
        ),
        trend=tuple(
            TrendRow(f"2026-0{month}-01", dict.fromkeys(SEVERITIES, month), month * 100, {"AS_POLICY": 25}, {}, 9)
            for month in (7, 8, 9)
        ),
        changes=ChangesRow(
            "2026-10-01T08:00:00Z",
            "2026-11-05T09:00:00Z",
            (ChangeRow("gap-1", "critical", f"new {NASTY}", f"why {NASTY}"),),
            (ChangeRow("gap-2", "high", "fixed one", "closed now"),),
            tuple(each.id for each in report.findings[:3]),
            tuple(ChangeRow(f"gap-{number}", "low", f"left {number}", "not asked") for number in range(60)),
            (BoundaryChangeRow("guest", "voice", "UNPROVEN", "AS_POLICY", f"held {NASTY}"),),
        ),
        look=LookRow(f"Northwind {NASTY}", colour, logo()),
        scope=ScopeRow(("10.20.0.0/16",), ("10.20.30.7/32",), ("10.20.40.0/24",)),
        tool=tool("1.2.3", bundled_knowledge()),
    )
    return msgspec.structs.replace(report, controls=requirements(report, bundled_knowledge(), SITE))
