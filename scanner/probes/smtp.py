"""SMTP: the greeting. Nothing is written: a mail server logs whoever says EHLO and leaves."""

from __future__ import annotations

from functools import partial

from scanner.model.probe import Probe
from scanner.probes.greeting import listening

PROBE = Probe(name="smtp", transport="tcp", ports=(25, 587, 2525), writes=False, steps=partial(listening, asked="smtp"))
