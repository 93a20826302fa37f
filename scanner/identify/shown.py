"""A reading as evidence that a person can read: made visible, and a certificate in words instead of its bytes."""

from __future__ import annotations

from functools import lru_cache

from scanner.identify.tls import certificate
from scanner.model.text import visible

_LINE_END = b"\r\n"


@lru_cache(maxsize=8192)
def shown(kind: str, raw: bytes, most: int = 300) -> str:
    """`ssh: SSH-2.0-OpenSSH_9.2p1`; at most so many characters of the reading, its escapes not counted."""
    found = certificate(raw) if kind == "tls.cert" else None
    if found is None:
        return f"{kind}: {visible(raw.rstrip(_LINE_END), most)}"
    dates = f"{found.not_before:%Y-%m-%d} to {found.not_after:%Y-%m-%d}"
    return f"{kind}: {found.subject or 'no name'}, by {found.issuer or 'nobody'}, {dates}, SHA-256 {found.sha256}"
