"""Updating from a publisher that fails, lies, or has nothing new: only what can be believed replaces what is there."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path

import msgspec
import pytest
from feeds.editions import kev, releases
from feeds.publisher import Answer, Publisher, gives, hangs_up, in_turn, publisher, without_end

from scanner.feeds.cache import facts, pinned
from scanner.feeds.feed import Feed, feeds
from scanner.feeds.fetch import Patience
from scanner.feeds.update import Outcome, update
from scanner.importers.archive import packed

NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
QUICK = Patience(attempts=3, timeout=0.6, deadline=20, longest_wait=1.2, first_wait=0.01)
FEED = msgspec.structs.replace(feeds()["kev"], plausible=2, largest=200_000)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    folder = tmp_path_factory.mktemp("publisher")
    with publisher(folder) as running, pytest.MonkeyPatch.context() as changed:
        changed.setenv("SSL_CERT_FILE", str(folder / "authority.pem"))
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            changed.delenv(name, raising=False)
        yield running


def fetched(
    folder: Path, url: str, feed: Feed = FEED, name: str = "kev", now: datetime.datetime = NOW, how: Patience = QUICK
) -> Outcome:
    return update(folder, name, msgspec.structs.replace(feed, url=url), now, patience=how)


def test_a_new_edition_is_pinned(server: Publisher, tmp_path: Path) -> None:
    url = server.publishes("/new", kev())
    assert fetched(tmp_path, url).state == "new"
    pin = pinned(tmp_path, "kev")
    assert pin is not None
    assert (pin.entries, pin.dated, pin.url, pin.size) == (3, datetime.date(2026, 11, 20), url, len(kev()))
    assert [each.cve for each in facts(tmp_path, pin, FEED)] == ["CVE-2026-1000", "CVE-2026-1001", "CVE-2026-1002"]
    assert fetched(tmp_path, url).state == "unchanged"


def test_what_has_not_changed_is_not_fetched_again(server: Publisher, tmp_path: Path) -> None:
    day = format_datetime(NOW, usegmt=True)
    whole = gives(kev(), ETag='"a1"', Last_Modified=day)
    url = server.publishes("/unchanged", in_turn(whole, gives(b"", 304)))
    fetched(tmp_path, url)
    later = NOW + datetime.timedelta(days=1)
    outcome = fetched(tmp_path, url, now=later)
    assert (outcome.state, outcome.told) == ("unchanged", "still the edition of 2026-11-20")
    asked = server.asked[-1][1]
    assert (asked["If-None-Match"], asked["If-Modified-Since"]) == ('"a1"', day)
    pin = pinned(tmp_path, "kev")
    assert pin is not None
    assert pin.fetched == later


def test_a_changed_file_is_fetched_anew(server: Publisher, tmp_path: Path) -> None:
    """A server that is asked for changes alone would leave the damage as it is."""
    url = server.publishes("/mended", gives(kev(), ETag='"a1"'))
    fetched(tmp_path, url)
    pin = pinned(tmp_path, "kev")
    assert pin is not None
    path = tmp_path / "kev" / f"{pin.sha256}.raw"
    path.write_bytes(b"changed")
    fetched(tmp_path, url)
    assert "If-None-Match" not in server.asked[-1][1]
    assert path.read_bytes() == kev()


def test_a_file_without_a_date_of_its_own_is_dated_by_the_server(server: Publisher, tmp_path: Path) -> None:
    feed = msgspec.structs.replace(feeds()["releases"], plausible=1)
    data = releases(nginx={"1.30.1": "2026-05-13", "9.9": "2027-01-01"})
    dated = gives(data, Last_Modified="Thu, 19 Nov 2026 08:00:00 GMT")
    for path, answer, day in (("/bare", gives(data), "2026-05-13"), ("/dated", dated, "2026-11-19")):
        assert fetched(tmp_path, server.publishes(path, answer), feed, "releases").state == "new" or path == "/dated"
        pin = pinned(tmp_path, "releases")
        assert pin is not None
        assert str(pin.dated) == day


def moved(location: str) -> Answer:
    return gives(b"", 302, Location=location)


def test_redirects_are_followed_to_hosts_of_the_feed(server: Publisher, tmp_path: Path) -> None:
    server.publishes("/there", kev())
    assert fetched(tmp_path, server.publishes("/here", moved("/there"))).state == "new"
    other = server.url.replace("localhost", "127.0.0.1")
    url = server.publishes("/away", moved(f"{other}/there"))
    assert "127.0.0.1, which is no host of this feed" in fetched(tmp_path / "a", url).told
    known = msgspec.structs.replace(FEED, hosts=("127.0.0.1",))
    assert fetched(tmp_path / "b", url, known).state == "new"


FAILURES: dict[str, tuple[Answer, str]] = {
    "not found": (gives(b"", 404), "localhost answered 404"),
    "always busy": (gives(b"", 503), "localhost answered 503 (3 attempts)"),
    "leave me alone": (gives(b"", 429, Retry_After="3600"), "answered 429 and asks to be left alone for 3,600 s"),
    "until a day": (gives(b"", 503, Retry_After="Fri, 01 Jan 2100 00:00:00 GMT"), "asks to be left alone for"),
    "hangs up": (hangs_up, "(3 attempts)"),
    "breaks off": (gives(kev()[:200], Content_Length=str(len(kev()))), "(3 attempts)"),
    "announces less than it is": (gives(kev(), Content_Length="100"), "not JSON"),
    "announces too much": (
        gives(b"x", Content_Length="9999999999"),
        "announces 9,999,999,999 bytes; this feed's limit",
    ),
    "without end": (without_end, "sent more than 200,000 bytes, this feed's limit"),
    "packed unasked": (gives(kev(), Content_Encoding="gzip"), "packed in a way that was not asked for"),
    "garbage": (gives(b"\x00\xff" * 500), "not JSON"),
    "another file": (gives(b'{"title": "no catalogue"}'), "not what this feed's file looks like"),
    "a page": (gives(b"<html>Sign in to the hotel's network</html>"), "not JSON"),
    "nothing": (gives(b""), "not JSON"),
    "counts wrongly": (gives(kev(said=7)), "says it has 7 entries and has 3"),
    "no entries": (gives(kev(count=0)), "holds no entry at all"),
    "half of it gone": (gives(kev(count=2)), "has 2 entries, less than half of the 5 of the cached edition"),
    "an older one": (gives(kev("2026-11-01", 5)), "is of 2026-11-01, older than the cached edition of 2026-11-19"),
    "of the future": (gives(kev("2027-03-01", 5)), "says that it is of 2027-03-01, which is yet to come"),
    "to HTTP": (moved("http://localhost/kev.json"), "http://localhost/kev.json is not HTTPS, and nothing else is used"),
    "to a file": (moved("file:///etc/passwd"), "file:///etc/passwd is not HTTPS"),
    "to elsewhere": (moved("https://example.invalid/kev.json"), "example.invalid, which is no host of this feed"),
    "to nowhere": (moved("https://[::1"), "Invalid URL in location header"),
    "in circles": (moved("/circle"), "more than 5 redirects"),
    "not changed, unasked": (gives(b"", 304), "localhost answered 304"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failed_update_keeps_the_cached_edition_and_says_why(server: Publisher, tmp_path: Path, case: str) -> None:
    answer, told = FAILURES[case]
    assert fetched(tmp_path, server.publishes("/good", kev("2026-11-19", 5))).state == "new"
    before = pinned(tmp_path, "kev")
    outcome = fetched(tmp_path, server.publishes("/circle" if case == "in circles" else "/bad", answer))
    assert outcome.state == "failed"
    assert told in outcome.told
    assert outcome.told.endswith("; the edition of 2026-11-19 is kept")
    assert "\n" not in outcome.told
    assert pinned(tmp_path, "kev") == before
    assert before is not None
    assert len(facts(tmp_path, before, FEED)) == 5
    assert not list(tmp_path.rglob("*.part"))


def test_a_server_that_is_busy_is_asked_again_as_long_as_it_says(server: Publisher, tmp_path: Path) -> None:
    url = server.publishes("/busy", in_turn(gives(b"", 429, Retry_After="1"), hangs_up, gives(kev())))
    began = datetime.datetime.now(datetime.UTC)
    assert fetched(tmp_path, url).state == "new"
    assert (datetime.datetime.now(datetime.UTC) - began).total_seconds() >= 1
    assert sum(path == "/busy" for path, _ in server.asked) == 3


def test_a_server_that_is_slow_for_ever_is_left(server: Publisher, tmp_path: Path) -> None:
    """Each piece comes in time; all of it would not."""

    def trickles(handler: object, count: int) -> None:
        import time

        gives(b"", Content_Length="1000")(handler, count)  # type: ignore[arg-type]
        for _ in range(40):
            handler.wfile.write(b" ")  # type: ignore[attr-defined]
            time.sleep(0.1)

    url = server.publishes("/slow", trickles)
    outcome = fetched(tmp_path, url, how=msgspec.structs.replace(QUICK, deadline=0.5))
    assert "bytes when the time was up; nothing is cached" in outcome.told


def test_an_unknown_authority_is_not_trusted(
    server: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.publishes("/trusted", kev())
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "shows a certificate that is not trusted here" in fetched(tmp_path, url).told
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    assert fetched(tmp_path, url).state == "failed"


def test_nobody_there(tmp_path: Path) -> None:
    assert fetched(tmp_path, "https://127.0.0.1:9/kev.json").told.endswith("(3 attempts); nothing is cached")
    assert "cannot be looked up; is this laptop online?" in fetched(tmp_path, "https://nobody.invalid/kev.json").told


def test_too_few_entries_cannot_be_all_of_it(server: Publisher, tmp_path: Path) -> None:
    outcome = fetched(tmp_path, server.publishes("/few", kev(count=1)))
    assert outcome.told == "has 1 entry; fewer than 2 cannot be all of it; nothing is cached"


def test_a_zip_that_unpacks_without_bound_is_refused(server: Publisher, tmp_path: Path) -> None:
    feed = msgspec.structs.replace(feeds()["releases"], largest=4 << 20)
    bomb = packed({f"releases/{n}.json": b" " * (60 << 20) for n in range(5)})
    assert len(bomb) < feed.largest
    outcome = fetched(tmp_path, server.publishes("/bomb", bomb), feed, "releases")
    assert "unpacks to more than 256 MiB" in outcome.told
