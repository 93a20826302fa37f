"""SMTP: the greeting, what EHLO and HELP answer, and the certificate behind STARTTLS."""

from __future__ import annotations

from functools import partial

from scanner.model.probe import Probe
from scanner.probes.greeted import greeted

PROBE = Probe(name="smtp", transport="tcp", ports=(25, 587, 2525), writes=True, steps=partial(greeted, asked="smtp"))
