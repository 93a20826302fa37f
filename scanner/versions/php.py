"""PHP: `8.2.7`, `8.4.0RC1`, `8.4.0beta2`, `8.4.0-dev`; a distribution's revision behind it (`8.1.2-1ubuntu2.14`) is
not PHP's own and is not compared."""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key

_FORM = re.compile(
    rf"(?:PHP/)?(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})"
    rf"(?:-?(?P<stage>dev|alpha|beta|rc)(?P<number>{NUMBER})?|pl(?P<level>{NUMBER}))?(?:[-+][0-9][A-Za-z0-9.+~:-]*)?",
    re.IGNORECASE,
)
_STAGES = ("dev", "alpha", "beta", "rc", "")


def _key(text: str) -> tuple[int, ...] | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    stage = _STAGES.index((found["stage"] or "").lower()), int(found["number"] or 0)
    return int(found["a"]), int(found["b"]), int(found["c"]), *stage, int(found["level"] or 0)


SCHEME = Scheme(
    title="PHP",
    compare=by_key(_key),
    truths=(
        ("8.2.7", "8.2.30", -1),
        ("8.4.0RC1", "8.4.0", -1),
        ("8.4.0alpha2", "8.4.0beta1", -1),
        ("8.4.0RC1", "8.4.0RC10", -1),
        ("8.4.0-dev", "8.4.0alpha1", -1),
        ("8.1.2-1ubuntu2.14", "8.1.2", 0),
        ("7.4.33-0+deb11u5", "8.0.0", -1),
        ("PHP/8.3.1", "8.3.1", 0),
        ("8.3", "8.3.1", None),
    ),
)
