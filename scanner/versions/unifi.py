"""Ubiquiti UniFi: the network application (`8.0.26`), consoles and devices (`6.6.55.15189`, `v4.0.6`).

A fourth number, or `+15189.231127.1511`, is the build of the release and is not compared.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_stages

_FORM = re.compile(
    rf"v?(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})(?:-(?P<stage>beta|rc)\.?(?P<number>{NUMBER}))?"
    rf"(?:[.+-]{NUMBER}(?:\.{NUMBER}){{0,3}})?"
)
_STAGES = ("beta", "rc", None)

SCHEME = Scheme(
    title="Ubiquiti UniFi",
    compare=by_stages(_FORM, _STAGES),
    truths=(
        ("6.6.55.15189", "6.6.55", 0),
        ("6.6.55+15189.231127.1511", "6.6.55.15189", 0),
        ("v4.0.66", "4.0.80", -1),
        ("7.4.162", "7.5.187", -1),
        ("8.1.113-rc.1", "8.1.113", -1),
        ("8.1", "8.1.113", None),
    ),
)
