"""Text from a network made visible. Every sink (terminal, HTML, CSV, XML, tickets) passes remote text through here.

Control characters (C0, DEL, C1), bidirectional overrides, zero-width characters, line and paragraph separators, lone
surrogates and the tag block can move a cursor, reorder a line or hide a word. They become the escapes that a
programmer would type (`\\x1b`, `\\u202e`), so the evidence stays readable and nothing acts on it.
"""

from __future__ import annotations


def visible(text: str | bytes, limit: int = 4096) -> str:
    """`text` with every character that does not simply print written as an escape, cut at `limit` characters.

    Bytes are read as UTF-8; what is not UTF-8 shows as `\\xNN`. A plain space is the only blank that stays as it is.
    """
    if isinstance(text, bytes):
        text = text[: limit * 4].decode("utf-8", "backslashreplace")
    cut = len(text) > limit
    if cut:
        text = text[:limit]
    if not text.isprintable():
        text = "".join(map(_escape, text))
    return text + "…" if cut else text


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 finding`, `3 findings`, `5,000 findings`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """About how long, in the two largest units."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole < 600 else f"{round(whole / 60)} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _escape(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
