"""Every scheme against its own truths, and against what any order has to obey."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every

from scanner.versions import Order, compare, schemes

REQUIRED = {
    *("openssh", "openssl", "exim", "cisco-ios", "windows", "fortios", "deb", "deb-banner", "rpm", "tomcat"),
    *("mikrotik", "mariadb", "postgresql", "mssql", "esxi", "sonicos", "dotted", "hp-firmware", "dropbear", "php"),
}
TRUTHS = [(name, *truth) for name, scheme in schemes().items() for truth in scheme.truths]
NO_VERSION = ("unknown", "", "\0", "9.2p1\0", "\x1b[31m1.2.3", "1.2.3\n4", "٣.٤.٥", "\ud800", "-", "." * 600)
PIECES = [
    *"0123456789.:-+~^_()",
    *("p1", "rc", "RC2", "beta", "-P1", "build", "v", "E", "SE", "M", "a", "zh", " ", "\0", "é", "9" * 5000),
]


def mirrored(order: Order | None) -> Order | None:
    flipped: dict[Order | None, Order | None] = {-1: 1, 0: 0, 1: -1, None: None}
    return flipped[order]


def test_every_promised_scheme_is_there() -> None:
    assert set(schemes()) >= REQUIRED


@for_every(("name", "left", "right", "order"), TRUTHS)
def test_truth_and_its_mirror_image(name: str, left: str, right: str, order: Order | None) -> None:
    assert compare(name, left, right) == order
    assert compare(name, right, left) == mirrored(order)


@for_every("name", schemes())
def test_truths_cover_order_and_incomparable(name: str) -> None:
    orders = {order for _, _, order in schemes()[name].truths}
    assert None in orders
    assert orders & {-1, 1}


@for_every("name", schemes())
@for_every("text", NO_VERSION)
def test_no_version_is_incomparable_with_everything(name: str, text: str) -> None:
    known = schemes()[name].truths[0][0]
    for left, right in ((text, known), (known, text), (text, text)):
        assert compare(name, left, right) is None
        assert schemes()[name].compare(left, right) is None


@pytest.mark.parametrize("name", schemes())
def test_never_raises_and_mirrors_on_text_made_of_version_pieces(name: str) -> None:
    pieces = st.sampled_from(PIECES)

    @settings(max_examples=15, deadline=None, database=None)
    @given(st.lists(pieces, max_size=14).map("".join), st.lists(pieces, max_size=14).map("".join))
    def holds(left: str, right: str) -> None:
        found = compare(name, left, right)
        assert compare(name, right, left) == mirrored(found)
        assert compare(name, left, left) in (0, None)

    holds()


@settings(max_examples=150, deadline=None, database=None)
@given(st.sampled_from(sorted(schemes())), st.text(max_size=40), st.text(max_size=40))
def test_never_raises_on_any_text(name: str, left: str, right: str) -> None:
    assert compare(name, left, right) == mirrored(compare(name, right, left))


def test_no_default_scheme() -> None:
    assert compare("no-such-scheme", "1.0", "1.1") is None
    assert compare("", "1.0", "1.1") is None
