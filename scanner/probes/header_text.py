"""Headers of protocols written like HTTP (RTSP, SIP)."""

from __future__ import annotations

import re
from functools import cache


@cache
def _line(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"(?im)^" + name.encode() + rb"[ \t]*:[ \t]*([^\r\n]{1,512})")


def header(head: bytes, *names: str) -> bytes:
    """The value of the first of these headers that is there, `b""` if none is."""
    for name in names:
        if found := _line(name).search(head):
            return found[1].strip()
    return b""


def ended(data: bytes) -> bool:
    return b"\r\n\r\n" in data or b"\n\n" in data
