"""FTP: the greeting. Nothing is written, not even QUIT."""

from __future__ import annotations

from functools import partial

from scanner.model.probe import Probe
from scanner.probes.greeting import listening

PROBE = Probe(name="ftp", transport="tcp", ports=(21, 2121, 2100), writes=False, steps=partial(listening, asked="ftp"))
