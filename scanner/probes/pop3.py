"""POP3: the greeting. Nothing is written."""

from __future__ import annotations

from scanner.model.probe import Probe
from scanner.probes.greeting import listening

PROBE = Probe(name="pop3", transport="tcp", ports=(110,), writes=False, steps=listening)
