"""Second opinions in a report: after our own, marked, and part of what the report rests on."""

from __future__ import annotations

import msgspec
from assess.scene import NOTHING_KNOWN, OFFICE, TODAY, port, session, site, spoke

from scanner.assess import assess
from scanner.identify.recog import Recog
from scanner.identify.second import NOBODY, Second
from scanner.model.observation import Reading, Session
from scanner.model.report import HostRow, Report

HOST = "10.0.3.20"
RECOG = Recog(
    {
        "http_servers.xml": b"""<fingerprints>
  <fingerprint pattern="^Zap/([\\d.]+)"><description>Zap</description>
    <param pos="0" name="service.vendor" value="Acme"/><param pos="0" name="service.product" value="Zap"/>
    <param pos="1" name="service.version"/><param pos="0" name="hw.device" value="IP Camera"/></fingerprint>
  <fingerprint pattern="^nginx/([\\d.]+)"><description>wrong</description>
    <param pos="0" name="service.vendor" value="Acme"/><param pos="0" name="service.product" value="Not nginx"/>
    <param pos="1" name="service.version"/></fingerprint>
</fingerprints>"""
    }
)
ELEMENT = b'<service name="http" product="Nmap Thing" version="7.7" method="probed" conf="10"/>'


def scanned(*readings: tuple[str, bytes]) -> Session:
    talk = spoke(HOST, 8081, b"", "http.response")
    talk = msgspec.structs.replace(talk, readings=tuple(Reading(*each) for each in readings), received=9)
    return session(OFFICE, port(HOST, 8081, "open", ttl=64), talk)


def report(*readings: tuple[str, bytes], second: Second = RECOG) -> Report:
    return assess(site(), [scanned(*readings)], NOTHING_KNOWN, TODAY, second=second)


def host(made: Report) -> HostRow:
    [found] = [each for each in made.hosts if each.addresses == (HOST,)]
    return found


def test_recog_names_what_we_do_not_know() -> None:
    made = report(("http.server", b"Zap/1.2"))
    [service] = host(made).services
    assert (service.product, service.version) == ("zap", "1.2")
    assert service.evidence == "tcp/8081 http.server: Zap/1.2"
    assert (host(made).device, host(made).device_confidence) == ("camera", "high")
    own = host(report(("http.server", b"Zap/1.2"), second=NOBODY))
    assert (own.services[0].title, own.device) == ("zap", "unknown"), "its own words, and no more"


def test_where_we_have_a_name_recog_is_not_asked() -> None:
    names = [each.product for each in report(("http.server", b"nginx/1.24.0")).patches]
    assert names == ["nginx"]


def test_a_page_s_own_words_complete_what_a_fingerprint_names() -> None:
    title = ("http.title", b"Postfix Admin - 10.66.0.11:8080")
    service = host(report(title, ("http.text", b"Postfix Admin 3.3.11</a>"), second=NOBODY)).services[0]
    assert (service.product, service.version) == ("postfix_admin", "3.3.11")
    assert service.cpe == "cpe:2.3:a:postfix_admin_project:postfix_admin:3.3.11:*:*:*:*:*:*:*"
    # Where a fingerprint has read a version, it stands.
    nginx = host(report(("http.server", b"nginx/1.24.0"), ("http.text", b"nginx 1.0.1</a>"), second=NOBODY)).services[0]
    assert (nginx.product, nginx.version) == ("nginx", "1.24.0")


def test_nmap_is_heard_only_where_nobody_else_has_a_name() -> None:
    alone = host(report(("http.server", b"Strange/7.7"), ("nmap.service", ELEMENT))).services[0]
    assert (alone.product, alone.version) == ("nmap_thing", "7.7")
    unproven = host(report(("http.server", b"Strange"), ("nmap.service", ELEMENT))).services[0]
    assert (unproven.product, unproven.version) == ("nmap_thing", None)
    for first in (b"Zap/1.2", b"nginx/1.24.0"):
        names = [each.product for each in report(("http.server", first), ("nmap.service", ELEMENT)).patches]
        assert "nmap_thing" not in names


def test_the_report_rests_on_recogs_files_too() -> None:
    with_, without = report(("http.server", b"Zap/1.2")), report(("http.server", b"Zap/1.2"), second=NOBODY)
    assert with_.digests.feeds != without.digests.feeds
    assert with_.digests.observations == without.digests.observations
