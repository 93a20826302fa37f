"""Logins in the clear: telnet, FTP, the BSD r-commands, mail and web pages that ask for a password without TLS."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.assess.exposures.rule import Exposure, Host, Rule, Scene, Service, told
from scanner.assess.exposures.words import appliance
from scanner.model.observation import Reading

_LOOKED_AT = 8192
"""Bytes of an answer: whatever the pattern, the time for it is bounded."""
_PROMPT = re.compile(
    rb"(?:login|user ?name|password|passwd|^[ \t]*user)[ \t]*:(?:[ \t\0]|\x1b\[[0-9;?]{0,12}[a-z])*(?:[\r\n]|\Z)",
    re.IGNORECASE | re.MULTILINE,
)
"""What telnet without options is known by: a line that ends in asking for a login. On its port any text is taken for
telnet, and one that ends in `>` may be anything."""
_R_COMMANDS = ("rlogin", "rsh", "rexec")
_PASSWORD_FIELD = re.compile(rb"<input\b[^>]{0,400}\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
_POSTS_OVER_TLS = re.compile(rb"<form\b[^>]{0,400}\baction\s*=\s*[\"']?https:", re.IGNORECASE)
_LEAVES_FOR_TLS = re.compile(
    rb"\blocation(?:\.(?:href|protocol))?\s*=(?!=)[^;?=]{0,80}[\"'`]https:"
    rb"|\blocation\.(?:replace|assign)\s*\([^;?=]{0,80}[\"'`]https:"
    rb"|<meta\b(?=[^>]{0,300}\bhttp-equiv\s*=\s*[\"']?refresh\b)[^>]{0,300}\burl\s*=\s*[\"']?https:",
    re.IGNORECASE,
)
"""A page that goes elsewhere by itself. One that only asks whether it came over TLS stays."""
_BASIC = re.compile(rb"(?:\A|,)\s*basic\b", re.IGNORECASE)
_MAIL = (
    ("IMAP", ("imap", "imap.capability", "imap.capabilities"), b"STARTTLS", b"IMAP4"),
    ("POP3", ("pop3.capa", "pop3.capabilities"), b"STLS", b"USER"),
    ("SMTP", ("smtp.ehlo", "smtp.capabilities"), b"STARTTLS", b""),
)
"""(protocol, readings of its capabilities, the one of starting TLS, the one of a login)."""
_AUTH_TLS = re.compile(rb"\bAUTH\b[^\r\n]{0,40}\b(?:TLS|SSL)\b|\[TLS\]", re.IGNORECASE)
_MAIL_LOGIN = re.compile(rb"\bAUTH[ =][^\r\n]{0,200}\b(?:PLAIN|LOGIN)\b", re.IGNORECASE)


def _find(scene: Scene, host: Host) -> Iterator[Exposure]:
    for service in host.services:
        if service.encrypted:
            continue
        yield from _terminals(service)
        yield from _ftp(service)
        yield from _mail(service)
        yield from _web(host, service)


def _terminals(service: Service) -> Iterator[Exposure]:
    if service.raw("telnet.options") or _PROMPT.search((service.raw("telnet") or b"")[:_LOOKED_AT]):
        yield Exposure(
            "telnet", "cleartext", "medium", "telnet carries passwords in the clear",
            "Turn telnet off; manage the device over SSH or HTTPS.", service, service.shown("telnet", "telnet.options"),
        )  # fmt: skip
    if told(service.raw("xdmcp.access")) == "willing":
        yield Exposure(
            "xdmcp", "cleartext", "medium", "XDMCP offers a desktop's login in the clear",
            "Turn XDMCP off; forward desktops through SSH or RDP.", service, service.shown("xdmcp.access", "xdmcp"),
        )  # fmt: skip
    for kind in _R_COMMANDS:
        if service.raw(kind) is not None:
            yield Exposure(
                kind, "cleartext", "high", f"{kind} trusts addresses and carries everything in the clear",
                "Turn rlogin, rsh and rexec off; use SSH.", service, service.shown(kind),
            )  # fmt: skip


def _ftp(service: Service) -> Iterator[Exposure]:
    """FTP at 220: it would take a login. One that offers TLS, by its features or its greeting, says so."""
    greeting = service.raw("ftp")
    if greeting is None or not greeting.startswith(b"220") or _offers(service, "ftp", _AUTH_TLS):
        return
    yield Exposure(
        "ftp", "cleartext", "low", "FTP carries passwords in the clear",
        "Replace FTP by SFTP, or require TLS of it (FTPS).", service, service.shown("ftp", "ftp.feat"),
    )  # fmt: skip


def _mail(service: Service) -> Iterator[Exposure]:
    """Only where the server lists its capabilities: a login is offered at once, and TLS is not.

    IMAP takes LOGIN unless it says LOGINDISABLED (RFC 3501 6.2.3).
    """
    for protocol, kinds, start, login in _MAIL:
        said = b"\n".join(each.raw for each in service.every(*kinds))[:_LOOKED_AT].upper()
        if protocol == "IMAP" and b"CAPABILITY" not in said:
            continue
        offered = bool(_MAIL_LOGIN.search(said)) if protocol == "SMTP" else login in said
        if not said or start in said or b"LOGINDISABLED" in said or not offered:
            continue
        yield Exposure(
            f"{protocol.lower()}-login", "cleartext", "medium", f"{protocol} offers a login and no TLS",
            "Require TLS of mail logins (STARTTLS, or the ports 993, 995 and 465).", service, service.shown(*kinds),
        )  # fmt: skip


def _web(host: Host, service: Service) -> Iterator[Exposure]:
    """A page without TLS that takes a password: Basic authentication, or a form with a password field."""
    basic = [each for each in service.every("http.www-authenticate") if _BASIC.search(each.raw)]
    field = next((found for each in service.every("http.body") if (found := _password_field(each.raw))), None)
    if not basic and field is None:
        return
    manages = host.router or appliance(host)
    proof = basic[0] if basic else Reading("http.body", field or b"")
    yield Exposure(
        "http-login", "cleartext", "medium" if manages else "low",
        f"a {'management ' if manages else ''}page takes passwords over HTTP without TLS",
        "Serve logins over HTTPS only; turn plain HTTP off or let it redirect.", service,
        service.quoted(proof, *service.every("http.server", "http.title")),
        replay="curl -sI http://{h}:{p}/", subject="",
    )  # fmt: skip


def _password_field(body: bytes) -> bytes | None:
    body = body[:_LOOKED_AT]
    if _POSTS_OVER_TLS.search(body) or _LEAVES_FOR_TLS.search(body):
        return None
    found = _PASSWORD_FIELD.search(body)
    return found[0] if found else None


def _offers(service: Service, protocol: str, tls: re.Pattern[bytes]) -> bool:
    return any(
        (each.kind == protocol or each.kind.startswith(f"{protocol}.")) and tls.search(each.raw)
        for each in service.readings
    )


RULE = Rule(
    _find,
    frozenset(
        {"telnet.options", "telnet", "xdmcp.access", "ftp", "http.www-authenticate", "http.body", *_R_COMMANDS}
        | {kind for _, kinds, *_ in _MAIL for kind in kinds}
    ),
)
