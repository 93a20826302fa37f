"""A cable that is out for a moment while only late answers are waited for: what was missed is nobody's silence."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from lab_fixtures import raised
from live_lab import Lab

from scanner.errors import NetworkFailed
from scanner.model.network import Engine, Knock
from scanner.model.observation import Silence, Vantage
from scanner.net.live import LiveNetwork
from scanner.net.pace import TokenBucket

pytestmark = [pytest.mark.lab]

VANTAGE = Vantage("front", "eth0", "10.91.1.10", "fd91:1::10")
FAR = "10.91.2.10"
KNOCKS = {"raw": Knock(FAR, (81,)), "bulk": Knock(f"{FAR},10.91.2.99", (81, *range(1000, 4000))),
          "connect": Knock(FAR, udp=(55,))}  # fmt: skip


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Of the test's own, which takes it to pieces."""
    with raised(Lab()) as built:
        yield built


def asked(request: Knock, engine: Engine) -> Callable[[], tuple[str, bool]]:
    def run() -> tuple[str, bool]:
        network = LiveNetwork(VANTAGE, engine)
        silent = False
        try:
            for event in network.knock(request, TokenBucket(100_000)):
                silent |= isinstance(event, Silence)
        except NetworkFailed as error:
            return str(error), silent
        finally:
            network.close()
        return "", silent

    return run


@pytest.mark.parametrize("how", ["raw", "bulk", "connect"])
def test_a_cable_that_was_out_while_late_answers_were_due_is_noticed(lab: Lab, how: str) -> None:
    engine: Engine = "connect" if how == "connect" else "raw"
    began = time.monotonic()
    assert lab.run("laptop", asked(KNOCKS[how], engine)) == ("", how != "bulk"), "with the cable in"
    took = time.monotonic() - began
    assert took > 3
    pulled = threading.Timer(1.6, lab.ns, ("router", "ip link set to-laptop down"))
    back = threading.Timer(1.75, lab.ns, ("router", "ip link set to-laptop up"))
    pulled.start()
    back.start()
    try:
        said, silent = lab.run("laptop", asked(KNOCKS[how], engine))
    finally:
        pulled.join()
        back.join()
    assert said == "eth0 is down or gone; plug it in again and go on with --resume"
    assert not silent
