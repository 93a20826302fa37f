"""recog's fingerprint databases as a second opinion, where the user has them: they do not come with the package.

A version or a revision is believed only where the pattern captured it from the bytes. What a fingerprint fixes (a
release of a distribution that it infers from a version, say) goes out of date, and is left out. Databases are parsed
when a reading of their kind is first asked about, and patterns compiled when they are first tried.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache

from scanner.errors import BadInput
from scanner.identify import cpe
from scanner.identify.matcher import LONGEST, Database, Fingerprint, Match, decode, load
from scanner.identify.prepare import texts
from scanner.model.product import Product
from scanner.model.text import visible

_FIELD = 256
FILES: dict[str, tuple[str, ...]] = {
    "ssh": ("ssh_banners.xml",),
    "http.server": ("http_servers.xml",),
    "http.powered-by": ("http_xpoweredby.xml",),
    "http.www-authenticate": ("http_wwwauth.xml",),
    "http.title": ("html_title.xml",),
    "http.favicon": ("favicons.xml",),
    "smtp": ("smtp_banners.xml",),
    "ftp": ("ftp_banners.xml",),
    "imap": ("imap_banners.xml",),
    "pop3": ("pop_banners.xml",),
    "nntp": ("nntp_banners.xml",),
    "mysql": ("mysql_banners.xml",),
    "mysql.error": ("mysql_error.xml",),
    "telnet": ("telnet_banners.xml",),
    "dns.version": ("dns_versionbind.xml",),
    "ntp.readvar": ("ntp_banners.xml",),
    "snmp.sysdescr": ("snmp_sysdescr.xml",),
    "sip.server": ("sip_banners.xml", "sip_user_agents.xml"),
    "rtsp.server": ("rtsp_servers.xml",),
    "x11": ("x11_banners.xml",),
}
"""By kind of reading."""
_GREETINGS = frozenset({"ssh", "smtp", "ftp", "imap", "pop3"})
"""Kinds whose protocol's prefix recog does not want, as ours do not."""
_BEHIND = re.compile(r"\s+(?:\(|\d+\.[\dx]).*$", re.DOTALL)
"""A version in the name of a product, which the hash of a favicon does not show."""
_HARDWARE = ("hw.device", "os.device", "service.device")


class Recog:
    """`files`: name -> XML. Never raises once made: a database that cannot be used says nothing."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        wanted = {name for names in FILES.values() for name in names}
        self._files = {name: raw for name, raw in files.items() if name in wanted}
        self._databases: dict[str, Database | None] = {}
        self.unusable: set[str] = set()
        """Files that are not what they should be, with the reason; known once they were asked for."""
        summed = hashlib.sha256()
        for name, raw in sorted(self._files.items()):
            summed.update(name.encode() + b"\0" + hashlib.sha256(raw).digest())
        self.digest = summed.hexdigest() if self._files else ""
        self._match = lru_cache(maxsize=16384)(self._found)

    def products(self, kind: str, raw: bytes) -> tuple[Product, ...]:
        """The products that recog's first matching fingerprint names; `()` for most."""
        return self._match(kind, raw)[0]

    def hardware(self, kind: str, raw: bytes) -> tuple[str, ...]:
        """The kinds of device that it names: `Printer`."""
        return self._match(kind, raw)[1]

    def _found(self, kind: str, raw: bytes) -> tuple[tuple[Product, ...], tuple[str, ...]]:
        names = FILES.get(kind, ())
        if not names or not raw:
            return (), ()
        text = next(iter(texts(kind, raw)), "") if kind in _GREETINGS else decode(raw).strip("\r\n\t \0")
        for name in names:
            database = self._database(name)
            for fingerprint in database.fingerprints if database and text else ():
                match = self._try(fingerprint, text[:LONGEST], name)
                if match is not None:
                    return _products(name, fingerprint, match), _hardware(match)
        return (), ()

    def _database(self, name: str) -> Database | None:
        if name not in self._databases:
            raw = self._files.get(name)
            self._databases[name] = None
            try:
                self._databases[name] = load(raw, name) if raw is not None else None
            except BadInput as error:
                self.unusable.add(str(error))
        return self._databases[name]

    def _try(self, fingerprint: Fingerprint, text: str, name: str) -> Match | None:
        try:
            return fingerprint.match(text)
        except BadInput as error:  # a pattern that re2 refuses: the file is somebody else's
            self.unusable.add(f"{name}: {error}")
            return None


def _products(name: str, fingerprint: Fingerprint, match: Match) -> tuple[Product, ...]:
    captured = {param for group, param, _ in fingerprint.params if group}
    made: list[Product] = []
    for prefix, part in (("service", "a"), ("service.component", "a"), ("os", "o")):
        certainty = _number(match.fields.get(f"{prefix}.certainty", ""))
        uri = match.fields.get(f"{prefix}.cpe23", "")
        words = uri.removeprefix("cpe:/").split(":") if uri.startswith("cpe:/") else []
        if len(words) >= 3:
            part, vendor, product = words[:3]
        else:
            vendor, product = (_word(match.fields.get(f"{prefix}.{each}", "")) for each in ("vendor", "product"))
        if name == "favicons.xml":
            product = _BEHIND.sub("", product.replace("_", " ")).replace(" ", "_")
        if not vendor or not product or certainty <= 0:
            continue
        version = match.fields.get(f"{prefix}.version", "") if f"{prefix}.version" in captured else ""
        made.append(
            Product(
                vendor=visible(vendor, _FIELD),
                name=visible(product, _FIELD),
                version=visible(version, _FIELD) or None,
                cpe=cpe(part, vendor, product, version or None, ""),
                certain=certainty >= 1,
                rule=f"recog {name}: {visible(match.description, _FIELD)}",
            )
        )
    return tuple(made)


def _hardware(match: Match) -> tuple[str, ...]:
    certainty = _number(match.fields.get("hw.certainty", ""))
    words = (match.fields.get(each, "") for each in _HARDWARE)
    return tuple(dict.fromkeys(filter(None, words))) if certainty >= 0.5 else ()


def _word(text: str) -> str:
    return "_".join(text.lower().split())


def _number(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0
