"""Apache Tomcat: `9.0.83`; milestones (`11.0.0-M1`, `9.0.0.M27`) < candidates (`8.0.0-RC10`) < releases."""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key

_FORM = re.compile(
    rf"(?:Apache Tomcat/)?(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})(?:[.-](?P<stage>M|RC)(?P<number>{NUMBER}))?"
)
_STAGES = ("M", "RC", None)


def _key(text: str) -> tuple[int, ...] | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    stage = _STAGES.index(found["stage"]), int(found["number"] or 0)
    return int(found["a"]), int(found["b"]), int(found["c"]), *stage


SCHEME = Scheme(
    title="Apache Tomcat",
    compare=by_key(_key),
    truths=(
        ("9.0.83", "9.0.9", 1),
        ("11.0.0-M26", "11.0.0", -1),
        ("9.0.0.M27", "9.0.0-M3", 1),
        ("8.0.0-RC10", "8.0.0-M20", 1),
        ("10.1.0-M17", "10.0.27", 1),
        ("Apache Tomcat/8.5.100", "8.5.99", 1),
        ("Coyote/1.1", "9.0.1", None),
        ("9.0", "9.0.1", None),
    ),
)
