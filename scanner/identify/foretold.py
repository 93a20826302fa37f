"""What somebody else found in readings already: of a large store a second process looks through them ahead of us.

Every host of a site has a certificate and a title of its own, which nearly always name nothing. That they do not takes
as long to find out as what the others say.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
from collections.abc import Callable, Iterator

from scanner.model.base import Frozen

CERTIFICATE = "tls.cert"
KINDS = frozenset({CERTIFICATE, "http.title"})
"""Kinds of readings that are looked through; 16 bytes at most each."""

Fields = tuple[str, str, tuple[str, ...], datetime.datetime, datetime.datetime, str, bool]
"""Those of a Certificate, without its bytes."""
Read = tuple[Fields | None, tuple[str, str]]
"""The fields, None where its dates cannot be read, and subject and issuer in full."""


class Foretold(Frozen, frozen=True):
    """Readings by their digests."""

    certificates: dict[bytes, Read | None]
    """None where it is none."""
    mute: set[bytes]
    """Those of which nothing of ours says anything: neither what runs there, nor on what kind of device."""


NOTHING = Foretold({}, set())


class _Ahead:
    """What was found already, asked for when the first reading comes up."""

    def __init__(self, tell: Callable[[], Foretold] = lambda: NOTHING) -> None:
        self._tell = tell
        self._known: Foretold | None = None

    def known(self) -> Foretold:
        if self._known is None:
            self._known = self._tell()
        return self._known


_ahead = [_Ahead()]
"""The last one is asked."""


@contextlib.contextmanager
def foretold(tell: Callable[[], Foretold]) -> Iterator[None]:
    """Inside, what `tell` knows of readings is not worked out again. It is forgotten as they come up."""
    _ahead.append(each := _Ahead(tell))
    try:
        yield
    finally:
        _ahead.remove(each)


def digest(kind: str, raw: bytes) -> bytes:
    """By which a reading is known here: bytes that say nothing as a certificate may say something as a title."""
    return hashlib.blake2b(raw, digest_size=16, person=kind.encode()).digest()


def mute(kind: str, raw: bytes) -> bool:
    """Whether it is known already that nothing of ours says anything of a reading."""
    if kind not in KINDS:
        return False
    known = _ahead[-1].known().mute
    return bool(known) and digest(kind, raw) in known


def certificate(der: bytes) -> tuple[bool, Read | None]:
    """Whether it is known already what these bytes say as a certificate, and what. It is forgotten by that."""
    known = _ahead[-1].known().certificates
    key = digest(CERTIFICATE, der) if known else b""
    return key in known, known.pop(key, None)
