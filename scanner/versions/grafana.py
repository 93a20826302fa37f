"""Grafana: `11.6.14`, `12.3.6+security-01` (above its release, unlike in semantic versions), `10.0.0-beta1`."""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_stages

_FORM = re.compile(
    rf"v?(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})"
    rf"(?:-(?P<stage>alpha|beta|preview|rc)\.?(?P<number>{NUMBER})?)?(?:\+security-(?P<security>{NUMBER}))?"
)
_STAGES = ("alpha", "beta", "preview", "rc", None)

SCHEME = Scheme(
    title="Grafana",
    compare=by_stages(_FORM, _STAGES, after=("number", "security")),
    truths=(
        ("12.3.6+security-01", "12.3.6", 1),
        ("12.3.6+security-01", "12.3.6+security-04", -1),
        ("12.3.6+security-04", "12.3.10", -1),
        ("10.0.0-preview", "10.0.0", -1),
        ("5.0.0-beta10", "5.0.0-beta9", 1),
        ("10.0", "10.0.0", None),
    ),
)
