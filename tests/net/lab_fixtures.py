"""Networks for the tests that need one, and what answers in them.

A module that needs more of its network has a `lab` of its own, made of this one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TypeVar

import pytest
from connect_lab import CrowdLab
from live_lab import Lab
from netns import Namespaces, why_not
from responders import Daemons
from veth_pair import own_network

L = TypeVar("L", bound=Namespaces)


@contextlib.contextmanager
def raised(lab: L) -> Iterator[L]:
    """The network, for the length of a `with` block. Where none can be had the test is skipped, and says why."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    with lab:
        yield lab


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with raised(Lab()) as built:
        yield built


@pytest.fixture(scope="module")
def crowd() -> Iterator[CrowdLab]:
    with raised(CrowdLab()) as built:
        yield built


@pytest.fixture
def wired() -> Iterator[None]:
    """The test's thread is in a network of its own, in which two interfaces are joined by a wire."""
    with own_network():
        yield


@pytest.fixture
def daemons(lab: Lab) -> Iterator[Daemons]:
    made = Daemons(lab)
    try:
        yield made
    finally:
        made.close()
