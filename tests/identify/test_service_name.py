"""The trade's names of protocols, proven or only assigned."""

from __future__ import annotations

from tables import for_every

from scanner.identify.service import service_name
from scanner.model.base import Transport
from scanner.model.observation import Reading


@for_every(
    ("transport", "port", "kinds", "tls", "name"),
    [
        ("tcp", 22, ("ssh", "ssh.kex"), False, "ssh"),
        ("tcp", 4242, ("ssh",), False, "ssh"),
        ("tcp", 22, (), False, "ssh?"),
        ("tcp", 80, ("http.response", "http.server"), False, "http"),
        ("tcp", 4242, ("tls.version", "tls.cert", "http.response"), True, "https"),
        ("tcp", 993, ("tls.cert", "imap"), True, "imaps"),
        ("tcp", 143, ("imap", "imap.id", "tls.cert"), True, "imap"),
        ("tcp", 25, ("smtp", "smtp.ehlo", "tls.version", "tls.cert"), True, "smtp"),
        ("tcp", 6697, ("tls.cert", "irc"), True, "ircs"),
        ("tcp", 23, ("telnet.options", "telnet"), False, "telnet"),
        ("tcp", 4190, ("sieve",), False, "sieve"),
        ("tcp", 4242, ("tls.cert",), True, "ssl"),
        ("tcp", 5432, ("tls.cert", "postgresql"), True, "postgresql"),
        ("tcp", 3389, ("rdp", "rdp.security", "tls.cert"), True, "ms-wbt-server"),
        ("tcp", 445, ("smb", "ntlm"), False, "microsoft-ds"),
        ("udp", 53, ("dns",), False, "domain"),
        ("udp", 161, ("snmp.sysdescr",), False, "snmp"),
        ("tcp", 3306, ("mysql.error",), False, "mysql"),
        ("tcp", 4242, ("banner",), False, ""),
        ("tcp", 25, ("banner",), False, "smtp?"),
        ("icmp", 8, (), False, "icmp"),
    ],
)
def test_service_name(transport: Transport, port: int, kinds: tuple[str, ...], tls: bool, name: str) -> None:
    assert service_name(transport, port, [Reading(kind, b"x") for kind in kinds], tls) == name
