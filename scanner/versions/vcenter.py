"""VMware vCenter Server: `8.0.3 build-24022515`, `8.0 U3d`, and the appliance's `8.0.3.00400`.

Within one update only two builds, two letters or two patches can be compared.
"""

from __future__ import annotations

from scanner.versions import Scheme
from scanner.versions.esxi import place
from scanner.versions.ordering import by_place

SCHEME = Scheme(
    title="VMware vCenter Server",
    compare=by_place(place),
    truths=(
        ("8.0.3.00400", "8.0.3.00300", 1),
        ("8.0 U3d", "8.0 U3e", -1),
        ("7.0 U3w", "8.0 GA", -1),
        ("8.0.3 build-24022515", "8.0.3 build-24322831", -1),
        ("8.0.3 build-24022515", "8.0.3.00400", None),
        ("8.0.3", "8.0.3.00400", None),
        ("8.0.3", "8.0.2.00500", 1),
    ),
)
