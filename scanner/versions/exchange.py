"""Microsoft Exchange Server: `15.2.1118.40`, or as its registry and tables write it, `15.02.1118.040`.

The third number is the cumulative update, the fourth the security update. Without the fourth (many answers of the web
server leave it out) two of one cumulative update cannot be told apart.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, Place, by_place, integers

_FORM = re.compile(
    rf"(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<update>{NUMBER})(?:\.(?P<security>{NUMBER}))?"
    rf"|(?:Version )?(?P<major>{NUMBER})\.(?P<minor>{NUMBER}) \(Build (?P<build>{NUMBER})\.(?P<last>{NUMBER})\)"
)


def _place(text: str) -> Place | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    if found["build"] is not None:
        return Place((integers(found, "major", "minor", "build"), int(found["last"])))
    security = found["security"]
    return Place((integers(found, "a", "b", "update"), None if security is None else int(security)))


SCHEME = Scheme(
    title="Microsoft Exchange Server",
    compare=by_place(_place),
    truths=(
        ("15.2.1118.40", "15.2.1118.7", 1),
        ("15.02.1118.040", "15.2.1118.40", 0),
        ("Version 15.2 (Build 1118.7)", "15.2.1118.40", -1),
        ("15.1.2507.61", "15.2.221.12", -1),
        ("15.2.1118", "15.2.1118.40", None),
        ("15.2.1118", "15.2.1118", None),
        ("15.2.986", "15.2.1118.40", -1),
        ("15.2", "15.2.1118.40", None),
    ),
)
