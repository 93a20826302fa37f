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

LAST_RESORTS = 12
"""Further connections to a port whose service hangs up at once: each costs next to no time."""
_TLS_RECORDS = (b"\x15\x03", b"\x16\x03")
"""How an alert and a handshake begin."""
_WANTS_TLS = (b"HTTPS port", b"SSL-enabled server port", b"HTTP request to an HTTPS server", b"requires TLS")
"""What nginx, Apache and Go answer when plain HTTP comes to a port that speaks TLS."""
_RDP_GOODBYE = b"\x03\x00\x00\x09\x02\xf0\x80\x21"
"""What xrdp answers to whatever is no RDP: MCS's end of a connection (T.125, DisconnectProviderUltimatum)."""


class Turns(Iterator[Probe]):
    """A port's probes, at most `MOST`, until one yields readings: iterate, and say `heard` after each.

    `likely` come in their order. A port that answers as only a TLS port does gets those of `over_tls` instead. What
    one probe recognises as another's protocol is asked by that one of `every` as well (an SSH greeting on port 2222);
    where the peer hangs up on everybody, the last resorts of `every` have their turn. A `gentle` port gets no probe
    that writes.
    """

    def __init__(
        self, likely: Iterable[Probe], over_tls: Iterable[Probe], gentle: bool, every: Iterable[Probe] = ()
    ) -> None:
        self.pending = [probe for probe in likely if not (gentle and probe.writes)]
        self.tried: list[Probe] = []
        self._over_tls = () if gentle else tuple(over_tls)
        self._gentle = gentle
        self._every = [probe for probe in every if not (gentle and probe.writes)]
        if any(probe.alone for probe in self.pending):
            self._over_tls, self._every = (), []
        self._most = MOST
        self._read = False
        self._hung_up = False
        self._resorted = False

    def __next__(self) -> Probe:
        if not self.pending or len(self.tried) >= self._most:
            self.pending = self._further()
        if not self.pending:
            raise StopIteration
        self.tried.append(self.pending.pop(0))
        return self.tried[-1]

    def again(self, probe: Probe) -> None:
        """A probe is asked once more, out of its turn: `heard` is about it."""
        self.tried.append(probe)

    def heard(self, readings: Iterable[Reading], head: bytes, hung_up: bool = False) -> None:
        """What the last probe was told: `head` is the start of it, as it came off the wire. `hung_up`: the peer ended
        the connection without a word."""
        kinds = {reading.kind for reading in readings}
        last = self.tried[-1]
        self._hung_up |= hung_up and last.writes
        if not last.tls and not self._gentle and _wants_tls(head):
            self.pending = [probe for probe in self._over_tls if probe not in self.tried]
        elif kinds:
            self._read = True
            # A certificate names no protocol: what speaks inside the TLS may still be found out.
            only_certificate = all(kind.startswith("tls.") for kind in kinds)
            if not (only_certificate and any(probe.tls for probe in self.pending)):
                self.pending = self._specialist(kinds)
        elif head.startswith(_RDP_GOODBYE):
            self.pending = [probe for probe in self._every if probe.name == "rdp" and probe not in self.tried]

    def _specialist(self, kinds: set[str]) -> list[Probe]:
        """The probe of the protocol that another one came upon: it has more to ask than the other had."""
        last = self.tried[-1]
        protocols = {kind.partition(".")[0] for kind in kinds}
        if last.name in protocols or last.tls:
            return []
        found = [probe for probe in self._every if probe.name in protocols and probe not in self.tried][:1]
        self._most = max(self._most, len(self.tried) + len(found))
        return found

    def _further(self) -> list[Probe]:
        if self._read or self._resorted or not self._hung_up:
            return []
        self._resorted = True
        found = [probe for probe in self._every if probe.last_resort and probe not in self.tried]
        # Lines of text first: who waits for more bytes of a binary message takes seconds, and a text service does.
        found = sorted(found, key=lambda probe: probe.last_resort != "text")[:LAST_RESORTS]
        self._most = len(self.tried) + len(found)
        return found


def _wants_tls(head: bytes) -> bool:
    return head.startswith(_TLS_RECORDS) or any(hint in head for hint in _WANTS_TLS)
