from __future__ import annotations

from collections.abc import Iterator

import pytest
from tickets.sending import with_keys
from tickets.stand_ins import ConnectWise, serving


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with_keys(monkeypatch)


@pytest.fixture
def connectwise() -> Iterator[ConnectWise]:
    desk = ConnectWise()
    with serving(desk):
        yield desk
