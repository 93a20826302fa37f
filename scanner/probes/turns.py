"""Which probe of a port has its turn next, by what the last one heard. No probe: the rules that every driver goes by.

The live driver and the simulated one have to try the same probes in the same order, or they see two networks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scanner.model.observation import Reading
from scanner.model.probe import Probe
from scanner.probes import MOST

NOBODY = "no probe for this port"
ONLY_WRITERS = "nothing may be written here, and no probe of this port only listens"

_TLS_RECORDS = (b"\x15\x03", b"\x16\x03")
"""How an alert and a handshake begin."""
_WANTS_TLS = (b"HTTPS port", b"SSL-enabled server port", b"HTTP request to an HTTPS server", b"requires TLS")
"""What nginx, Apache and Go answer when plain HTTP comes to a port that speaks TLS."""


class Turns(Iterator[Probe]):
    """A port's probes, at most `MOST`, until one yields readings: iterate, and say `heard` after each.

    `likely` come in their order. A port that answers as only a TLS port does gets those of `over_tls` instead. A
    `gentle` port gets no probe that writes.
    """

    def __init__(self, likely: Iterable[Probe], over_tls: Iterable[Probe], gentle: bool) -> None:
        self.pending = [probe for probe in likely if not (gentle and probe.writes)]
        self.tried: list[Probe] = []
        self._over_tls = () if gentle else tuple(over_tls)
        self._gentle = gentle

    def __next__(self) -> Probe:
        if not self.pending or len(self.tried) >= MOST:
            raise StopIteration
        self.tried.append(self.pending.pop(0))
        return self.tried[-1]

    def heard(self, readings: Iterable[Reading], head: bytes) -> None:
        """What the last probe was told: `head` is the start of it, as it came off the wire."""
        kinds = {reading.kind for reading in readings}
        if not self.tried[-1].tls and not self._gentle and _wants_tls(head):
            self.pending = [probe for probe in self._over_tls if probe not in self.tried]
        elif kinds:
            # A certificate names no protocol: what speaks inside the TLS may still be found out.
            only_certificate = all(kind.startswith("tls.") for kind in kinds)
            if not (only_certificate and any(probe.tls for probe in self.pending)):
                self.pending = []


def _wants_tls(head: bytes) -> bool:
    return head.startswith(_TLS_RECORDS) or any(hint in head for hint in _WANTS_TLS)
