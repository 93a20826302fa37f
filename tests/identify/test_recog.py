"""recog as a second opinion: where it is asked, what it may say, and what it costs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.feeds.recog import users_recog
from scanner.identify import identify
from scanner.identify.recog import Recog
from scanner.identify.second import NOBODY

FEED = Path(__file__).parents[3] / "shared" / "feeds" / "recog"
XML = b"""<fingerprints>
  <fingerprint pattern="^Acme ([\\d.]+)$"><description>Acme</description>
    <param pos="0" name="service.vendor" value="Acme"/><param pos="0" name="service.product" value="Web Thing"/>
    <param pos="1" name="service.version"/><param pos="0" name="hw.device" value="Printer"/></fingerprint>
  <fingerprint pattern="^Guess"><description>Guess</description>
    <param pos="0" name="service.vendor" value="Acme"/><param pos="0" name="service.product" value="Guess"/>
    <param pos="0" name="service.version" value="9.1"/><param pos="0" name="service.certainty" value="0.5"/>
    <param pos="0" name="os.vendor" value="Debian"/><param pos="0" name="os.product" value="Linux"/>
    <param pos="0" name="os.version" value="9.1"/></fingerprint>
  <fingerprint pattern="^Nothing"><description>Nothing</description>
    <param pos="0" name="service.vendor" value="x"/><param pos="0" name="service.product" value="x"/>
    <param pos="0" name="service.certainty" value="0.0"/></fingerprint>
  <fingerprint pattern="a(?=b)"><description>Ruby's own</description></fingerprint>
</fingerprints>"""


def recog() -> Recog:
    return Recog({"http_servers.xml": XML, "html_title.xml": b"<broken", "unasked.xml": b"<broken"})


def test_a_captured_version_and_the_device() -> None:
    [product] = recog().products("http.server", b"Acme 1.2")
    assert (product.vendor, product.name, product.version, product.certain) == ("acme", "web_thing", "1.2", True)
    assert product.cpe == "cpe:2.3:a:acme:web_thing:1.2:*:*:*:*:*:*:*"
    assert product.rule == "recog http_servers.xml: Acme"
    assert recog().hardware("http.server", b"Acme 1.2") == ("Printer",)


def test_a_version_that_is_not_in_the_bytes_is_left_out() -> None:
    service, system = recog().products("http.server", b"Guess 2")
    assert (service.name, service.version, service.certain) == ("guess", None, False)
    assert (system.name, system.version) == ("linux", None)


def test_what_recog_itself_gives_no_certainty_is_nothing() -> None:
    assert recog().products("http.server", b"Nothing") == ()


@pytest.mark.parametrize("name", ["Thing", "Thing (1.2.x)", "Thing 1.2 : Admin", "Thing 1.x"])
def test_a_favicon_names_a_product_and_no_version(name: str) -> None:
    digest = "0123456789abcdef" * 2
    xml = f"""<fingerprints><fingerprint pattern="^{digest}$"><description>A thing ({name})</description>
      <param pos="0" name="service.vendor" value="Acme"/><param pos="0" name="service.product" value="{name}"/>
      <param pos="0" name="service.version" value="1.2"/></fingerprint></fingerprints>"""
    [product] = Recog({"favicons.xml": xml.encode()}).products("http.favicon", digest.encode())
    assert (product.name, product.version) == ("thing", None)
    assert product.cpe == "cpe:2.3:a:acme:thing:*:*:*:*:*:*:*:*"


def test_files_that_cannot_be_used_are_named_and_say_nothing() -> None:
    asked = recog()
    assert asked.products("http.title", b"Acme 1.2") == ()
    assert asked.products("http.server", b"none of them") == ()
    assert len(asked.unusable) == 2
    assert any("html_title.xml" in each for each in asked.unusable)
    assert any("Ruby's own" in each for each in asked.unusable)


def test_the_digest_is_of_the_files_that_may_speak() -> None:
    assert recog().digest == recog().digest != NOBODY.digest
    assert Recog({"http_servers.xml": XML}).digest != recog().digest
    assert Recog({"unasked.xml": XML}).digest == ""


@pytest.mark.parametrize("folder", ["", "xml"])
def test_the_users_files(tmp_path: Path, folder: str) -> None:
    assert users_recog(tmp_path) is NOBODY
    place = tmp_path / folder
    place.mkdir(exist_ok=True)
    (place / "http_servers.xml").write_bytes(XML)
    assert users_recog(tmp_path).products("http.server", b"Acme 1.2")
    assert users_recog(tmp_path) is users_recog(tmp_path)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["http.server", "ssh", "http.title", "x"]), st.binary(max_size=300))
def test_strange_bytes(kind: str, raw: bytes) -> None:
    recog().products(kind, raw)
    recog().hardware(kind, raw)


@pytest.fixture(scope="module")
def real() -> Recog:
    if not FEED.is_dir():
        pytest.skip("recog's databases are not in ../shared/feeds/recog")
    found = users_recog(FEED)
    assert isinstance(found, Recog)
    return found


@pytest.mark.parametrize(
    ("kind", "raw", "vendor", "name", "version"),
    [
        ("ftp", b"220 a.example 10.0.0.1 FTP server (Version wu-2.6.2(1) Wed Sep 21 11:16:21 MEST 2005) ready.\r\n",
         "washington_university", "wu-ftpd", "2.6.2"),
        ("rtsp.server", b"Flussonic (http://www.flussonic.com/) 20.01", "flussonic", "flussonic_media_server", "20.01"),
        ("smtp", b"220 a.b (IMail 12.4.2.27 21349-1) NT-ESMTP Server X1\r\n", "ipswitch", "imail_server", "12.4.2.27"),
        ("http.www-authenticate", b'Basic realm="monit"', "tildeslash", "monit", None),
    ],
)  # fmt: skip
def test_what_our_own_fingerprints_lack(
    real: Recog, kind: str, raw: bytes, vendor: str, name: str, version: str | None
) -> None:
    found = real.products(kind, raw)
    assert found, (kind, raw)
    assert (found[0].vendor, found[0].name, found[0].version) == (vendor, name, version)


def test_a_release_that_recog_infers_wrongly_is_never_said(real: Recog) -> None:
    banner = b"5.5.5-10.11.6-MariaDB-0+deb12u1"
    assert identify("mysql", banner)[0].distro == "debian:12"
    assert all(not each.version for each in real.products("mysql", banner) if (each.cpe or "").startswith("cpe:2.3:o"))


def test_the_first_question_of_each_kind_and_all_the_others_are_quick(real: Recog) -> None:
    """Every pattern of a file is compiled by a text that matches none: that is the worst, and happens once."""
    kinds = [
        "ssh",
        "http.server",
        "http.title",
        "smtp",
        "ftp",
        "imap",
        "pop3",
        "telnet",
        "snmp.sysdescr",
        "dns.version",
    ]
    fresh = users_recog(FEED / "xml")
    started = time.process_time()
    for kind in kinds:
        fresh.products(kind, b"\x01 matches nothing \x02")
    first = time.process_time() - started
    started = time.process_time()
    for number in range(200):
        for kind in kinds:
            fresh.products(kind, b"\x01 matches nothing %d" % number)
    each = (time.process_time() - started) / 2000
    assert first < 6.0
    assert each < 0.005
    started = time.process_time()
    fresh.products("smtp", b"220 " + b"a " * 32768 + b"htt")
    assert time.process_time() - started < 0.5
    print(f"first {first:.2f} s, each {each * 1e6:.0f} us")
