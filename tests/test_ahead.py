"""What a second process reads ahead says what it says when we read it."""

from __future__ import annotations

import datetime
import time
from pathlib import Path

import msgspec
import psutil
import pytest
from benchmarks import bench_assess

from scanner import session
from scanner.ahead import read, readings_ahead
from scanner.exporters.json import parts
from scanner.identify import foretold, identify, tls
from scanner.identify.devices import hardware, said_by
from scanner.identify.foretold import KINDS, digest, mute
from scanner.model.observation import Conversation, Reading
from scanner.store import Store

HOSTS = 160
TITLES = tuple(Reading("http.title", each) for each in (b"", b"RouterOS", b"AXIS", b"Synology NAS", b"\xff<\0"))
BROKEN = (b"", b"\x30\x03\x02\x01\x00", bytes(70), b"\x30\x82" + bytes(range(200)), bytes(70_000))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose store has certificates, whole and broken."""
    folder = tmp_path_factory.mktemp("ahead")
    bench_assess.make(folder, HOSTS)
    path = folder / "site.yaml"
    loaded = session.load_site(path)
    with Store(session.store_path(path, None)) as store:
        first = store.sessions(loaded.client, loaded.site)[0]
        talks = [
            Conversation(each, "tcp", 443, "tls", "answered", first.scan.started, (Reading(tls.KIND, raw),), tls=True)
            for each, raw in zip(("10.0.0.9", "10.0.0.10", "10.0.0.11", "10.0.0.12", "10.0.0.13"), BROKEN, strict=True)
        ]
        talks.append(Conversation("10.0.0.14", "tcp", 80, "http", "answered", first.scan.started, TITLES))
        store.keep_session(
            loaded.client, loaded.site, "more", talks, lambda name: msgspec.structs.replace(first.scan, id=name)
        )
    return path


def readings(site: Path) -> set[Reading]:
    loaded = session.load_site(site)
    with Store(session.store_path(site, None), create=False) as store:
        rows = [row for each in store.sessions(loaded.client, loaded.site) for row in each.observations]
    talks = [each for each in rows if isinstance(each, Conversation)]
    return {each for talk in talks for each in talk.readings if each.kind in KINDS}


def certificates(site: Path) -> set[bytes]:
    return {each.raw for each in readings(site) if each.kind == tls.KIND}


def test_all_are_read_and_each_as_we_would(site: Path) -> None:
    every, telling = certificates(site), {*readings(site), *TITLES}
    assert len(every) > HOSTS // 4
    assert set(BROKEN) <= every
    assert {each.kind for each in telling} == KINDS
    found = read(session.store_path(site, None))
    assert found.certificates == {digest(tls.KIND, each): tls.read(each) for each in every}
    says = {each for each in telling if identify(each.kind, each.raw) or hardware(each.kind, each.raw)}
    says |= {each for each in telling if len(said_by("", each)) > len(said_by("", Reading(each.kind, b"")))}
    assert says
    assert found.mute == {digest(each.kind, each.raw) for each in telling - says}


def test_bytes_that_say_nothing_as_a_certificate_may_say_something_as_a_title() -> None:
    word = b"RouterOS"
    with foretold.foretold(lambda: foretold.Foretold({}, {digest(tls.KIND, word)})):
        assert mute(tls.KIND, word)
        assert not mute("http.title", word)


def test_a_report_is_the_same_with_it(site: Path) -> None:
    one = next(each for each in certificates(site) if tls.read(each) is not None)
    day = datetime.date(2026, 11, 20)

    def report() -> bytes:
        tls._read.cache_clear()
        return b"".join(parts(session.assess_site(site, today=day)))

    alone = report()
    mine = psutil.Process()
    before = {each.pid for each in mine.children()}
    with readings_ahead(session.store_path(site, None), least=0):
        assert {each.pid for each in mine.children()} - before, "a second process reads"
        assert mute(tls.KIND, one), "it told us"
        assert report() == alone
    assert not mute(tls.KIND, one)
    assert {each.pid for each in mine.children()} == before


def test_a_small_store_has_none(site: Path) -> None:
    mine = psutil.Process()
    before = {each.pid for each in mine.children()}
    with readings_ahead(session.store_path(site, None)):
        assert {each.pid for each in mine.children()} == before


def test_without_it_certificates_are_read_all_the_same(site: Path, tmp_path: Path) -> None:
    one = next(each for each in certificates(site) if tls.read(each) is not None)
    garbage = tmp_path / "garbage.sqlite"
    garbage.write_bytes(b"no store" * 1000)
    tls._read.cache_clear()
    with readings_ahead(garbage, least=0):
        assert not mute(tls.KIND, one)
        found = tls.certificate(one)
    assert found is not None
    assert found.der == one


def test_nobody_waits_for_it_at_the_end(site: Path) -> None:
    mine = psutil.Process()
    start = time.process_time()
    before = {each.pid for each in mine.children()}
    with readings_ahead(session.store_path(site, None), least=0):
        pass
    assert {each.pid for each in mine.children()} == before
    assert time.process_time() - start < 1
