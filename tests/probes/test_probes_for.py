"""Which probes a port gets, and in which order."""

from __future__ import annotations

import pytest

from scanner.probes import MOST, probes, probes_for, udp_payloads

ORDER = [
    (22, ("ssh", "banner", "http", "https")),
    (80, ("http", "banner", "https")),
    (443, ("https", "banner", "http")),
    (21, ("ftp", "banner", "http", "https")),
    (3306, ("mysql", "http", "https")),
    (4711, ("banner", "http", "https")),
    (18443, ("banner", "https", "http")),
]


@pytest.mark.parametrize(("port", "names"), ORDER)
def test_order(port: int, names: tuple[str, ...]) -> None:
    assert tuple(probe.name for probe in probes_for("tcp", port)) == names


def test_every_port_is_bounded_and_can_be_listened_to() -> None:
    for port in range(1, 65536, 7):
        found = probes_for("tcp", port)
        assert 1 <= len(found) <= MOST
        assert len({probe.name for probe in found}) == len(found)
        assert any(not probe.writes for probe in found) or found[0].alone
        assert all(probe.transport == "tcp" for probe in found)


def test_a_udp_port_nobody_knows_gets_nothing() -> None:
    assert probes_for("udp", 4711) == ()


def test_udp_payloads_are_the_probes_own() -> None:
    asked = udp_payloads()
    assert {53, 123, 161, 5060, 137} <= set(asked)
    for port, payload in asked.items():
        assert payload == probes_for("udp", port)[0].payload
        assert 0 < len(payload) <= 512


def test_conformance() -> None:
    """Every file: a UDP probe asks by its payload; a TCP probe has none; ports that break printers are nobody's."""
    for name, probe in probes().items():
        assert probe.name == name
        assert bool(probe.payload) == (probe.transport == "udp"), name
        assert not {515, *range(9100, 9108), *range(9112, 9117)} & set(probe.ports), name


@pytest.mark.parametrize("port", [102, 502, 20000, 44818])
def test_a_controller_is_asked_its_own_question_and_nothing_else(port: int) -> None:
    assert [probe.alone for probe in probes_for("tcp", port)] == [True]
