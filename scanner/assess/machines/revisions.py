"""Package versions as distributions write them: who built it, and which of two is newer."""

from __future__ import annotations

import re

from scanner.importers.osv import comparable
from scanner.versions import Order, compare

_REBUILDS = {"raspbian": "debian"}
"""Distributions that rebuild another one's packages under the same revisions, so that its fixes hold for them."""
_SCHEMES = {
    "debian": ("deb", "deb-banner"),
    "ubuntu": ("deb", "deb-banner"),
    "ubuntu-pro": ("deb", "deb-banner"),
    "el": ("rpm", "rpm-banner"),
}
"""How each family writes its revisions: with epochs, and without."""
BUILD = re.compile(r"\.module[_+]el[\d.]+\+\d+\+[0-9a-f]+", re.ASCII)
"""The tag of one build of a module: all of its packages have it, and those of no other build."""
_OWN_EL = re.compile(
    r".*(?:\.module[_+]el[\d.]+\+\d+\+[0-9a-f]+|\.el\d+(?:_\d+)?)(?:\.\d+)*(?:\.(?:alma|rocky|centos|ol)(?:\.\d+)*)?",
    re.ASCII,
)
"""`.el9_4.3`, `.module_el8.5.0+67+a3c431d9`, and the marks of rebuilds; other repositories put a word there."""
_FOREIGN_DEB = re.compile(
    r"~bpo|pgdg|deb\.sury|ppa|mysql|mariadb|percona|nodesource|docker"
    r"|[~+.](?:buster|bullseye|bookworm|trixie|forky|sid|xenial|bionic|focal|jammy|noble|debian|maria)\d*(?![a-z])",
    re.ASCII | re.IGNORECASE,
)
"""What other repositories put into the revisions of their own builds, and what backports have."""
_DEBIAN_MARK = r"[+~]deb(\d{1,2})u\d+(?:\.\d+)*"
_OWN_DEB = {
    "debian": rf"(?:[+.]?(?:etch|lenny|squeeze|wheezy)\d*)?(?:{_DEBIAN_MARK})?(?:\+b\d+)?(?:\+rp[it]\d+)?",
    "ubuntu": rf"(?:{_DEBIAN_MARK})?(?:build\d+(?:\.\d+)*)?(?:ubuntu\d+(?:\.\d+)*)?(?:build\d+(?:\.\d+)*)?"
    r"(?:~\d\d\.\d\d(?:\.\d+)*)?(?:[+~]esm\d+(?:\.\d+)*)?",
}
_OWN_DEBS = {
    family: re.compile(rf"(?:.+-\d+(?:\.\d+)*|(?:\d+:)?\d[0-9a-z.]*(?:\+nmu\d+)?){tail}", re.ASCII)
    for family, tail in _OWN_DEB.items()
}
"""All that a distribution's own revisions end in. Whoever rebuilds a package puts a mark of their own behind it."""
_NAMED = {
    "debian": re.compile(rf".*{_DEBIAN_MARK}", re.ASCII),
    "ubuntu": re.compile(r".*(?:ubuntu\d*\.|~)(\d\d\.(?:04|10))(?!\d)", re.ASCII),
    "el": re.compile(r".*\.(?:module[_+])?el(\d+)", re.ASCII),
}
"""Which release a package was built for, where its revision says so."""
_MINOR = re.compile(r".*\.(?:el(\d+)_(\d+)|module\+el(\d+)\.(\d+))", re.ASCII)
_REBUILT_EL = re.compile(r".*\.(?:alma|rocky|centos|ol)(?:\.\d+)*", re.ASCII)


def base_of(distro: str) -> str:
    """The distribution whose fixes hold: `debian:12` of `raspbian:12`."""
    family, colon, release = distro.partition(":")
    return f"{_REBUILDS.get(family, family)}{colon}{release}"


def own_build(distro: str, revision: str) -> bool:
    """Whether a revision looks like the distribution's own; others' builds have fixes of their own."""
    family = distro.partition(":")[0]
    if family == "el":
        return _OWN_EL.fullmatch(revision) is not None
    own = _OWN_DEBS.get(family.removesuffix("-pro"))
    return _FOREIGN_DEB.search(revision) is None and (own is None or own.fullmatch(revision) is not None)


def built_for(distro: str, revision: str) -> str | None:
    """The release that a revision names: `debian:13` of `10.0p1-7+deb13u1`, on whatever release it is installed."""
    family = distro.partition(":")[0]
    pattern = _NAMED.get(_REBUILDS.get(family, family).removesuffix("-pro"))
    found = None if pattern is None else pattern.match(revision)
    return None if found is None else f"{family}:{found[1]}"


def extended_minor(revision: str) -> int | None:
    """The minor release of Red Hat's that a build is for, if updates of that one are sold beyond its successor (EUS,
    AUS, E4S): they have the fixes of later minor releases under revisions of their own."""
    found = _MINOR.match(revision)
    if found is None or _REBUILT_EL.fullmatch(revision):
        return None
    major, minor = int(found[1] or found[3]), int(found[2] or found[4])
    return minor if minor % 2 == 0 or (major, minor) == (8, 1) else None


def minor_of(revision: str) -> int | None:
    found = _MINOR.match(revision)
    return None if found is None else int(found[2] or found[4])


def compare_revisions(distro: str, revision: str, fixed: str) -> Order | None:
    """The order of two packages of one release.

    Epochs count where both are written: a banner has none, nor has what `rpm -qa` prints, and the epoch of a package
    is the same throughout a release.
    """
    schemes = _SCHEMES.get(distro.partition(":")[0])
    if schemes is None:
        return None
    both = ":" in revision and ":" in fixed
    if schemes[0] == "rpm":
        revision, fixed = comparable(revision), comparable(fixed)
    return compare(schemes[0] if both else schemes[1], revision, fixed)


def upstream(revision: str) -> str:
    """A package's version without epoch and revision."""
    version = revision.rpartition("-")[0] or revision
    return version.partition(":")[2] if ":" in version else version
