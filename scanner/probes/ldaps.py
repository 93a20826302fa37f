"""LDAP inside TLS: the certificate and the rootDSE, without a bind."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, StartTls, Steps
from scanner.probes.ldap_text import ask


def _steps(peer: Peer) -> Steps:
    certificate = yield StartTls()
    if not certificate:
        return ()
    return (Reading("tls.cert", certificate), *(yield from ask(peer)))


PROBE = Probe(name="ldaps", transport="tcp", ports=(636, 3269, 10636, 1636), writes=True, tls=True, steps=_steps)
