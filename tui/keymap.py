"""Every key by the name of what it does, so that a file can give it another one.

`keys.yaml` in the user's folder holds names and keys: `filter: ctrl+f`, `down: [j, n]`. A binding that is made by
`bind` follows it; a key that two names claim is refused at the start.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

import msgspec
from textual.binding import Binding
from textual.keys import KEY_ALIASES, KEY_NAME_REPLACEMENTS, Keys

from scanner.errors import BadInput
from scanner.importers.document import read_document

TABS = ("overview", "hosts", "services", "matrix", "gaps", "patches", "scan", "exceptions", "diff", "export")
"""The screens that have a digit, in the order of the keys 1 to 9 and 0."""


def _named(character: str) -> str:
    """What Textual calls the key of a character."""
    if character.isalnum():
        return character
    name = unicodedata.name(character, character).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


_CHARACTERS = {_named(each): each for each in string.punctuation}
_NAMES = frozenset(key.value for key in Keys) - {"<any>", "<scroll-up>", "<scroll-down>", "<ignore>"}
_SHOWN = {
    "up": "↑", "down": "↓", "left": "←", "right": "→", "escape": "Esc", "space": "Space", "pageup": "PgUp",
    "pagedown": "PgDn",
}  # fmt: skip


class Action(msgspec.Struct, frozen=True):
    """Something that a key does."""

    name: str
    keys: str
    """By default, as Textual writes them, with commas between."""
    words: str


def _actions(*rows: tuple[str, str, str]) -> Mapping[str, Action]:
    return MappingProxyType({name: Action(name, keys, words) for name, keys, words in rows})


ACTIONS: Mapping[str, Action] = _actions(
    *((tab, str(at % 10), f"{tab.capitalize()}") for at, tab in enumerate(TABS, 1)),
    ("fixes", "f", "What to change, and the firewall's rules"),
    ("keys", "question_mark", "The keys of what is in focus"),
    ("palette", "ctrl+p,colon", "All commands"),
    ("jump", "ctrl+o", "Jump to a host, a finding, a zone, a service or a screen"),
    ("earlier", "left_square_bracket", "Back to where you were"),
    ("later", "right_square_bracket", "Forward again"),
    ("back", "escape", "One step out"),
    ("open", "enter", "Into what the cursor is on"),
    ("swap", "tab", "Between the list and the text"),
    ("up", "up,k", "Up"),
    ("down", "down,j", "Down"),
    ("left", "left,h", "Left"),
    ("right", "right,l", "Right"),
    ("first", "home,g", "To the first"),
    ("last", "end,G", "To the last"),
    ("page-up", "pageup,ctrl+b", "A page up"),
    ("page-down", "pagedown,ctrl+f", "A page down"),
    ("filter", "slash", "Filter while you type"),
    ("sort", "s", "Sort by the next column"),
    ("reverse", "S", "Sort the other way round"),
    ("mark", "space", "Mark or unmark the row"),
    ("range", "v", "Mark from here to where the cursor goes"),
    ("mark-all", "V", "Mark all rows that are shown, or none"),
    ("unmark", "u", "Unmark all rows"),
    ("columns", "w", "Choose the columns"),
    ("evidence", "e", "The evidence of the finding"),
    ("path", "p", "The way of the attack, drawn"),
    ("map", "m", "The zones and what gets from one to another, drawn"),
    ("verify", "r", "Probe the finding again, and nothing else"),
    ("except", "x", "Accept the finding: owner, reason, until"),
    ("ticket", "t", "The ticket of the finding"),
    ("retract", "X", "Take the exception out again"),
    ("base", "b", "Compare with other scans"),
    ("newer", "B", "Compare up to an earlier scan"),
    ("write", "o", "Write the chosen reports"),
    ("where", "n", "Where the report is written to"),
    ("copy", "y", "Copy the command that reproduces the finding"),
    ("copy-text", "Y", "Copy the text that is read"),
    ("dialect", "d", "The rules for another firewall"),
    ("copy-rules", "c", "Copy the firewall's rules"),
    ("mask", "z", "Mask or show the client's data"),
    ("save-view", "ctrl+s", "Keep this filter, order and columns under a name"),
    ("pause", "ctrl+c", "Pause the scan at a checkpoint; quit where none runs"),
    ("quit", "q", "Quit"),
)


def bind(name: str, action: str | None = None, *, priority: bool = False) -> Binding:
    """The binding of a named action, remapped where the user said so. `action` is Textual's, by default the name's."""
    known = ACTIONS[name]
    return Binding(
        known.keys, action or name.replace("-", "_"), known.words, show=False, priority=priority, id=bound(name)
    )


def bound(name: str) -> str:
    """The id under which Textual's keymap knows an action's bindings."""
    return f"fw.{name}"


# The user's own keys


def read_keys(text: str, file: str) -> dict[str, tuple[str, ...]]:
    """The keys of `keys.yaml`, by the name of the action. BadInput names the file, the action and what is wrong."""
    if not "".join(line.partition("#")[0] for line in text.splitlines()).strip():
        return {}
    wanted = read_document(text, dict[Any, Any], file)
    own = {str(name): _keys(str(name), keys, file) for name, keys in wanted.items()}
    taken: dict[str, str] = {}
    for name in ACTIONS:
        for key in own.get(name, default_keys(name)):
            for each in (key, *KEY_ALIASES.get(key, ())):
                other = taken.setdefault(each, name)
                if other != name:
                    mine, theirs = (name, other) if name in own else (other, name)
                    raise BadInput(
                        f"{file}: {mine}: {shown_key(key)} is also the key of {theirs}; give one another key"
                    )
    return own


def _keys(name: str, keys: object, file: str) -> tuple[str, ...]:
    if name not in ACTIONS:
        near = get_close_matches(name, ACTIONS, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; the names are {', '.join(ACTIONS)}"
        raise BadInput(f"{file}: {name}: there is no action of this name{hint}")
    several = keys if isinstance(keys, list) else [] if keys is None else [keys]
    if not several:
        raise BadInput(f"{file}: {name}: no key is given; an action has one at least")
    for each in several:
        # A digit is a key, and YAML reads it as a number; other values are none.
        if isinstance(each, bool) or not isinstance(each, str | int):
            raise BadInput(f"{file}: {name}: expected a key or a list of keys; a key that YAML knows goes in quotes")
    return tuple(dict.fromkeys(_key(name, str(each).strip(), file) for each in several))


def _key(name: str, key: str, file: str) -> str:
    """One key as Textual calls it: `?` becomes `question_mark`."""
    *before, last = key.split("+") if len(key) > 1 else [key]
    if len(last) == 1 and last.isprintable() and not last.isspace():
        last = _named(last)
    elif last not in _NAMES and last not in _CHARACTERS:
        raise BadInput(
            f"{file}: {name}: {key!r} is no key; write one such as g, G, ?, f5, space, enter, pagedown or ctrl+g"
        )
    if not set(before) <= {"ctrl", "shift", "alt"}:
        raise BadInput(f"{file}: {name}: {key!r}: what can be held down is ctrl, shift and alt")
    return "+".join((*before, last))


def default_keys(name: str) -> tuple[str, ...]:
    return tuple(ACTIONS[name].keys.split(","))


def shown_key(key: str) -> str:
    """A key as people write it: `/`, `^p`, `Enter`, `↑`."""
    *before, last = key.split("+")
    held = "".join({"ctrl": "^", "shift": "⇧", "alt": "alt+"}.get(each, f"{each}+") for each in before)
    return held + (_SHOWN.get(last) or _CHARACTERS.get(last) or (last if len(last) == 1 else last.capitalize()))
