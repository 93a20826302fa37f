"""LDAP over UDP, which domain controllers answer: the rootDSE."""

from __future__ import annotations

from scanner.model.probe import Probe
from scanner.probes.ldap_text import QUESTION, ask

PROBE = Probe(name="cldap", transport="udp", ports=(389,), writes=True, steps=ask, payload=QUESTION)
