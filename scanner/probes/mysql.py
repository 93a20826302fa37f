"""MySQL and MariaDB: the greeting packet, or the error that says that this address is not allowed in.

Kinds: `mysql` (the version), `mysql.error` (the error's text), `mysql.tls` (`offered`, `not-offered`).
"""

from __future__ import annotations

from scanner.model.probe import Probe
from scanner.probes.greeting import listening

PROBE = Probe(name="mysql", transport="tcp", ports=(3306, 3307, 3308, 3309, 33060), writes=False, steps=listening)
