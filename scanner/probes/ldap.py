"""LDAP: the rootDSE, without a bind."""

from __future__ import annotations

from scanner.model.probe import Probe
from scanner.probes.ldap_text import ask

PROBE = Probe(
    name="ldap", transport="tcp", ports=(389, 3268, 10389, 1389), writes=True, last_resort="binary", steps=ask
)
