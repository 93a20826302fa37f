"""What a service calls itself where no fingerprint knows it: `harvid 0.9.1`, `Kannel/1.4.5`.

Only forms in which a name and a version stand alone and can be nothing else. There is no CPE in it, as the National
Vulnerability Database may know the product by other words, and no certainty, as the version may be a fixed text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from scanner.identify.called_forms import FORMS, LONGEST
from scanner.model.product import Product
from scanner.model.text import visible

OWN_WORDS = "its own words"
"""How the rule of such a name ends: who has a fingerprint of the product knows better."""
CALLED = {**dict.fromkeys(FORMS, 1), "metrics.build": 16}
"""The kinds of reading in which there are such forms, and how many of its texts may hold one."""
_NOBODY = re.compile(
    r"(?:http|https|httpd|server|webserver|web|www|upnp|rtsp|soap|ssl|tls|esmtp|smtp|mail|mta|mailserver|ready|version"
    r"|linux|unix|windows|debian|ubuntu|python|cpython|basehttp|simplehttp|wsgiserver|embedded|device|http-?server"
    r"|go|rust|java|process|exporter|servlet|jsp|jsf|php|mono|asp\.net|ftp|ftpd|\w*version|release|api|app|service"
    r"|backend|imap|imap4|imap4rev1|pop|pop3|nntp|nnrp|news|sip|ssh|sshd|openssl|rfc|html|xhtml|xml|css|javascript"
    r"|portable|router|gateway|dlna|dlnadoc|igd|mediaserver|welcome|welcome_to|page|site|host|localhost|index|index_of"
    r"|home|dashboard|login|status|bootstrap|jquery|license|apache_license|default|proxy|client|example|test|none|null"
    r"|kernel|darwin|macos|android|ios|almalinux|rocky|alpine|raspbian"
    r"|fedora|centos|freebsd|openbsd|netbsd|windows|microsoft|unknown|undefined|release_notes|error|not_found)"
)
"""Roles, protocols and platforms: whoever says one of these has not said who it is."""

_PLATFORM = re.compile(
    r"c?python|php|perl|ruby|openssl|werkzeug|waitress|wsgiref|wsgiserver|gunicorn|uvicorn|hypercorn|cherrypy|cheroot"
    r"|paste|tornado|tornado_web_server|aiohttp|twisted|fasthttp|asp\.net|node\.js|express|mod_[a-z0-9_]{1,24}"
)
_TAG = re.compile(r"<[^<>]{0,256}(?:>|\Z)|&nbsp;|&#160;")
_SPACE = re.compile(r"\s+")
_HOST = re.compile(r"\.(?!js$)|^www[-_\d]|(?:library|framework|runtime|_sdk|-sdk)$|^lib(?!re|virt)")
"""A host's own name (`shop.example/2.0`), and a library that the product is built with."""


def called(kind: str, text: str) -> Product | None:
    """The product that the prepared text of a reading names by itself, None where it does not say so plainly."""
    told = _told(kind, text)
    for form in FORMS.get(kind, ()):
        found = form.fullmatch(told)
        if found is not None and (product := _product(kind, found)):
            return product
    return None


def _told(kind: str, text: str) -> str:
    if kind == "http.text":
        # Between a name and its version stand tags at most.
        return _SPACE.sub(" ", _TAG.sub(" ", text[:LONGEST])).strip()
    # A page signs at its end, a line names itself from its start.
    return text.strip()[-LONGEST:] if kind == "http.error" else text.strip()[:LONGEST]


def _product(kind: str, found: re.Match[str]) -> Product | None:
    name = "_".join(found["name"].lower().rstrip("-_.").split())
    if _NOBODY.fullmatch(name) or not any(each.isalpha() for each in name) or _HOST.search(name):
        return None
    shown = visible(name)
    said = found.groupdict().get("version")
    if not said:
        return Product(vendor=shown, name=shown, certain=False, rule=f"{kind}: {OWN_WORDS}")
    rest = found["rest"] or ""
    # `2.13.6-1` is a package's or a build's number; `-DEV`, `rc1` and `a` belong to the version.
    version = said + ("" if re.fullmatch(r"[-+]\d[\w.+~-]*", rest) else rest)
    return Product(vendor=shown, name=shown, version=visible(version), certain=False, rule=f"{kind}: {OWN_WORDS}")


def leads(sure: Sequence[str]) -> bool:
    """Whether these names are only what applications are written in: then one that names itself is whose port it is."""
    return bool(sure) and all(_PLATFORM.fullmatch(each) for each in sure)
