"""How people write services into a spreadsheet: `443`, `TCP 443`, `443/tcp`, `https`, `any`, `none`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from scanner.model.groups import did_you_mean
from scanner.model.site import service_range

YES = frozenset({"yes", "y", "any", "all", "allow", "allowed", "permit", "permitted", "accept", "full", "ok", "true",
                 "*", "✓", "✔"})  # fmt: skip
NO = frozenset({"no", "n", "none", "deny", "denied", "block", "blocked", "drop", "reject", "false", "never", "-", "–",
                "—", "✗", "✘"})  # fmt: skip
_UNCLEAR = frozenset({"0", "1", "x"})

NAMES: dict[str, tuple[str, ...]] = {
    "bacnet": ("udp/47808",),
    "dhcp": ("udp/67",),
    "dns": ("tcp/53", "udp/53"),
    "domain": ("tcp/53", "udp/53"),
    "echo": ("icmp/8",),
    "ftp": ("tcp/21",),
    "ftps": ("tcp/990",),
    "http": ("tcp/80",),
    "https": ("tcp/443",),
    "icmp": ("icmp",),
    "imap": ("tcp/143",),
    "imaps": ("tcp/993",),
    "ipp": ("tcp/631",),
    "jetdirect": ("tcp/9100",),
    "kerberos": ("tcp/88", "udp/88"),
    "ldap": ("tcp/389",),
    "ldaps": ("tcp/636",),
    "lpd": ("tcp/515",),
    "modbus": ("tcp/502",),
    "mongodb": ("tcp/27017",),
    "mqtt": ("tcp/1883",),
    "mssql": ("tcp/1433",),
    "mysql": ("tcp/3306",),
    "nfs": ("tcp/2049",),
    "ntp": ("udp/123",),
    "oracle": ("tcp/1521",),
    "ping": ("icmp/8",),
    "pop3": ("tcp/110",),
    "pop3s": ("tcp/995",),
    "postgres": ("tcp/5432",),
    "postgresql": ("tcp/5432",),
    "radius": ("udp/1812", "udp/1813"),
    "rdp": ("tcp/3389",),
    "redis": ("tcp/6379",),
    "rtsp": ("tcp/554",),
    "sftp": ("tcp/22",),
    "sip": ("tcp/5060", "udp/5060"),
    "sips": ("tcp/5061",),
    "smb": ("tcp/445",),
    "smtp": ("tcp/25",),
    "smtps": ("tcp/465",),
    "snmp": ("udp/161",),
    "ssh": ("tcp/22",),
    "submission": ("tcp/587",),
    "syslog": ("udp/514",),
    "syslog-tls": ("tcp/6514",),
    "telnet": ("tcp/23",),
    "tftp": ("udp/69",),
    "vnc": ("tcp/5900",),
    "winrm": ("tcp/5985", "tcp/5986"),
}
"""The port that each is assigned, and that a firewall's own object of that name means."""

_SPLIT = re.compile(r"[\s,;|+&]+|(?<!\S)/(?!\S)")
_PORTS = re.compile(r"\d{1,5}(?:-\d{1,5})?")


class Words(msgspec.Struct, frozen=True):
    """What one cell says. Nothing at all, where it is empty."""

    services: tuple[str, ...] = ()
    """What may pass, as a rule has it."""
    but: tuple[str, ...] = ()
    """What of it may not: `!tcp/23`."""
    no: bool = False
    """It says that nothing may pass, in so many words."""


def read_words(text: str, groups: Mapping[str, Sequence[str]]) -> Words:
    """The services of a cell. `groups`: those of the site file, by name. ValueError says what cannot be understood."""
    whole = text.strip().casefold()
    if not whole:
        return Words()
    if whole in YES:
        return Words(("any",))
    if whole in NO:
        return Words(no=True)
    if whole in _UNCLEAR:
        raise ValueError(f"{text.strip()!r} can be read in more than one way; write yes, no, or a service like tcp/443")
    found: dict[bool, list[str]] = {False: [], True: []}
    for negated, words in _tokens(text):
        found[negated] += _services(words, groups)
    if found[True] and not found[False]:
        raise ValueError(f"says what may not pass, not what may; write any !{found[True][0]}")
    if "any" in found[False] and len(set(found[False])) > 1:
        raise ValueError("any stands beside services: write the one or the other")
    return Words(tuple(dict.fromkeys(found[False])), tuple(dict.fromkeys(found[True])))


def _tokens(text: str) -> Iterator[tuple[bool, str]]:
    """(whether it is taken out, `tcp/443` or a name) of each service; ports without a transport are TCP's."""
    words = [each for each in _SPLIT.split(text.replace("–", "-")) if each]
    bare: list[str] = []
    udp = False
    transport = ""
    for number, word in enumerate(words):
        negated = word.startswith("!")
        low = word.removeprefix("!").casefold().replace(":", "/")
        left, slash, right = low.partition("/")
        following = words[number + 1] if number + 1 < len(words) else ""
        if not slash and left in ("tcp", "udp") and _PORTS.fullmatch(following):
            if negated:
                raise ValueError(f"{word} {following}: write !{left}/{following}")
            transport = left
            continue
        if _PORTS.fullmatch(left) and right in ("tcp", "udp"):
            left, slash, right = right, "/", left
        if _PORTS.fullmatch(low):
            if not transport:
                bare.append(low)
            left, slash, right = transport or "tcp", "/", low
            low = f"{left}/{low}"
        transport = ""
        udp = udp or left == "udp"
        yield negated, f"{left}{slash}{right}"
    if bare and udp:
        raise ValueError(f"{bare[0]} stands beside a UDP port: is it TCP or UDP? Write tcp/{bare[0]} or udp/{bare[0]}")


def _services(word: str, groups: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    for name in groups:
        if name.casefold() == word:
            return (name,)
    if word in NAMES:
        return NAMES[word]
    if word in YES:
        return ("any",)
    if word in NO:
        raise ValueError(f"{word!r} stands beside services: write the one or the other")
    try:
        service_range(word)
    except ValueError:
        near = did_you_mean(word, [*groups, *NAMES])
        mend = near or "write yes, no, or services like tcp/443, udp/53, https, icmp"
        raise ValueError(f"{word!r} is no service; {mend}") from None
    return (word,)
