"""POP3: the greeting, CAPA, whose IMPLEMENTATION names the server (RFC 2449), and the certificate behind STLS."""

from __future__ import annotations

from functools import partial

from scanner.model.probe import Probe
from scanner.probes.greeted import greeted

PROBE = Probe(name="pop3", transport="tcp", ports=(110,), writes=True, steps=partial(greeted, asked="pop3"))
