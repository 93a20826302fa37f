"""People read `Apache HTTP Server`; programs go on reading `http_server`."""

from __future__ import annotations

import msgspec
from assess.scene import OFFICE, TODAY, port, session, site, spoke

from scanner.assess import assess
from scanner.baselines import bundled
from scanner.model.baseline import Knowledge
from scanner.model.observation import Reading
from scanner.model.report import Report

HOST = "10.0.3.20"


def report(kind: str, raw: bytes) -> Report:
    talk = msgspec.structs.replace(spoke(HOST, 8081, b"", "http.response"), readings=(Reading(kind, raw),))
    seen = session(OFFICE, port(HOST, 8081, "open", ttl=64), talk)
    return assess(site(), [seen], Knowledge(baselines=bundled()), TODAY)


def test_a_finding_names_the_product_as_the_trade_does() -> None:
    made = report("http.server", b"Apache/2.4.49 (Win64)")
    [finding] = [each for each in made.findings if each.kind in ("outdated", "end-of-life", "known-exploited")]
    assert finding.title.startswith("Apache HTTP Server 2.4.49 on ")
    assert finding.remedy.startswith("Update Apache HTTP Server to 2.4.")
    [patch] = made.patches
    assert (patch.product, patch.title) == ("http_server", "Apache HTTP Server")


def test_another_makers_http_server_is_not_judged_by_apaches_facts() -> None:
    [patch] = report("http.server", b"IBM_HTTP_Server/8.5.5.15").patches
    assert (patch.product, patch.title, patch.reason) == ("ibm_http_server", "IBM HTTP Server", "no-baseline")


def test_a_service_has_both_names() -> None:
    [host] = [each for each in report("http.server", b"Tengine/2.3.2").hosts if each.addresses == (HOST,)]
    [service] = host.services
    assert (service.product, service.title) == ("tengine", "Tengine")
