"""NRPE without TLS, as `-n` has it: the same question."""

from __future__ import annotations

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange
from scanner.probes.nrpe import SIZE, answer, question

PROBE = Probe(
    name="nrpe.plain",
    transport="tcp",
    ports=(5666,),
    writes=True,
    steps=exchange("nrpe", question(), answer, lambda seen: len(seen) >= SIZE),
)
