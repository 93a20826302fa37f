"""Proxmox VE, Backup Server and Mail Gateway: `8.1.4`, and until 7 `7.4-17`, with the commit behind or not.

A release alone (`8.1`) hides the packages' patches.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, Place, by_place, integers

_FORM = re.compile(
    rf"(?:p(?:ve|mg)-manager/)?(?P<a>{NUMBER})\.(?P<b>{NUMBER})(?:[.-](?P<c>{NUMBER})(?:-(?P<d>{NUMBER}))?)?"
    r"(?:/[0-9a-f]{7,40})?"
)


def _place(text: str) -> Place | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    return Place((integers(found, "a", "b"), None if found["c"] is None else integers(found, "c", "d")))


SCHEME = Scheme(
    title="Proxmox",
    compare=by_place(_place),
    truths=(
        ("8.1.4", "8.1.10", -1),
        ("pve-manager/7.4-17/513c62be", "7.4-17", 0),
        ("7.4-17", "7.4-3", 1),
        ("7.4-17", "8.0.3", -1),
        ("8.1", "8.1.4", None),
        ("8.1", "8.2.2", -1),
    ),
)
