"""FTP: the greeting, what FEAT, SYST, HELP and STAT answer before any login, and the certificate behind AUTH TLS."""

from __future__ import annotations

from functools import partial

from scanner.model.probe import Probe
from scanner.probes.greeted import greeted

PROBE = Probe(name="ftp", transport="tcp", ports=(21, 2121, 2100), writes=True, steps=partial(greeted, asked="ftp"))
