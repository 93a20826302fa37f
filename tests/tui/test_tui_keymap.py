"""The names of the keys: unique, remappable from a file, and on every binding of every screen and pane."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator

import pytest
from sample import sample_report
from tables import for_every
from test_tui_screens import shown
from textual.binding import Binding
from textual.keys import KEY_ALIASES
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

import tui
from scanner.errors import BadInput
from tui.app import FencewalkApp
from tui.keymap import ACTIONS, default_keys, read_keys, shown_key
from tui.reader import Reader
from tui.screens.base import KeyBar, ReportScreen
from tui.table import WideTable

SAMPLE = sample_report()


def test_no_key_has_two_actions() -> None:
    keys = Counter(each for name in ACTIONS for key in default_keys(name) for each in (key, *KEY_ALIASES.get(key, ())))
    assert [key for key, count in keys.items() if count > 1] == []


def classes() -> Iterator[type[Widget]]:
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        if "__main__" not in module.name:
            importlib.import_module(module.name)
    waiting: list[type[Widget]] = [Widget]
    while waiting:
        each = waiting.pop()
        waiting.extend(each.__subclasses__())
        if each.__module__.startswith("tui."):
            yield each


def test_every_binding_of_screens_and_panes_can_be_remapped() -> None:
    # Windows say their keys themselves; what is typed into a line is no command.
    named = 0
    for each in classes():
        if issubclass(each, ModalScreen | Input):
            continue
        for binding in each.__dict__.get("BINDINGS", ()):
            assert isinstance(binding, Binding)
            assert (binding.id or "").removeprefix("fw.") in ACTIONS, f"{each.__name__}: {binding.key}"
            named += 1
    assert named > 50


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", {}),
        ("# filter: x\n\n", {}),
        ("filter: ctrl+f\npage-down: pagedown", {"filter": ("ctrl+f",), "page-down": ("pagedown",)}),
        ("down: [down, n]\nwhere: 'N'", {"down": ("down", "n"), "where": ("N",)}),
        ("keys: '/'\nfilter: '?'", {"keys": ("slash",), "filter": ("question_mark",)}),
        ("mark: '#'\nsort: shift+f5", {"mark": ("number_sign",), "sort": ("shift+f5",)}),
        ("hosts: 3\nservices: 2", {"hosts": ("3",), "services": ("2",)}),
        ("mark: +", {"mark": ("plus",)}),
        ("mark: ä", {"mark": ("ä",)}),
        ("quit: [ctrl+q, ctrl+q]", {"quit": ("ctrl+q",)}),
    ],
)  # fmt: skip
def test_keys_are_read(text: str, keys: dict[str, tuple[str, ...]]) -> None:
    assert read_keys(text, "keys.yaml") == keys


@for_every(
    ("text", "says"),
    [
        ("fliter: x", "fliter: there is no action of this name; did you mean filter?"),
        ("zzzzzz: x", "zzzzzz: there is no action of this name; the names are overview, hosts"),
        ("filter: []", "filter: no key is given"),
        ("filter:", "filter: no key is given"),
        ("filter: ctrl+foo", "filter: 'ctrl+foo' is no key; write one such as"),
        ("filter: hyper+x", "ctrl, shift and alt"),
        ("filter: ''", "filter: '' is no key"),
        ("filter: j", "filter: j is also the key of down"),
        ("filter: 3", "filter: 3 is also the key of services"),
        ("filter: ctrl+i", "filter: ^i is also the key of swap"),
        ("filter: a\nsort: a", "sort: a is also the key of filter"),
        ("mark: yes", "mark: expected a key or a list of keys"),
        ("mark: [1.5]", "mark: expected a key or a list of keys"),
        ("mark: {a: 1}", "mark: expected a key or a list of keys"),
        ("- a", "expected a mapping"),
        ("a: b\na: c", "this key is given twice"),
        ("filter: [a", "not YAML"),
        ("x: \x00", "not YAML"),
    ],
)
def test_a_mistake_is_one_sentence_with_file_and_action(text: str, says: str) -> None:
    with pytest.raises(BadInput) as error:
        read_keys(text, "/home/me/keys.yaml")
    assert says in str(error.value)
    assert str(error.value).startswith("/home/me/keys.yaml")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("key", "words"), [("slash", "/"), ("ctrl+p", "^p"), ("G", "G"), ("pagedown", "PgDn"), ("f5", "F5"), ("up", "↑")]
)
def test_keys_are_shown_as_people_write_them(key: str, words: str) -> None:
    assert shown_key(key) == words


async def test_keys_of_the_user_work_and_the_old_ones_do_not() -> None:
    keys = read_keys(
        "down: [n]\nup: k\nfilter: ctrl+f\npage-down: pagedown\nwhere: N\ngaps: g\nfirst: home", "keys.yaml"
    )
    app = FencewalkApp(SAMPLE, keys=keys)
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("5")
        await pilot.pause()
        assert app.current_mode == "overview"
        await pilot.press("g")
        await pilot.pause()
        assert app.current_mode == "gaps"
        table = app.screen.query_one(WideTable)
        await pilot.press("j", "down")
        assert table.cursor == 0
        await pilot.press("n", "n")
        assert table.cursor == 2
        await pilot.press("slash")
        assert not app.screen.query_one(Input).has_focus
        assert "^f filter" in shown(app)
        assert "/ filter" not in shown(app)
        await pilot.press("ctrl+f")
        assert app.screen.query_one(Input).has_focus
        await pilot.press("escape", "question_mark")
        await pilot.pause()
        lines = [line.split()[:2] for line in app.screen.query_one(Reader).plain.splitlines()]
        assert ["^f", "Filter"] in lines
        assert ["/", "Filter"] not in lines


async def test_a_click_on_a_key_is_the_key() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        await pilot.pause()
        at = shown(app).splitlines()[-1].index("/ filter")
        await pilot.click(KeyBar, offset=(at + 1, 0))
        await pilot.pause()
        assert app.screen.query_one(Input).has_focus
        assert isinstance(app.screen, ReportScreen)
