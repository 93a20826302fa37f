"""What of a large site takes most of the room goes by itself once it was judged, without the collector of cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from assess.scene import TODAY
from benchmarks import large_site

from scanner.assess import assess
from scanner.assess.facts.evidence import Evidence
from scanner.assess.facts.view import View
from scanner.assess.machines.inventory import Inventory
from scanner.feeds import bundled_knowledge
from scanner.identify.vendor import vendor


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _held(*kinds: type) -> list[str]:
    return sorted({type(each).__name__ for each in gc.get_objects() if isinstance(each, kinds)})


@pytest.mark.usefixtures("uncollected")
def test_the_evidence_goes_when_it_was_judged() -> None:
    # Late imports leave frames behind that hold whatever asked for them.
    assess(large_site.large_site(), large_site.sessions(32, 1.75e9), bundled_knowledge(), TODAY, (), vendor)
    gc.collect()
    report = assess(large_site.large_site(), large_site.sessions(64, 1.75e9), bundled_knowledge(), TODAY, (), vendor)
    assert len(report.hosts) > 64
    assert _held(Evidence, View, Inventory) == []
