"""Eclipse Jetty: `9.4.53.v20231009`, `12.0.3`, `10.0.0-beta1`, `9.4.0.M1`, `9.4.0.RC3`.

The date behind `v` repeats the release and is not compared.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_stages

_FORM = re.compile(
    rf"(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})"
    rf"(?:[.-]?(?P<stage>alpha|beta|M|RC)-?(?P<number>{NUMBER})?)?(?:\.v{NUMBER})?"
)
_STAGES = ("alpha", "beta", "M", "RC", None)

SCHEME = Scheme(
    title="Eclipse Jetty",
    compare=by_stages(_FORM, _STAGES),
    truths=(
        ("9.4.53.v20231009", "9.4.6.v20170531", 1),
        ("9.4.53.v20231009", "9.4.53", 0),
        ("9.4.0.RC3", "9.4.0.v20161208", -1),
        ("9.4.0.M1", "9.4.0.RC0", -1),
        ("10.0.0-beta1", "10.0.0", -1),
        ("11.0.20", "12.0.3", -1),
        ("9.4.z-SNAPSHOT", "9.4.53", None),
        ("9.4", "9.4.53", None),
    ),
)
