"""What can be done where the user is: for the palette, and for the page of keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import key_to_character
from textual.screen import Screen
from textual.widgets import Input

from tui.keymap import ACTIONS, shown_key
from tui.modals.keys import FILTERS, MARKS, Keys

KeysOf = Callable[[str], tuple[str, ...]]


MOTIONS = frozenset({"up", "down", "left", "right", "first", "last", "page-up", "page-down"})


def shown(keys: Iterable[str]) -> str:
    """Keys as people write them: `↑ k`."""
    return " ".join(map(shown_key, keys))


def name_of(binding: Binding) -> str | None:
    """The name of the action that a binding is for; None for one that is not ours."""
    name = (binding.id or "").removeprefix("fw.")
    return name if name in ACTIONS else None


def actions(screen: Screen[Any]) -> Iterator[tuple[DOMNode, Binding]]:
    """Each action that a key has here, once, with what it acts on: nearest first."""
    told: set[str] = set()
    for active in screen.active_bindings.values():
        name = name_of(active.binding)
        if name is not None and name not in told and name != "palette":
            told.add(name)
            yield active.node, active.binding


def named(binding: Binding, keys_of: KeysOf) -> tuple[str, str]:
    """Title and explanation of an action in the palette."""
    name = name_of(binding) or ""
    return name.capitalize().replace("-", " "), f"{ACTIONS[name].words} (key {shown(keys_of(name))})"


def groups(screen: Screen[Any], keys_of: KeysOf) -> list[tuple[str, Keys]]:
    """The keys that work now, by what they act on, the pane in focus first; then the filters and the signs."""
    typing = isinstance(screen.focused, Input)
    found: dict[DOMNode, dict[str, str]] = {}
    for key, active in screen.active_bindings.items():
        name = name_of(active.binding)
        # While a line is typed, letters are letters.
        if name is None or (typing and len(key_to_character(key) or "  ") == 1):
            continue
        found.setdefault(active.node, {})[name] = ACTIONS[name].words
    listed: list[tuple[str, Keys]] = []
    for node, names in found.items():
        # What moves about is known to everybody, so it comes last.
        order = sorted(names, key=lambda name: name in MOTIONS)
        listed.append((_title(node, screen), [(shown(keys_of(name)), names[name]) for name in order]))
    return [*listed, ("Filters (all terms must hold)", FILTERS), ("Signs", MARKS)]


def _title(node: DOMNode, screen: Screen[Any]) -> str:
    if node is screen:
        return f"On {getattr(screen, 'TAB', 'this window')}"
    if node is screen.app:
        return "Everywhere"
    return f"In the {getattr(node, 'PANE', node.css_identifier if not node.id else node.id)}"
