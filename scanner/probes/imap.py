"""IMAP: the greeting. Nothing is written."""

from __future__ import annotations

from scanner.model.probe import Probe
from scanner.probes.greeting import listening

PROBE = Probe(name="imap", transport="tcp", ports=(143,), writes=False, steps=listening)
