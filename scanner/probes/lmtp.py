"""LMTP, by which mail is delivered to a mailbox: the greeting, what LHLO answers, the certificate."""

from __future__ import annotations

from functools import partial

from scanner.model.probe import Probe
from scanner.probes.greeted import greeted

PROBE = Probe(name="lmtp", transport="tcp", ports=(24, 2003), writes=True, steps=partial(greeted, asked="lmtp"))
