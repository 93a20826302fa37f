"""What a service calls itself where no fingerprint knows it: `harvid 0.9.1`, `Kannel/1.4.5`.

Only forms in which a name and a version stand alone and can be nothing else. There is no CPE in it, as the National
Vulnerability Database may know the product by other words, and no certainty, as the version may be a fixed text.
"""

from __future__ import annotations

import re

from scanner.model.product import Product
from scanner.model.text import visible

LONGEST = 512
_VERSION = r"[vr]?(?P<version>\d{1,5}(?:\.\d{1,8}){1,4})(?P<rest>(?:[-~+.]?[A-Za-z]|[-~+]\d)[\w.+~-]{0,32})?"
_FORMS = {
    # The whole of a Server header: one product, and at most a comment behind it.
    "http.server": re.compile(rf"(?P<name>[A-Za-z][\w+.-]{{2,32}}?)[/ -]{_VERSION}(?: ?[(\[;][ -~]{{0,200}})?"),
    # The signature below a page that refuses: `<i>pmproxy/6.0.3</i>`.
    "http.error": re.compile(
        rf"[\s\S]{{0,{LONGEST}}}?<(?:address|center|em|i|small)>(?P<name>[A-Za-z][\w+.-]{{2,32}})/{_VERSION}"
        r"(?: ?[(\[;][^<]{0,200}| at [^<]{0,200})?</[\s\S]*"
    ),
    # Prometheus' exporters title the page at `/` with their name alone.
    "http.title": re.compile(r"(?P<name>[A-Za-z][\w-]{1,30}(?: [A-Za-z][\w-]{1,30})? [Ee]xporter)"),
    "http.powered-by": re.compile(rf"(?P<name>[A-Za-z][\w+.-]{{2,32}})/{_VERSION}(?: ?[(\[;][ -~]{{0,200}})?"),
    # A service's own answer at `/`: {"name": "stock", "version": "2.3.1"}.
    "http.body": re.compile(
        r"\{\s*\"(?:app|application|name|product|server|service|title)\":\s*\"(?P<name>[A-Za-z][\w+ -]{2,32})\"\s*,\s*"
        r"(?:\"\w{1,32}\":\s*(?:\"[^\"\\]{0,64}\"|\d{1,16}|true|false|null)\s*,\s*){0,3}"
        rf"\"version\":\s*\"{_VERSION}\"\s*[,}}][\s\S]*"
    ),
    # Brackets around name and version, or around the version alone: an owner's own words do not come so.
    "ftp": re.compile(rf"(?:\S{{1,255}} FTP server \((?P<name>[A-Za-z][\w-]{{2,32}})[/ ]{_VERSION}\) ready\.?)"),
    "smtp": re.compile(rf"\S{{1,255}} E?SMTP (?P<name>[A-Za-z][\w-]{{2,32}})[/ ]{_VERSION}(?:[ ;,(][ -~]{{0,200}})?"),
    "metrics.build": re.compile(
        r"(?P<name>[a-z][a-z0-9_]{2,40})_build_info\{(?:[^{}]{0,400},)?"
        r'version="v?(?P<version>\d{1,5}(?:\.\d{1,8}){1,4})(?P<rest>~?(?:rc|beta|alpha)[.-]?\d{1,4})?[-+"]'
        r"[^{}]{0,400}\}[ -~]{0,40}"
    ),
}
OWN_WORDS = "its own words"
"""How the rule of such a name ends: who has a fingerprint of the product knows better."""
CALLED = {
    **dict.fromkeys(("http.server", "http.powered-by", "http.error", "http.body", "http.title", "ftp", "smtp"), 1),
    "metrics.build": 16,
}
"""The kinds of reading in which there are such forms, and how many of its texts may hold one."""
_NOBODY = re.compile(
    r"(?:http|https|httpd|server|webserver|web|www|upnp|rtsp|soap|ssl|tls|esmtp|smtp|mail|mta|mailserver|ready|version"
    r"|linux|unix|windows|debian|ubuntu|python|cpython|basehttp|simplehttp|wsgiserver|embedded|device|http-?server"
    r"|go|rust|java|process|exporter|servlet|jsp|jsf|php|mono|asp\.net|ftp|ftpd|version|api|app|service|backend)"
)
"""Roles, protocols and platforms: whoever says one of these has not said who it is."""

_HOST = re.compile(r"\.(?!js$)|^www[-_\d]|(?:library|framework|runtime|_sdk|-sdk)$|^lib(?!re)")
"""A host's own name (`shop.example/2.0`), and a library that the product is built with."""


def called(kind: str, text: str) -> Product | None:
    """The product that the prepared text of a reading names by itself, None where it does not say so plainly."""
    form = _FORMS.get(kind)
    # A page signs at its end, a line names itself from its start.
    told = text.strip()[-LONGEST:] if kind == "http.error" else text.strip()[:LONGEST]
    found = form.fullmatch(told) if form else None
    if form is None or found is None:
        return None
    name = "_".join(found["name"].lower().rstrip("-_.").split())
    if _NOBODY.fullmatch(name) or not any(each.isalpha() for each in name) or _HOST.search(name):
        return None
    if "version" not in form.groupindex:
        return Product(vendor=visible(name), name=visible(name), certain=False, rule=f"{kind}: {OWN_WORDS}")
    rest = found["rest"] or ""
    # `2.13.6-1` is a package's or a build's number; `-DEV`, `rc1` and `a` belong to the version.
    version = found["version"] + ("" if re.fullmatch(r"[-+]\d[\w.+~-]*", rest) else rest)
    shown = visible(name)
    return Product(vendor=shown, name=shown, version=visible(version), certain=False, rule=f"{kind}: {OWN_WORDS}")
