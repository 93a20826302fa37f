"""Hints by the TCP stack: listed, never decisive."""

from __future__ import annotations

import pytest

from scanner.identify.devices import Clues, device
from scanner.identify.stacks import stack_hint
from scanner.identify.systems import system
from scanner.model.product import Product


@pytest.mark.parametrize(
    ("stacks", "family"),
    [
        ({(64, 64240)}, "linux"),
        ({(64, 29200), (64, 64240)}, "linux"),
        ({(128, 64240)}, "windows"),
        ({(128, 8192)}, "windows"),
        ({(64, 65535)}, "bsd"),
        ({(255, 4128)}, "network"),
        ({(64, 64240), (128, 8192)}, None),  # two stacks behind one address: a forwarded port
        ({(64, 64240), (64, 1)}, None),
        ({(63, 64240)}, None),  # not a neighbour's
        ({(64, 0)}, None),
        (set(), None),
    ],
)
def test_a_stack_is_known_by_ttl_and_window(stacks: set[tuple[int, int]], family: str | None) -> None:
    found, words = stack_hint(stacks)
    assert (found, bool(words)) == (family, family is not None)


def test_a_hint_names_no_system() -> None:
    found = system((), stacks=[(128, 8192)])
    assert (found.name, found.family, found.confidence) == ("", "", None)
    assert found.evidence == ("its TCP answers look like Windows's",)


def test_a_hint_speaks_against_a_banner_that_says_otherwise() -> None:
    banner = ("tcp/22", Product(vendor="openbsd", name="openssh", version="9.2p1", distro="debian:12", rule="ssh.xml"))
    said = system([banner], stacks=[(128, 8192)])
    assert said.name == "Debian 12"
    assert any("look like Windows" in each for each in said.against)
    assert not system([banner], stacks=[(64, 64240)]).against


def test_a_hint_makes_no_device() -> None:
    found = device(Clues(stacks=frozenset({(64, 64240)})))
    assert found.kind == "unknown"
    assert found.evidence == ("its TCP answers look like Linux's",)
