"""The sample report with all that proves or breaks a fence: paths, a cut with its rules, what falls, what a canary
measured, dressed flows, notes on the policy. Hostile text wherever text from outside may go."""

from __future__ import annotations

import msgspec
from sample import ATTRIBUTE, BIDI, CLEAR_SCREEN, SCRIPT, sample_report

from scanner.model.report import (
    BlastRow,
    CutRow,
    DenialRow,
    FlowRow,
    HopRow,
    MeasuredRow,
    PathRow,
    PolicyNoteRow,
    RemedyRow,
    Report,
    VantageRow,
)

LATERAL = HopRow(
    "guest", "clinical/10.20.30.15", "tcp", 22, "credential", True, False, "syn-ack; TTL 63", "sport-53", "ssh"
)
BRIDGE = HopRow("clinical", "servers/10.20.20.15", None, None, "bridge", True, False, f"the same key {ATTRIBUTE}")
EXPLOIT = HopRow("clinical", "servers/10.20.20.11", "tcp", 445, f"exploit: {SCRIPT} 1", False, True, CLEAR_SCREEN)
GOAL = HopRow("servers", "servers/10.20.20.10", "tcp", 5432, "data", True, True, f"open for {BIDI}")
TOLD = PathRow(
    "guest",
    "Practice database",
    "servers/10.20.20.10",
    (LATERAL, msgspec.structs.replace(GOAL, from_="clinical", allowed=False)),
)
"""The path that a finding of the sample tells."""
PATHS = (TOLD, PathRow("voice", f"Backups {SCRIPT}", "servers/10.20.20.10", (LATERAL, BRIDGE, EXPLOIT, GOAL)))

NFTABLES = (
    "# guest to servers: only what policy allows\n"
    f"nft insert rule inet filter forward ip saddr 10.20.50.0/24 drop # {ATTRIBUTE}"
)
RULES = {"cisco": " deny ip any any log", "fortigate": 'edit "a"', "nftables": NFTABLES, "pfsense": "block in quick"}


def fence_report() -> Report:
    sample = sample_report()
    gaps = [each.id for each in sample.findings if (each.from_, each.to) == ("guest", "servers")]
    plan = RemedyRow("Firewall: deny guest", tuple(gaps), f"On the firewall, deny the rest.\n{NFTABLES}", RULES)
    rows = (
        MeasuredRow("guest", "servers", "10.20.20.9", "tcp", "1-21,23-65535", "DROPPED",
            "nothing arrived at the canary of 2 tries while it listened", False),
        MeasuredRow("guest", "servers", "10.20.20.9", "tcp", "22", "ONE_WAY", "arrived; no answer came back", False),
        MeasuredRow("guest", "servers", "10.20.20.9", "tcp", "53", "REACHED", "arrived", False, "sport-53"),
        MeasuredRow("guest", "servers", "10.20.20.9", "udp", "1-65535", "DROPPED",
            f"no answer came from the canary {SCRIPT}", False),
        MeasuredRow("guest", "servers", "10.20.20.9", "icmp", "8", "REJECTED", "refused by 10.20.50.1", True),
        MeasuredRow("voice", "servers", "fd20::9", "tcp", ",".join(map(str, range(1, 99, 2))), "REACHED", "yes", True),
    )  # fmt: skip
    return msgspec.structs.replace(
        sample,
        vantages=(
            *sample.vantages,
            VantageRow("servers", "eth0", "10.20.20.9", "2026-11-05T20:00:00Z", None, False, "canary", "canary"),
        ),
        reachability=(
            *sample.reachability,
            *(
                FlowRow("guest", "servers", "10.20.20.11", "tcp", 22, "REACHED", "syn-ack", False, "x", "open", via)
                for via in ("sport-53", "fragments", "by-10.20.50.7")
            ),
        ),
        remediation=(plan, *sample.remediation),
        measured=rows,
        paths=PATHS,
        blast=(
            BlastRow("guest", ("clinical", "servers"), 5, 9, ("Practice database", "Backups"), ("Backups",)),
            BlastRow("management", (), 0, 0, (), ()),
            BlastRow("clinical/10.20.30.15", ("servers",), 2, 3, (ATTRIBUTE,), (ATTRIBUTE,)),
        ),
        cut=CutRow(
            (
                DenialRow(
                    "guest",
                    "clinical",
                    ("tcp/22",),
                    (),
                    {**RULES, "nftables": f"{NFTABLES}\n# to clinical"},
                ),
                DenialRow("guest", "servers", ("tcp/445", "tcp/5432"), tuple(gaps), RULES),
            ),
            True,
            (f"clinical → servers/10.20.20.15 (one machine {SCRIPT})",),
        ),
        policy_notes=(PolicyNoteRow("allow[2]", "shadowed", f"allow[2] is covered by allow[0] {SCRIPT}"),),
    )


def long_report() -> Report:
    """More of everything than a page shows."""
    report = fence_report()
    assert report.cut is not None
    path, row = report.paths[1], report.measured[0]
    many = {"nftables": "\n".join(f"nft insert rule {number}" for number in range(1000))}
    return msgspec.structs.replace(
        report,
        paths=tuple(msgspec.structs.replace(path, critical=f"System {n}", hops=path.hops * 3) for n in range(200)),
        measured=tuple(
            msgspec.structs.replace(row, from_=f"z{n // 90}", address=f"10.1.0.{n % 90}") for n in range(90 * 70)
        ),
        blast=tuple(msgspec.structs.replace(report.blast[2], start=f"servers/10.9.{n}.1") for n in range(200)),
        cut=msgspec.structs.replace(
            report.cut,
            denials=(msgspec.structs.replace(report.cut.denials[0], rules=many), *report.cut.denials[1:]),
            least=False,
            left=report.cut.left * 80,
        ),
        policy_notes=report.policy_notes * 300,
    )
