"""Ubiquiti EdgeOS: `v2.0.9-hotfix.7`, `2.0.9-rc.1`, `EdgeRouter.ER-e300.v2.0.9-hotfix.7.5622731.230615.0857`."""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_stages

_FORM = re.compile(
    rf"(?:EdgeRouter\.[A-Za-z0-9-]{{1,20}}\.)?v?(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})"
    rf"(?:-(?P<stage>alpha|beta|rc|hotfix)\.?(?P<number>{NUMBER}))?(?:\.{NUMBER}\.{NUMBER}\.{NUMBER})?"
)
_STAGES = ("alpha", "beta", "rc", None, "hotfix")

SCHEME = Scheme(
    title="Ubiquiti EdgeOS",
    compare=by_stages(_FORM, _STAGES),
    truths=(
        ("v2.0.9-hotfix.7", "2.0.9-hotfix.6", 1),
        ("2.0.9", "2.0.9-hotfix.1", -1),
        ("EdgeRouter.ER-e300.v2.0.9-hotfix.7.5622731.230615.0857", "v2.0.9-hotfix.7", 0),
        ("2.0.9-rc.1", "2.0.9", -1),
        ("1.10.11", "2.0.0", -1),
        ("2.0", "2.0.9", None),
    ),
)
