"""Steps of an attack path in sentences that the owner of a network understands.

Findings, every exporter and the screens say it with these.
"""

from __future__ import annotations

from scanner.model.report import HopRow

_SMB = "Windows file sharing (SMB)"
_WINRM = "Windows Remote Management"
_REMOTE = "Remote Desktop"
_NAMES: dict[str, str] = {
    "ssh": "SSH", "telnet": "Telnet", "rdp": _REMOTE, "ms-wbt-server": _REMOTE, "winrm": _WINRM, "wsman": _WINRM,
    "smb": _SMB, "microsoft-ds": _SMB, "netbios-ssn": _SMB, "msrpc": "Windows RPC", "vnc": "VNC (its screen)",
    "winbox": "Winbox", "rlogin": "rlogin", "rsh": "rsh", "exec": "rexec", "login": "rlogin", "ftp": "FTP",
    "http": "HTTP", "https": "HTTPS", "postgresql": "PostgreSQL", "mysql": "MySQL", "ms-sql-s": "SQL Server",
    "oracle": "Oracle", "mongodb": "MongoDB", "redis": "Redis", "ldap": "LDAP", "snmp": "SNMP", "nfs": "NFS",
    "iscsi": "iSCSI", "domain": "DNS", "dns": "DNS",
}  # fmt: skip
"""Services as they are spoken of; any other goes by the name that it has."""
_PORTS: dict[int, str] = {
    22: "ssh", 23: "telnet", 135: "msrpc", 139: "smb", 445: "smb", 512: "exec", 513: "login", 514: "rsh",
    902: "VMware", 3389: "rdp", 5432: "postgresql", 5900: "vnc", 5901: "vnc", 5902: "vnc", 5985: "winrm",
    5986: "winrm", 8291: "winbox", 8728: "the RouterOS API",
}  # fmt: skip
"""What a TCP port is taken for where nothing said what runs there: those by which a login is assumed."""


def asked(via: str) -> str:
    """How a probe was dressed, or what a step goes through: `from source port 53`; empty for a plain one."""
    kind, _, what = via.partition("-")
    if kind == "sport" and what:
        return f"from source port {what}"
    if via == "fragments":
        return "in fragments"
    if via.startswith("port forward "):
        return f"through the {via}"
    return f"by way of {what}" if kind == "by" and what else via


def service_of(transport: str | None, port: int | None) -> str:
    """`tcp/22`, `ping`; empty for no service."""
    if transport == "icmp":
        return "icmp" if port is None else {8: "ping", 128: "ping", 13: "ICMP timestamp"}.get(port, f"icmp type {port}")
    return f"{transport}/{'any' if port is None else port}" if transport else ""


def hop_service(hop: HopRow) -> str:
    """The service that a step uses, and how it gets there if not plainly: `tcp/22, by way of 10.20.50.7`."""
    if hop.transport is None:
        return ""
    return ", ".join(filter(None, (service_of(hop.transport, hop.port), asked(hop.via))))


def hop_words(hop: HopRow, critical: str = "", into: str = "") -> str:
    """What happens in a step: `logs in over SSH with a password or key`. `critical`: the system that is its goal;
    `into`: the zone into which it forwards."""
    goal = f" to {critical}" if critical else ""
    if hop.how == "credential":
        return f"logs in{goal}{_over(hop)} with a password or key"
    if hop.how.startswith("exploit: "):
        return f"breaks in{goal} through known flaws of {hop.how.removeprefix('exploit: ')}"
    if hop.how == "data":
        return f"reaches {critical or 'its data'}{_over(hop)}"
    if hop.how == "bridge":
        other = f", as {hop.via.removeprefix(BRIDGE)} too" if hop.via.startswith(BRIDGE) else ""
        return f"the same machine has a leg in each zone{other}"
    if hop.how == "forwards":
        return f"forwards packets into {into or 'the next zone'}"
    return hop.how


def hop_proof(hop: HopRow) -> str:
    """`observed`. Nobody logged in or broke in: of such a step only that the port is open was seen."""
    if not hop.observed:
        return "inferred"
    return "port observed" if hop.how == "credential" or hop.how.startswith("exploit: ") else "observed"


def hop_line(hop: HopRow, critical: str = "", into: str = "") -> str:
    """The whole step: `guest → servers/10.20.20.7 tcp/22: logs in over SSH with a password or key (port observed)`."""
    # A machine with several legs is left by the leg that it has in this zone.
    start = hop.via.removeprefix(BRIDGE) if hop.via.startswith(BRIDGE) else hop.from_
    service = hop_service(hop)
    words = "the same machine has a leg in each zone" if hop.how == "bridge" else hop_words(hop, critical, into)
    return f"{start} → {hop.to}{f' {service}' if service else ''}: {words} ({hop_proof(hop)})"


BRIDGE = "dual-homed host "
"""`HopRow.via` of a step that a machine with a leg in each zone is: this and the id of the leg that it starts on."""


def _over(hop: HopRow) -> str:
    name = (hop.service or "").removesuffix("?") or (_PORTS.get(hop.port or 0, "") if hop.transport == "tcp" else "")
    return f" over {_NAMES.get(name, name)}" if name else ""
