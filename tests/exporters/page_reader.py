"""Reads a page as a browser's parser would, and keeps what the tests ask about."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "input", "hr", "base"}


class PageReader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.style = ""
        self.script = ""
        self.data: dict[str, str] = {}
        self._words: list[str] = []
        self._open: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(page)
        self.close()
        self.unbalanced += self._open

    @property
    def text(self) -> str:
        """What is read, blanks run together."""
        return " ".join("".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.unbalanced.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["style"]:
            self.style += data
        elif self._open[-1:] == ["script"]:
            kept = self.elements[-1][1].get("id")
            if kept is None:
                self.script += data
            else:
                self.data[kept] = self.data.get(kept, "") + data
        else:
            self._words.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def values(self, attribute: str) -> list[str]:
        return [found[attribute] for _, found in self.elements if attribute in found]


def colours(block: str) -> dict[str, str]:
    """The custom properties that are colours, of one rule of the style sheet."""
    return dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6})", block))


def contrast(left: str, right: str) -> float:
    """WCAG 2's contrast ratio of two `#rrggbb`."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(left), luminance(right)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
