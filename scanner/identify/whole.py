"""Versions that go on behind what a pattern took of them: `2.4.71-rc1` is not 2.4.71, nor is 8.17.1.9 8.17.1.

A pattern is written for releases, and the world has more than these. What is attached to a version belongs to it.
"""

from __future__ import annotations

import re

_MORE_NUMBERS = re.compile(r"(?:\.\d+)+(?![A-Za-z0-9])")
# No part that repeats may begin with what the part before it may end with: that takes exponential time.
_UNRELEASED = re.compile(
    r"[-._~+]?(?:(?:alpha|beta|rc|pre|dev|devel|snapshot|cvs|svn|git|test|preview|milestone|nightly|snap)"
    r"[0-9a-f]*(?:[-._][0-9a-f]+)*|(?<!\+)[abm]\d+|[-._]ea\d*|-\d+-g[0-9a-f]{6,}|-(?:19|20)\d{6}(?!\d)(?:[-.]\w+)*"
    r"|-(?:kh|s)\d+)(?![A-Za-z])",
    re.IGNORECASE,
)
_REST_OF_WORD = re.compile(r"[A-Za-z0-9]+(?:[.-]?\d+)*")


def whole(version: str, text: str) -> tuple[str, bool]:
    """The version as the text has it, and whether it is that of a release as far as its ending shows.

    A version that stands by itself somewhere in the text is whole; one that the text does not hold is left alone.
    """
    first: tuple[str, bool] | None = None
    start = text.find(version)
    while start >= 0:
        end = start + len(version)
        before = text[start - 1 : start]
        if not (before.isdigit() or before == "."):
            more, released = _attached(version, text[end : end + 64])
            if not more:
                return version, True
            first = first or (version + more, released)
        start = text.find(version, end)
    return first or (version, True)


def _attached(version: str, behind: str) -> tuple[str, bool]:
    numbers = _MORE_NUMBERS.match(behind)
    more = numbers[0] if numbers else ""
    if found := _UNRELEASED.match(behind, len(more)):
        return more + found[0], False
    cut = version[-1:].isalnum() and behind[:1].isascii() and behind[:1].isalnum()
    if cut and (version[-1:].isalpha() or behind[:1].isdigit()) and (rest := _REST_OF_WORD.match(behind)):
        return rest[0], False
    return more, True
