"""AddressSet against Python's own sets."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.addresses import AddressSet

_FEW = st.sets(
    st.one_of(
        st.integers(0, 40).map(lambda n: f"10.0.0.{n}"),
        st.integers(0, 40).map(lambda n: f"fd00::{n:x}" if n else "fd00::"),
    ),
    max_size=30,
)


@given(_FEW, _FEW)
@settings(max_examples=200, deadline=None)
def test_algebra_is_that_of_sets(left: set[str], right: set[str]) -> None:
    a, b = AddressSet.of(left), AddressSet.of(right)
    assert set(a | b) == left | right
    assert set(a & b) == left & right
    assert set(a - b) == left - right
    assert len(a - b) == len(left - right)
    assert (a == b) is (left == right)
    assert all((each in a) is (each in left) for each in left | right)
    assert AddressSet.parse(str(a)) == a
    assert list(a.of_version(4)) + list(a.of_version(6)) == list(a)


@given(_FEW, st.integers(1, 7))
@settings(max_examples=100, deadline=None)
def test_chunks_are_the_set_in_order(some: set[str], size: int) -> None:
    whole = AddressSet.of(some)
    parts = list(whole.chunks(size))
    assert [each for part in parts for each in part] == list(whole)
    assert all(len(part) == size for part in parts[:-1])


@given(_FEW, st.data())
@settings(max_examples=100, deadline=None)
def test_some_of_it_by_place(some: set[str], data: st.DataObject) -> None:
    whole = AddressSet.of(some)
    marks = data.draw(st.lists(st.booleans(), min_size=len(whole), max_size=len(whole)))
    assert list(whole.pick(bytes(marks))) == [each for each, mark in zip(whole, marks, strict=True) if mark]
    assert list(whole.places(whole.pick(bytes(marks)))) == [place for place, mark in enumerate(marks) if mark]


def test_a_subnet_is_one_span() -> None:
    whole = AddressSet.parse("10.1.0.0/16")
    assert len(whole) == 65536
    assert "10.1.255.255" in whole
    assert "10.2.0.0" not in whole
    assert str(whole - AddressSet.parse("10.1.0.0,10.1.255.255")) == "10.1.0.1-10.1.255.254"


def test_the_ends_of_the_address_space() -> None:
    everything = AddressSet.parse("0.0.0.0/0,::/0")
    assert everything.spans == ((4, 0, (1 << 32) - 1), (6, 0, (1 << 128) - 1))
    assert "255.255.255.255" in everything
    assert "::" in everything
    assert not everything - everything


@pytest.mark.parametrize("text", ["10.0.0.9-10.0.0.1", "10.0.0.1-fd00::1", "10.0.0.1-", "x", "10.0.0.1/24"])
def test_what_is_no_set(text: str) -> None:
    with pytest.raises(ValueError):
        AddressSet.parse(text)
