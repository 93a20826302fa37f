"""FreeBSD: `13.2-RELEASE-p5`, `14.0-RC1`, `14.0-BETA3`.

Without `-p`, a release is as it came out. STABLE and CURRENT move on day by day and have no place.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_stages

_FORM = re.compile(
    rf"(?:FreeBSD )?(?P<a>{NUMBER})\.(?P<b>{NUMBER})(?:\.(?P<c>{NUMBER}))?"
    rf"-(?P<stage>ALPHA|BETA|RC|RELEASE)(?P<number>{NUMBER})?(?:-p(?P<patch>{NUMBER}))?"
)
_STAGES = ("ALPHA", "BETA", "RC", "RELEASE")

SCHEME = Scheme(
    title="FreeBSD",
    compare=by_stages(_FORM, _STAGES, after=("number", "patch")),
    truths=(
        ("13.2-RELEASE-p5", "13.2-RELEASE-p10", -1),
        ("13.2-RELEASE", "13.2-RELEASE-p1", -1),
        ("14.0-RC1", "14.0-RELEASE", -1),
        ("14.0-BETA5", "14.0-RC1", -1),
        ("FreeBSD 12.4-RELEASE-p9", "13.0-RELEASE", -1),
        ("13.2-STABLE", "13.2-RELEASE", None),
        ("13.2", "13.2-RELEASE", None),
    ),
)
