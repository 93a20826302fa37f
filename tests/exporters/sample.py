"""A rich report, written by hand: Harbor Dental, every kind of finding, hostile text wherever remote text goes.

Other rooms' tests use it too: `sample_report()` is the same value every time.
"""

from __future__ import annotations

import itertools

from scanner.model.base import Severity
from scanner.model.report import (
    CellRow,
    CellVerdict,
    CoverageRow,
    Digests,
    ExceptionRow,
    FindingKind,
    FindingRow,
    FlowRow,
    FlowVerdict,
    HostRow,
    PatchRow,
    RemedyRow,
    Report,
    ServiceRow,
    SoftwareRow,
    Summary,
    VantageRow,
    ZoneRow,
)

SCRIPT = "<script>alert(1)</script>"
CLEAR_SCREEN = "\x1b[2J\x1b]0;owned\x07"
BIDI = "invoice\u202efdp.exe"
FORMULA = "=cmd|' /C calc'!A0"
ATTRIBUTE = '"><img src=x onerror=alert(2)>'
NUL = "OpenSSH\x00_9.2\x7f\x9b31m"
TEMPLATE = "{{ 7*7 }}{% raw %}</style></template>"
HOSTILE = (SCRIPT, CLEAR_SCREEN, BIDI, FORMULA, ATTRIBUTE, NUL, TEMPLATE)
"""What a device on the network may call itself."""

ZONES = (
    ZoneRow("front-desk", ("10.20.10.0/24",), "user", 10, 3),
    ZoneRow("clinical", ("10.20.30.0/24",), "user", 30, 2),
    ZoneRow("servers", ("10.20.20.0/24", "fd20:0:0:20::/64"), "critical", 20, 3),
    ZoneRow("voice", ("10.20.40.0/24",), "device", 40, 1),
    ZoneRow("guest", ("10.20.50.0/24",), "untrusted", 50, 1),
    ZoneRow("management", ("10.20.99.0/24",), "management", 99, 2),
)


def _service(
    port: int, service: str, product: str | None, version: str | None, evidence: str, **more: str
) -> ServiceRow:
    cpe = f"cpe:2.3:a:*:{product}:{version or '*'}" if product else None
    return ServiceRow(
        "tcp", port, "open", service, product, version, cpe, evidence, more.get("revision"), more.get("distro")
    )


def _host(
    address: str, zone: str, name: str, vendor: str, *services: ServiceRow, critical: str | None = None
) -> HostRow:
    return HostRow(
        id=f"{zone}/{address}",
        zone=zone,
        addresses=(address,),
        mac=f"00:50:56:00:00:{int(address.split('.')[3]):02x}",
        vendor=vendor,
        names=(name,),
        os=None,
        services=services,
        software=(),
        critical=critical,
    )


SSH = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"
NGINX = "Server: nginx/1.18.0"
MARIADB = "5.5.5-10.5.8-MariaDB"
TRACKER = "https://security-tracker.debian.org/tracker/CVE-2024-6387 (read 2026-11-03)"

HOSTS = (
    _host("10.20.10.21", "front-desk", "fd-pc-1", "Dell Inc.", _service(3389, "rdp", None, None, "NLA required")),
    _host("10.20.10.22", "front-desk", "fd-pc-2", "Dell Inc.",
        _service(445, "smb", "windows", "10.0.17763", "NTLM 10.0.17763")),
    _host("10.20.10.50", "front-desk", "printer", "HP Inc.",
        _service(631, "ipp", None, None, "HP LaserJet MFP M428")),
    _host("10.20.30.15", "clinical", "imaging", "Siemens", _service(104, "dicom", None, None, "A-ASSOCIATE-RJ"),
        _service(22, "ssh", "openssh", "9.2p1", SSH, revision="9.2p1-2+deb12u2", distro="debian:12")),
    _host("10.20.30.16", "clinical", "chair-2", "Dell Inc."),
    _host("10.20.20.10", "servers", "practice-db", "VMware, Inc.",
        _service(5432, "postgresql", "postgresql", None, "S (SSL) then FATAL 28000"),
        _service(22, "ssh", "openssh", "9.2p1", SSH, revision="9.2p1-2+deb12u2", distro="debian:12"),
        critical="Practice database"),
    _host("10.20.20.11", "servers", "files", "Synology Inc.",
        _service(445, "smb", None, None, "SMB 3.1.1, signing not required"),
        _service(3306, "mysql", "mariadb", "10.5.8", MARIADB), critical="Backups"),
    HostRow("servers/fd20:0:0:20::12", "servers", ("fd20:0:0:20::12",), None, None, ("intranet",), "Ubuntu 20.04",
        (_service(80, "http", "nginx", "1.18.0", NGINX),),
        (SoftwareRow("nginx", "1.18.0-0ubuntu1.4", "inventory.csv"),)),
    _host("10.20.40.9", "voice", "pbx", "Sangoma",
        _service(5060, "sip", "asterisk", "16.2.1", "Asterisk PBX 16.2.1")),
    HostRow("guest/10.20.50.77", "guest", ("10.20.50.77",), "de:ad:be:ef:00:01", BIDI, (SCRIPT, ATTRIBUTE),
        CLEAR_SCREEN,
        (ServiceRow("tcp", 8080, "open", ATTRIBUTE, SCRIPT, NUL, FORMULA, TEMPLATE + CLEAR_SCREEN, BIDI, SCRIPT),),
        (SoftwareRow(FORMULA, NUL, ATTRIBUTE),)),
    _host("10.20.99.2", "management", "switch-1", "Cisco",
        _service(23, "telnet", "ios", "15.2(7)E4", "User Access Verification")),
    _host("10.20.99.5", "management", "esxi-1", "VMware, Inc.",
        _service(443, "https", "esxi", "6.7.0", "VMware ESXi 6.7.0 build-17700523")),
)  # fmt: skip


def _finding(
    kind: FindingKind,
    severity: Severity,
    title: str,
    where: str,
    remedy: str,
    evidence: str,
    path: tuple[str, ...] = (),
    controls: tuple[str, ...] = (),
    exception: ExceptionRow | None = None,
) -> FindingRow:
    """`where`: `from>to host tcp/port`, with `-` for what does not apply."""
    flow, host, service = where.split(" ")
    from_, _, to = flow.partition(">")
    port = service.partition("/")[2]
    name = f"{kind}:{flow}:{host}:{service}"
    return FindingRow(
        name, kind, severity, title, None if host == "-" else host, None if flow == "-" else from_, to or None,
        "tcp" if port else None, int(port) if port else None, path, remedy, f"fencewalk verify site.yaml '{name}'",
        evidence, controls, exception,
    )  # fmt: skip


SEGMENTATION = ("PCI DSS 4.0.1 1.3.1", "PCI DSS 4.0.1 11.4.5", "NIST CSF 2.0 PR.IR-01", "CIS 8.1 12.2")
PATCHING = ("PCI DSS 4.0.1 6.3.3", "NIST CSF 2.0 PR.PS-02", "CIS 8.1 7.3")
DENY = "Deny {} at the firewall between the zones; nothing in the policy needs it."
ACCEPTED = ExceptionRow("Dr. Lin", "The old scanner is replaced in January", "J. Ortiz, owner", "2027-01-31", False)
LAPSED = ExceptionRow("M. Vance", "Vendor maintenance window " + SCRIPT, "J. Ortiz, owner", "2026-10-31", True)

FINDINGS = (
    _finding("segmentation-gap", "critical", "Guests reach the practice database",
        "guest>servers servers/10.20.20.10 tcp/5432", DENY.format("tcp/5432"),
        "SYN-ACK, TTL 63, window 64240, from 10.20.20.10; unused port 5433 was silent", controls=SEGMENTATION),
    _finding("segmentation-gap", "critical", "Guests reach the backups over SMB",
        "guest>servers servers/10.20.20.11 tcp/445", DENY.format("tcp/445"), "SYN-ACK, TTL 63, from 10.20.20.11",
        controls=SEGMENTATION),
    _finding("segmentation-gap", "high", "A closed port of the practice database answers guests",
        "guest>servers servers/10.20.20.10 tcp/8443", DENY.format("tcp/8443"),
        "RST, TTL 63, the target's own (its SYN-ACK has TTL 63 too)", controls=SEGMENTATION),
    _finding("segmentation-gap", "high", "IPv6 is not filtered between front desk and servers",
        "front-desk>servers servers/fd20:0:0:20::12 tcp/80", DENY.format("tcp/80 over IPv6"),
        "SYN-ACK, hop limit 63, from fd20:0:0:20::12", controls=SEGMENTATION),
    _finding("segmentation-gap", "high", "Front desk reaches the hypervisor",
        "front-desk>management management/10.20.99.5 tcp/443", DENY.format("tcp/443"),
        "SYN-ACK, TTL 63; certificate CN=esxi-1", controls=SEGMENTATION),
    _finding("segmentation-gap", "medium", "The firewall lets SSH to an address without a host through",
        "voice>management management/10.20.99.40 tcp/22", DENY.format("tcp/22"),
        "host unreachable from 10.20.99.1, 3.1 s after the probe", controls=SEGMENTATION),
    _finding("segmentation-gap", "medium", "Guests reach a web page " + SCRIPT,
        "guest>clinical clinical/10.20.30.16 tcp/8080", DENY.format("tcp/8080"),
        f"Server: {ATTRIBUTE}{CLEAR_SCREEN}{BIDI}", controls=SEGMENTATION, exception=ACCEPTED),
    _finding("segmentation-gap", "low", FORMULA, "clinical>voice voice/10.20.40.9 tcp/5060", DENY.format("tcp/5060"),
        "\t" + FORMULA + NUL, controls=SEGMENTATION, exception=LAPSED),
    _finding("attack-path", "critical", "Guest to the practice database in two steps",
        "guest>servers servers/10.20.20.10 tcp/5432", "Deny guest to clinical tcp/22; it cuts this path and 1 more.",
        "every step observed from its own zone",
        path=(
            "guest -> clinical/10.20.30.15 tcp/22 (observed, credential)",
            "clinical/10.20.30.15 -> servers/10.20.20.10 tcp/5432 (observed, data only)",
        ),
        controls=SEGMENTATION),
    _finding("attack-path", "high", "Front desk to the backups through the hypervisor",
        "front-desk>servers servers/10.20.20.11 tcp/445", "Deny front-desk to management tcp/443.",
        "first step observed, second inferred",
        path=(
            "front-desk -> management/10.20.99.5 tcp/443 (observed, exploit)",
            f"management/10.20.99.5 -> {SCRIPT} tcp/445 (inferred)",
        ),
        controls=SEGMENTATION),
    _finding("dual-homed", "high", "The imaging PC stands in two zones", "clinical>servers clinical/10.20.30.15 -",
        "Take one leg away, or put the machine behind the firewall.",
        "the same SSH host key SHA256:9fX… at clinical/10.20.30.15 and servers/10.20.20.15", controls=SEGMENTATION),
    _finding("required-flow-blocked", "medium", "Logs of the voice zone do not reach the collector",
        "voice>servers servers/10.20.20.10 tcp/6514", "Allow tcp/6514 from voice to servers.",
        "admin-prohibited from 10.20.40.1, three times", controls=("PCI DSS 4.0.1 10.3.3", "CIS 8.1 8.9")),
    _finding("known-exploited", "critical", "VMware ESXi 6.7.0 has a flaw that is being exploited",
        "- management/10.20.99.5 tcp/443", "Update to ESXi 8.0 U3; 6.7 gets no fixes.",
        "VMware ESXi 6.7.0 build-17700523", controls=PATCHING),
    _finding("outdated", "high", "OpenSSH 9.2p1 lacks the fix of 2+deb12u3", "- servers/10.20.20.10 tcp/22",
        "apt install openssh-server, to 1:9.2p1-2+deb12u3 or later.", SSH, controls=PATCHING),
    _finding("outdated", "medium", "MariaDB 10.5.8 is below 10.5.26", "- servers/10.20.20.11 tcp/3306",
        "Update MariaDB to 10.5.26.", MARIADB, controls=PATCHING),
    _finding("end-of-life", "high", "VMware ESXi 6.7 gets no fixes any more", "- management/10.20.99.5 -",
        "Move to ESXi 8.0.", "VMware ESXi 6.7.0 build-17700523", controls=("PCI DSS 4.0.1 12.3.4", "CIS 8.1 2.2")),
    _finding("end-of-life", "medium", "nginx of Ubuntu 20.04 is out of support", "- servers/fd20:0:0:20::12 tcp/80",
        "Move to Ubuntu 24.04.", NGINX, controls=PATCHING),
    _finding("exposure", "high", "Telnet on the core switch", "- management/10.20.99.2 tcp/23",
        "Turn Telnet off; use SSH.", "User Access Verification",
        controls=("PCI DSS 4.0.1 2.2.7", "NIST CSF 2.0 PR.DS-02")),
    _finding("exposure", "low", "SMB without required signing", "- servers/10.20.20.11 tcp/445",
        "Require SMB signing.", "SMB 3.1.1, signing not required"),
    _finding("unknown-device", "info", f"An unknown device calls itself {ATTRIBUTE}", "- guest/10.20.50.77 -",
        "Find it and name its owner.", "".join(HOSTILE), controls=("CIS 8.1 1.1",)),
)  # fmt: skip

PATCHES = (
    PatchRow("servers/10.20.20.10", "openssh", "9.2p1-2+deb12u2", "NON_COMPLIANT",
        "Debian's revision is below its fix", "high", "1:9.2p1-2+deb12u3", "2024-07-01", 858, None, (), TRACKER, SSH,
        "tcp", 22, "high", ("CVE-2024-6387",), True),
    PatchRow("servers/10.20.20.10", "postgresql", None, "UNKNOWN", "no-version", "high", None, None, None, None, (),
        None, "FATAL 28000", "tcp", 5432),
    PatchRow("servers/10.20.20.11", "mariadb", "10.5.8", "NON_COMPLIANT", "below the branch's minimum", "medium",
        "10.5.26", "2024-08-08", 820, "2025-06-24", (), "https://mariadb.org/about/ (read 2026-11-03)", MARIADB,
        "tcp", 3306, "medium", ("CVE-2024-21096",)),
    PatchRow("servers/fd20:0:0:20::12", "nginx", "1.18.0", "END_OF_LIFE", "Ubuntu 20.04 is out of support", "medium",
        None, None, None, "2025-05-31", (), "https://wiki.ubuntu.com/Releases (read 2026-11-03)", NGINX, "tcp", 80,
        "medium"),
    PatchRow("management/10.20.99.5", "esxi", "6.7.0", "END_OF_LIFE", "the 6.7 branch ended", "high", "8.0.3",
        "2025-03-04", 612, "2022-10-15", ("CVE-2021-21974", "CVE-2025-22225"),
        "https://endoflife.date/esxi (read 2026-11-03)", "VMware ESXi 6.7.0 build-17700523", "tcp", 443, "critical",
        ("CVE-2021-21974", "CVE-2025-22225"), True),
    PatchRow("front-desk/10.20.10.22", "windows", "10.0.17763", "UNKNOWN", "base-build-only", "high", None, None,
        None, "2029-01-09", (), None, "NTLM 10.0.17763", "tcp", 445),
    PatchRow("clinical/10.20.30.15", "openssh", "9.2p1-2+deb12u7", "COMPLIANT", "Debian's revision has the fix",
        "high", "1:9.2p1-2+deb12u3", "2024-07-01", None, None, (), TRACKER, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7",
        "tcp", 22),
    PatchRow("guest/10.20.50.77", SCRIPT, NUL, "UNKNOWN", "untrusted-banner", "low", None, None, None, None, (), None,
        FORMULA + TEMPLATE, "tcp", 8080),
)  # fmt: skip

_BREACHED = {
    ("guest", "servers"): 3,
    ("guest", "clinical"): 1,
    ("front-desk", "servers"): 1,
    ("front-desk", "management"): 1,
    ("voice", "management"): 1,
    ("clinical", "voice"): 1,
}
_NO_VANTAGE = "management"
"""Nobody stood here, so nothing is known about what it can reach."""


def _cell(from_: str, to: str) -> CellRow:
    crossed = _BREACHED.get((from_, to), 0)
    if from_ == _NO_VANTAGE:
        return CellRow(from_, to, "UNTESTED", 0, 0, 0, f"no vantage stood in {from_}")
    if crossed:
        return CellRow(from_, to, "BREACHED", 1200, crossed + 2, crossed, f"{crossed} forbidden flow(s) crossed")
    if to == "guest":
        return CellRow(
            from_,
            to,
            "UNPROVEN",
            300,
            0,
            0,
            "no service of guest was seen up from its own zone: silence proves nothing",
        )
    return CellRow(from_, to, "AS_POLICY", 1200, 2, 0, "every forbidden flow was dropped or rejected, with controls")


def _flow(
    from_: str, to: str, address: str, port: int, verdict: FlowVerdict, reason: str, allowed: bool = False
) -> FlowRow:
    return FlowRow(from_, to, address, "tcp", port, verdict, reason, allowed, f"tcp/{port} of {address}: {reason}")


FLOWS = (
    _flow("guest", "servers", "10.20.20.10", 5432, "REACHED", "completed handshake"),
    _flow("guest", "servers", "10.20.20.11", 445, "REACHED", "completed handshake"),
    _flow("guest", "servers", "10.20.20.10", 8443, "REACHED", "reset by the target itself"),
    _flow("guest", "clinical", "10.20.30.16", 8080, "ONE_WAY",
        "the canary saw the nonce, the answer never came back"),
    _flow("front-desk", "servers", "10.20.20.10", 443, "REACHED", "completed handshake", allowed=True),
    _flow("front-desk", "servers", "fd20:0:0:20::12", 80, "REACHED", "completed handshake"),
    _flow("front-desk", "management", "10.20.99.5", 443, "REACHED", "completed handshake"),
    _flow("voice", "management", "10.20.99.40", 22, "TARGET_DOWN_PATH_OPEN", "host unreachable from the last router"),
    _flow("voice", "servers", "10.20.20.10", 6514, "REJECTED", "admin-prohibited from 10.20.40.1", allowed=True),
    _flow("clinical", "voice", "10.20.40.9", 5060, "REACHED", "completed handshake " + SCRIPT),
    _flow("clinical", "guest", "10.20.50.77", 8080, "UNPROVEN",
        "silent; guest/10.20.50.77 tcp/8080 was not seen up from guest"),
    _flow("clinical", "servers", "10.20.20.10", 5432, "DROPPED",
        "silent three times; up from servers; this vantage reached 10.20.20.10 tcp/443"),
)  # fmt: skip


def _vantage(zone: str, third: int, complete: bool = True) -> VantageRow:
    ended = f"2026-11-05T{third % 10 + 9:02}:42:10Z" if complete else None
    return VantageRow(
        zone, "enp0s31f6", f"10.20.{third}.250", f"2026-11-05T{third % 10 + 9:02}:05:00Z", ended, complete, "raw"
    )


VANTAGES = (
    _vantage("front-desk", 10),
    _vantage("clinical", 30),
    _vantage("servers", 20),
    _vantage("voice", 40),
    _vantage("guest", 50, False),
)  # fmt: skip

REMEDIATION = (
    RemedyRow("Close guest to servers", tuple(f.id for f in FINDINGS if f.from_ == "guest" and f.to == "servers"),
        "On fw-1, deny any from 10.20.50.0/24 to 10.20.20.0/24, above rule 12."),
    RemedyRow("Replace ESXi 6.7 with 8.0 U3", tuple(f.id for f in FINDINGS if f.host == "management/10.20.99.5"),
        "Back up the host's configuration, then upgrade through 7.0."),
    RemedyRow("Deny front desk to management", (FINDINGS[4].id, FINDINGS[9].id),
        "On fw-1, deny any from 10.20.10.0/24 to 10.20.99.0/24."),
    RemedyRow("Update OpenSSH on practice-db", (FINDINGS[13].id,),
        "apt install openssh-server; no restart of the database is needed."),
)  # fmt: skip


def _coverage(cell: CellRow) -> CoverageRow:
    if cell.verdict == "UNTESTED":
        return CoverageRow(cell.from_, cell.to, "untested", cell.reason)
    if cell.from_ == "guest":
        return CoverageRow(
            cell.from_,
            cell.to,
            "partial",
            "the session from guest is not complete: 61% of the ports were probed; --resume goes on",
        )
    return CoverageRow(
        cell.from_, cell.to, "tested", "all 254 addresses, the 100 most used TCP ports, 12 UDP ports, IPv4 and IPv6"
    )


def sample_report() -> Report:
    """Six zones, twelve hosts, twenty findings: at least one of every kind, severity, verdict and state."""
    cells = tuple(_cell(a.name, b.name) for a, b in itertools.product(ZONES, ZONES) if a != b)
    verdicts: tuple[CellVerdict, ...] = ("BREACHED", "AS_POLICY", "UNPROVEN", "UNTESTED")
    still_open = [f for f in FINDINGS if f.exception is None or f.exception.expired]
    return Report(
        schema=1,
        client="Harbor Dental",
        site="main-office",
        generated="2026-11-06",
        vantages=VANTAGES,
        hosts=HOSTS,
        reachability=FLOWS,
        cells=cells,
        patches=PATCHES,
        findings=FINDINGS,
        remediation=REMEDIATION,
        coverage=tuple(_coverage(cell) for cell in cells),
        digests=Digests(*(f"sha256:{digit * 64}" for digit in "1a2b")),
        zones=ZONES,
        summary=Summary(
            hosts=len(HOSTS),
            services=sum(len(host.services) for host in HOSTS),
            findings={
                s: sum(f.severity == s for f in still_open) for s in ("info", "low", "medium", "high", "critical")
            },
            cells={v: sum(cell.verdict == v for cell in cells) for v in verdicts},
            patches={
                v: sum(p.verdict == v for p in PATCHES)
                for v in ("COMPLIANT", "NON_COMPLIANT", "END_OF_LIFE", "UNKNOWN")
            },
            excepted=len(FINDINGS) - len(still_open),
            risk=sum(f.risk for f in still_open),
        ),
    )
