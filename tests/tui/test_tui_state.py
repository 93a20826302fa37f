"""What outlives a screen: the way back, and the user's own files, whatever state they are in."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.errors import BadInput
from tui.listing import TableView
from tui.state import History, Place, State, View, config_folder, keys_text

A, B, C = Place("hosts"), Place("gaps", "sev>=high", "id"), Place("matrix")


def test_back_and_forward_again() -> None:
    history = History()
    assert history.earlier(A) is None
    history.leave(A)
    history.leave(B)
    assert history.earlier(C) == B
    assert history.earlier(B) == A
    assert history.earlier(A) is None
    assert history.later(A) == B
    assert history.later(B) == C
    assert history.later(C) is None


def test_going_somewhere_new_forgets_what_was_ahead() -> None:
    history = History()
    history.leave(A)
    assert history.earlier(B) == A
    history.leave(A)
    assert history.later(C) is None
    assert history.earlier(C) == A


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["new-a", "new-b", "new-c", "back", "forward"]), max_size=40))
def test_a_step_back_and_one_forward_is_none(steps: list[str]) -> None:
    history, here = History(), Place("start")
    for step in steps:
        if step == "back":
            here = history.earlier(here) or here
        elif step == "forward":
            here = history.later(here) or here
        else:
            history.leave(here)
            here = Place(step)
    behind = history.earlier(here)
    if behind is not None:
        assert behind != here
        assert history.later(behind) == here


def test_views_and_settings_come_back(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "fencewalk"
    view = View("gaps", TableView("sev>=high !excepted", "sev", True, ("sev", "title")))
    state = State(folder)
    assert state.keep_view("Monday", view) is None
    assert state.choose(theme="fencewalk-light") is None
    again = State(folder)
    assert again.views == {"Monday": view}
    assert again.settings.theme == "fencewalk-light"
    assert again.settings.dialect is None
    assert again.problems == []
    assert stat.S_IMODE((folder / "views.json").stat().st_mode) == 0o600, "a filter may name a client's hosts"
    assert again.drop_view("Monday") is None
    assert State(folder).views == {}
    assert sorted(each.name for each in folder.iterdir()) == ["tui.json", "views.json"], "nothing half written is left"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"a": 1}', b'{"a": {"tab": 3}}', b"\xff\xfe", b"[" * 5000, b" " * (1 << 20) + b"{}"]
)
def test_a_broken_file_is_said_and_kept_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "views.json").write_bytes(content)
    state = State(tmp_path)
    assert state.views == {}
    (problem,) = state.problems
    assert problem.startswith(str(tmp_path / "views.json"))
    assert "\n" not in problem
    state.keep_view("x", View("hosts"))
    assert (tmp_path / "views.json.broken").read_bytes() == content
    assert set(State(tmp_path).views) == {"x"}


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    state = State(tmp_path / "file")
    assert len(state.problems) == 2
    assert "cannot be written" in str(state.keep_view("x", View("hosts")))
    assert set(state.views) == {"x"}, "it is kept until the end all the same"
    (tmp_path / "views.json").mkdir()
    assert "cannot be read" in State(tmp_path).problems[0]


def test_without_a_folder_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    state = State()
    assert state.keep_view("x", View("hosts")) is None
    assert list(tmp_path.iterdir()) == []


def test_where_the_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_folder({"FENCEWALK_CONFIG": str(tmp_path)}) == tmp_path
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config_folder({}) == tmp_path / "fencewalk"


def test_keys_are_found_or_not(tmp_path: Path) -> None:
    assert keys_text(tmp_path) is None
    (tmp_path / "keys.yaml").write_text("filter: a\n")
    assert keys_text(tmp_path) == (str(tmp_path / "keys.yaml"), "filter: a\n")
    (tmp_path / "keys.yaml").write_bytes(b"\xff")
    with pytest.raises(BadInput, match=r"keys\.yaml: is no text in UTF-8"):
        keys_text(tmp_path)
    os.unlink(tmp_path / "keys.yaml")
    (tmp_path / "keys.yaml").mkdir()
    with pytest.raises(BadInput, match=r"keys\.yaml: cannot be read"):
        keys_text(tmp_path)
