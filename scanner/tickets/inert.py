"""Text for systems that show Markdown or HTML: what a device on the network calls itself is no link, picture or tag."""

from __future__ import annotations

import re

_ACTIVE = re.compile(r"<(?=[A-Za-z/!?])|!(?=\[)|\](?=[(\[:])")
"""Where a tag, an image or a link begins. Nothing in it repeats, so that it is linear whatever it is given."""


def inert(text: str) -> str:
    """The same to the eye. A backslash would do for Markdown alone, an entity for HTML alone."""
    return _ACTIVE.sub(lambda found: "‹" if found[0] == "<" else f"{found[0]} ", text)
