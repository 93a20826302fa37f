"""Client data behind pseudonyms, for a screen that others look at and for what is handed on. Pure.

Masked are the client, the site, people, names, addresses, MACs and evidence, in whatever text they stand. The zones
stay: `servers/h-017` is some host of the zone servers. What is said about it, verdicts, products, versions, ports,
stays as it is. The same thing bears the same pseudonym everywhere, and in every report that one Mask has seen.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from scanner.model.report import Report

T = TypeVar("T", bound=msgspec.Struct)
_KNOWN = 200_000

HIDDEN = "(masked)"
"""In place of what no pseudonym can stand for: evidence, an authorisation, somebody's reasons."""

_HIDE = frozenset({"evidence", "device_evidence", "device_doubts", "authorization", "statement", "attachment"})
"""Keys whose text is not ours and may hold anything."""
_KEEP = frozenset({
    "generated", "severity", "verdict", "state", "transport", "service", "product", "version", "cpe", "revision",
    "distro", "kind", "controls", "vendor", "device", "trust", "started", "ended", "engine", "purpose", "interface",
    "zone", "exposed_to", "required", "latest", "banner", "kb", "cves", "kev", "epss", "fixed_at", "eol",
    "due", "until", "released", "taken", "format", "os_confidence", "device_confidence", "confidence", "ports",
    "digests", "observed", "how",
})  # fmt: skip
"""Keys that hold words of ours, figures, zones and products. Whatever is in neither set is searched."""
_PEOPLE = frozenset({"owner", "approved_by"})

_V4 = r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\w]|\.\d)"
_COLONS = r"(?<![\w:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:[.\d]{2,12})?(?:/\d{1,3})?(?!\w)"
_MACS = r"\b[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}\b|\b[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}\b"
_NUMBERED = re.compile(r"\d\.\d|[0-9A-Fa-f]:[0-9A-Fa-f:]|::|[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]")
"""What every address and every MAC holds somewhere: found sooner than they are."""
_DOTTED = re.compile(r"[\w-]\.[A-Za-z]{2}")
_WORD = re.compile(r"[\w][\w.-]*")
_DOMAIN = re.compile(r"(?<![\w./@-])(?:[\w-]+\.)+[A-Za-z]{2,24}(?![\w/-])")
_FILES = frozenset({"yaml", "yml", "json", "conf", "cfg", "ini", "php", "exe", "csv", "txt", "xml", "html", "zip"})
"""What ends a file's name that our own sentences use, such as `site.yaml`."""


def masked(report: Report, mask: Mask | None = None) -> Report:
    """The report behind pseudonyms; `mask` remembers those of earlier ones."""
    return (mask or Mask()).report(report)


class Mask:
    """Hands out pseudonyms and remembers them."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        self._zones: tuple[str, ...] = ()
        self._small_zones: frozenset[str] = frozenset()
        self._nets: list[tuple[Any, str]] = []
        self._legs: dict[str, dict[str, str]] = {}
        """Address, in its shortest form -> zone -> pseudonym."""
        self._words: dict[str, str] = {}
        """Names of hosts, in small letters."""
        self._phrases: dict[str, str] = {}
        """What may hold blanks: the client, critical systems, people. In small letters."""
        self._versions: set[str] = set()
        """Versions that look like addresses and are none."""
        self._places: dict[tuple[str, str], str] = {}
        """Addresses that stood in a text, and what stands there now; so with whole texts."""
        self._known: dict[tuple[str, str], str] = {}
        self._pattern = re.compile(f"{_V4}|{_COLONS}|{_MACS}")
        self._literals: re.Pattern[str] | None = None

    def report(self, report: Report) -> Report:
        self.learn(report)
        # A logo, and whose it is, can be the client's.
        bare = msgspec.structs.replace(report, look=None)
        return msgspec.convert(self._walk(msgspec.to_builtins(bare), "", ""), Report)

    def rows(self, value: T) -> T:
        """Any other struct whose keys are those of a report: a difference between scans."""
        return msgspec.convert(self._walk(msgspec.to_builtins(value), "", ""), type(value))

    def learn(self, report: Report) -> None:
        """Note who is who, in the report's order, so that equal reports get equal pseudonyms."""
        self._places.clear()
        self._known.clear()
        self._zones = tuple(dict.fromkeys((*self._zones, *(zone.name for zone in report.zones))))
        self._small_zones = frozenset(map(str.lower, self._zones))
        for zone in report.zones:
            for at, text in enumerate(zone.subnets, 1):
                self._net(zone.name, text, at)
        self._phrase(report.client, "Client")
        self._phrase(report.site, "site")
        for host in report.hosts:
            label = self._pseudonym("h", host.id)
            for at, address in enumerate(host.addresses, 1):
                leg = label if at == 1 else f"{label}.{at}"
                self._legs.setdefault(_short(address), {}).setdefault(host.zone, f"{host.zone}/{leg}")
            for at, name in enumerate(host.names, 1):
                self._name(name, label.replace("h-", "name-") + (f".{at}" if at > 1 else ""))
        critical = (*(host.critical for host in report.hosts), *(path.critical for path in report.paths))
        for name in filter(None, (*critical, *(each for row in report.blast for each in row.critical))):
            self._phrase(name, self._pseudonym("critical", name))
        people = [(row.owner, row.approved_by) for row in report.accepted]
        people += [(row.exception.owner, row.exception.approved_by) for row in report.findings if row.exception]
        people += [(row.owner, "") for row in report.attestations]
        for person in filter(None, dict.fromkeys(name for pair in people for name in pair)):
            self._phrase(person, self._pseudonym("person", person))
        for inventory in report.inventories:
            self._phrase(inventory.source.partition(" (")[0], self._pseudonym("inventory", inventory.source))
            for name in inventory.names:
                self._name(name, self._pseudonym("label", name))
        self._versions.update(_versions(report))
        # A zone stays as it is, even where the client's name is a part of its own.
        phrases = sorted({*self._phrases, *map(str.lower, self._zones)}, key=len, reverse=True)
        self._literals = re.compile("|".join(map(_literal, phrases)), re.IGNORECASE)
        zones = "|".join(map(re.escape, sorted(self._zones, key=len, reverse=True))) or r"(?!)"
        self._pattern = re.compile(f"(?:(?<![\\w-])(?P<zone>{zones})/)?(?:{_V4}|{_COLONS}|{_MACS})")

    def text(self, text: str, zone: str = "") -> str:
        """A text with whatever names the client, a person, a machine or an address replaced.

        `zone`: whose host a bare address is, where two zones have it.
        """
        key = (text, zone)
        if key not in self._known:
            if len(self._known) > _KNOWN:
                self._known.clear()
            self._known[key] = self._text(text, zone)
        return self._known[key]

    def _text(self, text: str, zone: str) -> str:
        if text in self._zones:
            return text
        small = text.lower()
        if self._literals is not None and any(each in small for each in self._phrases):
            text = self._literals.sub(self._literal, text)
        if _NUMBERED.search(text):
            text = self._pattern.sub(lambda found: self._addressed(found, zone), text)
        if _DOTTED.search(text):
            text = _DOMAIN.sub(self._domain, text)
        if self._words and not self._words.keys().isdisjoint(each.rstrip(".-") for each in _WORD.findall(small)):
            text = _WORD.sub(self._word, text)
        return text

    def address(self, address: str, zone: str = "") -> str:
        """The pseudonym of an address, its zone in sight: `servers/h-017`."""
        key = _short(address)
        legs = self._legs.get(key)
        if legs is None:
            where = zone or next((name for net, name in self._nets if _within(key, net)), "elsewhere")
            legs = self._legs[key] = {where: f"{where}/{self._pseudonym('h', f'{where}/{key}')}"}
        return legs.get(zone) or next(iter(legs.values()))

    # What the pieces become

    def _pseudonym(self, kind: str, real: str) -> str:
        if (kind, real) not in self._given:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            number = self._counts[kind]
            self._given[kind, real] = f"{kind}-{number:03}" if kind in ("h", "mac") else f"{kind}-{number}"
        return self._given[kind, real]

    def _net(self, zone: str, text: str, at: int) -> None:
        try:
            net = ipaddress.ip_network(text, strict=False)
        except ValueError:
            return
        if (net, zone) not in self._nets:
            self._nets.append((net, zone))
        for each in (str(net), _short(text), str(net.network_address)):
            self._legs.setdefault(each, {}).setdefault(zone, f"{zone}/net-{at}")

    def _phrase(self, text: str, pseudonym: str) -> None:
        """The text as it is, and as names of files and domains write it."""
        text = text.strip().lower()
        for each in (text, text.replace(" ", "-"), text.replace(" ", "_"), text.replace(" ", "")):
            # A letter or two would be found in every other word.
            if len(each) > 2:
                self._phrases.setdefault(each, pseudonym)

    def _name(self, name: str, pseudonym: str) -> None:
        name = name.strip().lower()
        if not _WORD.fullmatch(name):
            self._phrase(name, pseudonym)
            return
        first = name.partition(".")[0]
        for each in (name.rstrip(".-"), first):
            # A zone may be called as a host is; zones stay. The `logs` of logs.example.net is a word of any sentence.
            if each and each not in self._zones and (each == name or not each.isalpha()):
                self._words.setdefault(each, pseudonym)

    def _literal(self, found: re.Match[str]) -> str:
        phrase = found[0].lower()
        return found[0] if phrase in self._small_zones else self._phrases.get(phrase, HIDDEN)

    def _addressed(self, found: re.Match[str], zone: str) -> str:
        key = (found[0], zone)
        if key not in self._places:
            self._places[key] = self._place(found[0], found.groupdict().get("zone"), zone)
        return self._places[key]

    def _place(self, text: str, named: str | None, zone: str) -> str:
        bare = text[len(named) + 1 :] if named else text
        # The colon after an address belongs to the sentence.
        end = len(bare.rstrip(":")) if not bare.endswith("::") else len(bare)
        bare, rest = bare[:end], bare[end:]
        if bare in self._versions and _short(bare) not in self._legs:
            return text
        if re.fullmatch(_MACS, bare) or (bare.count(":") == 5 and "::" not in bare and len(bare) == 17):
            return (f"{named}/" if named else "") + self._pseudonym("mac", re.sub(r"\W", "", bare.lower())) + rest
        try:
            interface = ipaddress.ip_interface(bare)
        except ValueError:
            return text
        if _a_mask(str(interface.ip)):
            return text
        plain = bare.partition("/")[0] if str(interface.network) not in self._legs else str(interface.network)
        return self.address(plain, named or zone) + rest

    def _domain(self, found: re.Match[str]) -> str:
        name = found[0].lower()
        if name.rpartition(".")[2] in _FILES or name in self._versions:
            return found[0]
        return self._words.get(name) or self._pseudonym("domain", name)

    def _word(self, found: re.Match[str]) -> str:
        word = found[0].lower().rstrip(".-")
        pseudonym = self._words.get(word)
        return found[0] if pseudonym is None else pseudonym + found[0][len(word) :]

    # Through a report

    def _walk(self, value: Any, key: str, zone: str) -> Any:
        if isinstance(value, str):
            return self._leaf(value, key, zone)
        if isinstance(value, dict):
            zone = _zone_of(value) or zone
            return {name: each if _kept(name, each) else self._walk(each, name, zone) for name, each in value.items()}
        if isinstance(value, list | tuple):
            if key in _HIDE and value:
                return [HIDDEN]
            return [self._walk(each, key, zone) for each in value]
        return value

    def _leaf(self, text: str, key: str, zone: str) -> str:
        if not text:
            return text
        if key in _HIDE:
            return HIDDEN
        if key == "client":
            return "Client"
        if key == "site":
            return "site"
        if key in _PEOPLE:
            return self._pseudonym("person", text)
        if key == "mac":
            return self._pseudonym("mac", re.sub(r"\W", "", text.lower()))
        if key == "names":
            name = text.strip().lower()
            return self._words.get(name.rstrip(".-")) or self._phrases.get(name) or self._pseudonym("label", name)
        if key in ("address", "addresses"):
            return self.address(text, zone)
        return self.text(text, zone)


def _kept(name: str, value: Any) -> bool:
    """A finding's controls are names; the report's own are rows, which say who attests what."""
    return name in _KEEP and not (name == "controls" and value and isinstance(value[0], dict))


def _zone_of(row: Mapping[str, Any]) -> str:
    """The zone that the addresses of a row are in."""
    for key in ("zone", "to", "host"):
        value = row.get(key)
        if isinstance(value, str) and value and ("/" in value or key != "host"):
            # A host's id begins with its zone.
            return value.partition("/")[0]
    return ""


def _literal(phrase: str) -> str:
    # Short ones would be found inside of other words.
    return re.escape(phrase) if len(phrase) > 5 else rf"(?<!\w){re.escape(phrase)}(?!\w)"


def _versions(report: Report) -> Iterable[str]:
    for patch in report.patches:
        yield from filter(None, (patch.version, patch.required, patch.latest, patch.banner))
    for host in report.hosts:
        yield from (service.version for service in host.services if service.version)
        yield from (item.version for item in host.software)


def _short(address: str) -> str:
    """An address as `ipaddress` writes it; anything else as it is."""
    if address.count(".") == 3 and ":" not in address:
        return address
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address


def _within(address: str, net: Any) -> bool:
    try:
        return ipaddress.ip_address(address) in net
    except ValueError:
        return False


def _a_mask(address: str) -> bool:
    """Whether it is a netmask or a wildcard mask, or no address of anybody's."""
    return address.startswith(("255.", "0.", "127.")) or address in ("::", "::1")
