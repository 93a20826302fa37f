"""ManageSieve: the greeting, which names the implementation (RFC 5804), and the certificate behind STARTTLS."""

from __future__ import annotations

from functools import partial

from scanner.model.probe import Probe
from scanner.probes.greeted import greeted

PROBE = Probe(name="sieve", transport="tcp", ports=(4190, 2000), writes=True, steps=partial(greeted, asked="sieve"))
