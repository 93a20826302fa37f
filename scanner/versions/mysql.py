"""MySQL: `8.0.36`, `5.7.44-log`, `8.0.4-rc-log`, `8.0.0-dmr`; also Percona's Server (`8.0.35-27`).

What follows a release (a distribution's revision, Percona's count, the edition) is not compared.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, integers

_FORM = re.compile(
    rf"(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})"
    rf"(?:-(?P<stage>alpha|beta|m(?P<number>{NUMBER})|dmr|rc))?(?:-[0-9][A-Za-z0-9.+~]*)?"
    r"(?:-(?:log|debug|cluster|commercial|community|enterprise|advanced|standard))*"
)
_STAGES = ("alpha", "m", "dmr", "beta", "rc", None)


def _key(text: str) -> tuple[int, ...] | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    stage = found["stage"] if found["number"] is None else "m"
    return *integers(found, "a", "b", "c"), _STAGES.index(stage), *integers(found, "number")


SCHEME = Scheme(
    title="MySQL",
    compare=by_key(_key),
    truths=(
        ("8.0.36", "8.0.9", 1),
        ("5.7.44-log", "5.7.44", 0),
        ("8.0.4-rc-log", "8.0.11", -1),
        ("8.0.35-0ubuntu0.22.04.1", "8.0.35", 0),
        ("8.0.35-27", "8.0.36", -1),
        ("8.0.0-dmr", "8.0.1-dmr", -1),
        ("5.5.62-38.14-log", "5.6.2-m5", -1),
        ("5.6.2-m5", "5.6.2-m10", -1),
        ("8.0", "8.0.36", None),
        ("5.5.5-10.6.16-MariaDB", "8.0.36", None),
    ),
)
