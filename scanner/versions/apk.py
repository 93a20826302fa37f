"""Alpine packages: `1.2.3b_p1-r4`, in the order of apk-tools.

Numbers with dots, a letter, suffixes (`_alpha`, `_beta`, `_pre`, `_rc` below the release; `_cvs`, `_svn`, `_git`,
`_hg`, `_p` above it), and the package's revision. A number after the first that begins with 0 is a decimal fraction.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key

_FORM = re.compile(
    rf"(?P<numbers>{NUMBER}(?:\.{NUMBER}){{0,15}})(?P<letter>[a-z])?"
    rf"(?P<suffixes>(?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)(?:{NUMBER})?){{0,8}})(?:-r(?P<revision>{NUMBER}))?"
)
_SUFFIX = re.compile(r"_([a-z]+)([0-9]*)")
_BEFORE, _END, _REVISION, _AFTER, _LETTER, _NUMBER = range(6)
"""What stands at a place, from the lowest: a version that ends is below one that goes on, but for what comes before."""
_SUFFIXES = {name: (_BEFORE, place) for place, name in enumerate(("alpha", "beta", "pre", "rc"))} | {
    name: (_AFTER, place) for place, name in enumerate(("cvs", "svn", "git", "hg", "p"))
}


def _key(text: str) -> tuple[tuple[object, ...], ...] | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    first, *rest = found["numbers"].split(".")
    places: list[tuple[object, ...]] = [(_NUMBER, 1, int(first))]
    places += [(_NUMBER, 0, each) if each.startswith("0") else (_NUMBER, 1, int(each)) for each in rest]
    if found["letter"]:
        places.append((_LETTER, found["letter"]))
    for name, number in _SUFFIX.findall(found["suffixes"]):
        places.append((*_SUFFIXES[name], int(number or 0)))
    if found["revision"]:
        places.append((_REVISION, int(found["revision"])))
    return (*places, (_END,))


SCHEME = Scheme(
    title="Alpine package",
    compare=by_key(_key),
    truths=(
        ("1.2.3-r4", "1.2.3-r10", -1),
        ("1.2.3", "1.2.3-r0", -1),
        ("9.3_p1-r3", "9.3-r9", 1),
        ("1.0_alpha1-r0", "1.0_rc1-r0", -1),
        ("1.0_rc2-r5", "1.0-r0", -1),
        ("1.1.1w-r1", "1.1.1k-r5", 1),
        ("1.0.1-r0", "1.0b-r0", 1),
        ("1.05-r0", "1.1-r0", -1),
        ("1.2.3-1", "1.2.3-r1", None),
    ),
)
