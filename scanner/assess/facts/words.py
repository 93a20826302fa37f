"""What services said, and in which scan."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from scanner.model.base import Transport
from scanner.model.observation import Conversation

_Key = tuple[str, Transport, int]


class Words:
    """The conversations from one zone: of each service the last one in which it said anything."""

    def __init__(self) -> None:
        self.talks: dict[_Key, Conversation] = {}
        self._at: dict[str, list[_Key]] | None = None
        self._first = ""
        """The scan that most of them are of: a large site has hundreds of thousands."""
        self._of: dict[_Key, str] = {}
        """Which scan a conversation is of, if another one."""
        self._in_vain: set[_Key] = set()
        """Those to which the last scan that talked to them is a later one, and heard nothing."""

    def hear(self, scan: str, talk: Conversation) -> None:
        """Several probes may have talked with one port: what they read in one session belongs together."""
        key = (talk.address, talk.transport, talk.port)
        self._first = self._first or scan
        before = self.talks.get(key)
        if before is None:
            self._at = None
            self.talks[key] = talk
            if scan != self._first:
                self._of[key] = scan
            return
        if not talk.received:
            if talk.outcome != "withheld":
                (self._in_vain.discard if self._scan_of(key) == scan else self._in_vain.add)(key)
            return
        if self._scan_of(key) != scan:
            self.talks[key] = talk
        else:
            both = dict.fromkeys((*before.readings, *talk.readings))
            self.talks[key] = msgspec.structs.replace(
                before if before.readings else talk,
                readings=tuple(both),
                tls=before.tls or talk.tls,
                received=before.received + talk.received,
            )
        self._in_vain.discard(key)
        if scan != self._first:
            self._of[key] = scan
        else:
            self._of.pop(key, None)

    def _scan_of(self, key: _Key) -> str:
        return self._of.get(key, self._first)

    def of(self, key: _Key, scan: str) -> Conversation | None:
        """What a service said in that very scan."""
        talk = self.talks.get(key)
        return talk if talk is not None and talk.received and self._scan_of(key) == scan else None

    def heard(self, key: _Key) -> str | None:
        """The scan in which a service last said anything; None if one that talked to it since heard nothing."""
        talk = self.talks.get(key)
        return self._scan_of(key) if talk is not None and talk.received and key not in self._in_vain else None

    def heard_in(self, scan: str) -> Iterator[tuple[_Key, float]]:
        """The services that said anything in that very scan, and when; in the order of the talks."""
        others, first = self._of, self._first
        for key, talk in self.talks.items():
            if talk.received > 0 and (others.get(key, first) if others else first) == scan:
                yield key, talk.at

    def at(self, address: str) -> list[tuple[_Key, Conversation]]:
        """The conversations with the services of one address."""
        if self._at is None:
            self._at = {}
            for key in self.talks:
                self._at.setdefault(key[0], []).append(key)
        return [(key, self.talks[key]) for key in self._at.get(address, ())]
