"""Textual's style sheet, parsed only when there is something new to parse.

Textual parses every style sheet anew, twice, whenever a screen is shown for the first time: a tenth of a second on a
technician's laptop. What they say changes with the theme alone.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet


class LazyStylesheet(Stylesheet):
    """The same rules. `reparse` does nothing where neither a source nor a variable has changed since."""

    _known: ClassVar[LRUCache[tuple[tuple[str, str], ...], LRUCache[Any, Any]]] = LRUCache(8)
    """What has been parsed, by the variables, which are a theme's: to change it back, or to draw another picture."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._asked = dict(variables or {})
        self._parsed: tuple[dict[str, str], dict[object, object]] | None = None
        self._recall()

    def _recall(self) -> None:
        key = tuple(sorted(self._asked.items()))
        if key not in self._known:
            self._known[key] = LRUCache(512)
        self._parse_cache = self._known[key]

    def set_variables(self, variables: dict[str, str]) -> None:
        if variables != self._asked:
            self._asked = dict(variables)
            # It empties the cache that it finds.
            self._parse_cache = LRUCache(1)
            super().set_variables(variables)
            self._recall()

    def reparse(self) -> None:
        state = dict(self._asked), dict(self.source)
        if state != self._parsed:
            # Where a sheet has an error, this leaves the rules as they were.
            self.parse()
            self._parsed = dict(self._asked), dict(self.source)
