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
    "http.server": re.compile(rf"(?P<name>[A-Za-z][\w+.-]{{2,32}})[/ ]{_VERSION}(?: ?[(\[;][ -~]{{0,200}})?"),
    "smtp": re.compile(rf"\S{{1,255}} E?SMTP (?P<name>[A-Za-z][\w-]{{2,32}})[/ ]{_VERSION}(?:[ ;,(][ -~]{{0,200}})?"),
    "metrics.build": re.compile(
        r"(?P<name>[a-z][a-z0-9_]{2,40})_build_info\{(?:[^{}]{0,400},)?"
        r'version="v?(?P<version>\d{1,5}(?:\.\d{1,8}){1,4})(?P<rest>~?(?:rc|beta|alpha)[.-]?\d{1,4})?[-+"]'
        r"[^{}]{0,400}\}[ -~]{0,40}"
    ),
}
OWN_WORDS = "its own words"
"""How the rule of such a name ends: who has a fingerprint of the product knows better."""
CALLED = {"http.server": 1, "smtp": 1, "metrics.build": 16}
"""The kinds of reading in which there are such forms, and how many of its texts may hold one."""
_NOBODY = re.compile(
    r"(?:http|https|httpd|server|webserver|web|www|upnp|rtsp|soap|ssl|tls|esmtp|smtp|mail|mta|mailserver|ready|version"
    r"|linux|unix|windows|debian|ubuntu|python|cpython|basehttp|simplehttp|wsgiserver|embedded|device|http-?server"
    r"|go|rust|java|process|exporter)"
)
"""Roles, protocols and platforms: whoever says one of these has not said who it is."""

_HOST = re.compile(r"\.(?!js$)|^www[-_\d]|(?:library|framework|runtime|_sdk|-sdk)$|^lib(?!re)")
"""A host's own name (`shop.example/2.0`), and a library that the product is built with."""


def called(kind: str, text: str) -> Product | None:
    """The product that the prepared text of a reading names by itself, None where it does not say so plainly."""
    form = _FORMS.get(kind)
    found = form.fullmatch(text.strip()[:LONGEST]) if form else None
    if found is None:
        return None
    name = found["name"].lower().rstrip("-_.")
    if _NOBODY.fullmatch(name) or not any(each.isalpha() for each in name) or _HOST.search(name):
        return None
    rest = found["rest"] or ""
    # `2.13.6-1` is a package's or a build's number; `-DEV`, `rc1` and `a` belong to the version.
    version = found["version"] + ("" if re.fullmatch(r"[-+]\d[\w.+~-]*", rest) else rest)
    shown = visible(name)
    return Product(vendor=shown, name=shown, version=visible(version), certain=False, rule=f"{kind}: {OWN_WORDS}")
