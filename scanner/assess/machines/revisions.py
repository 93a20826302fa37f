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


def base_of(distro: str) -> str:
    """The distribution whose fixes hold: `debian:12` of `raspbian:12`."""
    family, colon, release = distro.partition(":")
    return f"{_REBUILDS.get(family, family)}{colon}{release}"


def own_build(distro: str, revision: str) -> bool:
    """Whether a revision looks like the distribution's own; others' builds have fixes of their own."""
    if distro.startswith("el:"):
        return _OWN_EL.fullmatch(revision) is not None
    return _FOREIGN_DEB.search(revision) is None


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
