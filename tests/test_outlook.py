"""How much a port scan has to ask, zone by zone."""

from __future__ import annotations

import pytest

from scanner.model.network import Knock
from scanner.model.observation import Work
from scanner.model.site import Site, Zone
from scanner.outlook import outlook

ZONES = (
    Zone("guest", ("10.1.0.0/24",)),
    Zone("servers", ("10.2.0.0/24", "fd02::/64")),
)

CASES = [
    ("10.1.0.1-10.1.0.4", (("guest", 12),)),
    ("10.1.0.1,10.2.0.1-10.2.0.2,fd02::1", (("guest", 3), ("servers", 9))),
    ("10.9.0.1,10.1.0.1", (("guest", 3), ("", 3))),
    ("10.2.0.1", (("servers", 3),)),
    ("", ()),
]


@pytest.mark.parametrize(("addresses", "questions"), CASES, ids=[each[0] or "nobody" for each in CASES])
def test_each_address_counts_for_one_zone(site: Site, addresses: str, questions: tuple[tuple[str, int], ...]) -> None:
    found = outlook([Knock(addresses, (22, 80), (53,))], site, lambda unit: unit == "knock-0", 5.0)
    assert found.units == (Work("knock-0", questions, done=True),)
    assert found.at == 5.0


@pytest.fixture
def site() -> Site:
    return Site("c", "s", zones=ZONES)
