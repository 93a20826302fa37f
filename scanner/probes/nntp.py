"""NNTP: the greeting, CAPABILITIES, whose IMPLEMENTATION names the server (RFC 3977), and STARTTLS's certificate."""

from __future__ import annotations

from functools import partial

from scanner.model.probe import Probe
from scanner.probes.greeted import greeted

PROBE = Probe(name="nntp", transport="tcp", ports=(119, 433), writes=True, steps=partial(greeted, asked="nntp"))
