"""IMAP: the greeting, CAPABILITY and ID, which needs no login (RFC 2971), and the certificate behind STARTTLS."""

from __future__ import annotations

from functools import partial

from scanner.model.probe import Probe
from scanner.probes.greeted import greeted

PROBE = Probe(name="imap", transport="tcp", ports=(143,), writes=True, steps=partial(greeted, asked="imap"))
