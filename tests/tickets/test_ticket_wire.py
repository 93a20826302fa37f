"""What is sent over HTTP, and what is made of every answer; and that no key shows anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.utils import format_datetime
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from tables import for_every
from tickets.stand_ins import CLIENT_ID, PRIVATE, PUBLIC, ConnectWise, Once, Reply, serving

from scanner.errors import BadInput, FencewalkError
from scanner.exporters.ticket_text import Ticket
from scanner.model.desks import ConnectWiseDesk, Desks
from scanner.tickets import Client, desks
from scanner.tickets.connectwise import _kin
from scanner.tickets.inert import inert
from scanner.tickets.wire import LARGEST, Patience, Refusal, Unavailable, Wire

KEY = "k3y/of+the desk"
QUICK = Patience(timeout=0.5, first_wait=0.01, longest_wait=2.0, attempts=3)
TICKET = Ticket("fencewalk-0011223344556677", "Do this (main)", "high", ("gap-1",), "line\n")


@pytest.fixture
def wired() -> Iterator[Callable[..., tuple[Once, Wire]]]:
    closing: list[Callable[[], None]] = []

    def make(*replies: Reply) -> tuple[Once, Wire]:
        server = Once(f"/{KEY}", *replies)
        wire = Wire("The desk", {"X-Key": KEY}, (KEY,), QUICK)
        closing.extend((server.end, wire.end))
        return server, wire

    yield make
    for each in closing:
        each()


FINE: Reply = (200, {}, b'{"id": 7}')
ANSWERS: dict[str, tuple[tuple[Reply, ...], object]] = {
    "json": ((FINE,), {"id": 7}),
    "nothing": (((204, {}, b""),), None),
    "no json": (((200, {}, b"<html>"),), None),
    "nested without end": (((200, {}, b"[" * 100_000),), None),
    "later": (((500, {}, b""), FINE), {"id": 7}),
    "twice later": (((503, {}, b""), (429, {"Retry-After": "1"}, b""), FINE), {"id": 7}),
    "a moment that is past": (((429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, b""), FINE), {"id": 7}),
    "no moment": (((429, {"Retry-After": "soon"}, b""), FINE), {"id": 7}),
    "a negative one": (((429, {"Retry-After": "-5"}, b""), FINE), {"id": 7}),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_read(name: str, wired: Callable[..., tuple[Once, Wire]]) -> None:
    replies, wanted = ANSWERS[name]
    server, wire = wired(*replies)
    assert wire.ask("POST", server.url, {"a": 1}) == wanted
    assert server.asked == len(replies)


REFUSED: dict[str, tuple[Reply, type[FencewalkError], str]] = {
    "a message": ((400, {}, b'{"message": "no such board"}'), Refusal, "refused with 400: no such board"),
    "errors": (
        (400, {}, b'{"code": 1, "message": "bad", "errors": [{"message": "board"}, 5, {"message": ["x"]}]}'), Refusal,
        "refused with 400: bad; board",
    ),
    "hostile words": ((422, {}, b'{"message": "\\u001b[2J\\u202e"}'), Refusal, r"refused with 422: \x1b[2J\u202e"),
    "our key": ((401, {}, b'{"message": "bad key k3y/of+the desk!"}'), Refusal, "bad key ***!"),
    "our key where it is cut": ((401, {}, b'{"message": "' + b"x" * 295 + b'k3y/of+the desk"}'), Refusal, "xxx***"),
    "sent elsewhere": ((302, {"Location": "http://127.0.0.1:1/x"}, b""), Refusal, "refused with 302"),
    "too much": ((200, {}, b"x" * (LARGEST + 1)), Refusal, "more than 4 MiB"),
    "a bomb": ((200, {"Content-Encoding": "gzip"}, b"no gzip"), Refusal, "cannot be undone"),
    "away for long": ((429, {"Retry-After": "999999999999"}, b""), Unavailable, "be left alone for 999,999,999 s"),
    "always busy": ((503, {}, b""), Unavailable, "answered 503 (3 attempts)"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_one_sentence_without_a_key(name: str, wired: Callable[..., tuple[Once, Wire]]) -> None:
    reply, kind, words = REFUSED[name]
    server, wire = wired(reply)
    with pytest.raises(kind) as caught:
        wire.ask("POST", server.url, {"a": 1})
    assert words in str(caught.value)
    assert "The desk" in str(caught.value)
    assert str(caught.value).isprintable()
    assert KEY not in str(caught.value)
    assert "k3y" not in str(caught.value)
    assert len(str(caught.value)) < 500
    assert server.asked == (3 if name == "always busy" else 1)


def test_a_moment_to_come_is_waited_for(wired: Callable[..., tuple[Once, Wire]]) -> None:
    import datetime
    import time

    when = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
    server, wire = wired((429, {"Retry-After": format_datetime(when, usegmt=True)}, b""), FINE)
    begun = time.time()
    assert wire.ask("GET", server.url) == {"id": 7}
    assert time.time() - begun >= when.replace(microsecond=0).timestamp() - begun - 0.05


def test_what_may_have_been_taken_is_asked_for_before_it_is_sent_again(
    wired: Callable[..., tuple[Once, Wire]],
) -> None:
    server, wire = wired((500, {}, b""), FINE)
    assert wire.put(server.url, {}, lambda: "there", lambda answer: "new") == "there"
    assert (server.asked, wire.unsure) == (1, 1)
    server, wire = wired((500, {}, b""), FINE)
    assert wire.put(server.url, {}, lambda: None, lambda answer: str(answer["id"])) == "7"
    assert server.asked == 2


def test_what_was_surely_not_taken_is_sent_again_unasked(wired: Callable[..., tuple[Once, Wire]]) -> None:
    server, wire = wired((429, {}, b""), FINE)
    assert wire.put(server.url, {}, lambda: pytest.fail("not asked"), lambda answer: answer["id"]) == 7
    assert wire.unsure == 0


@for_every(
    ("told", "asked", "kin"),
    [
        ("api-na.myconnectwise.net", "na.myconnectwise.net", True),
        ("na.myconnectwise.net", "na.myconnectwise.net", True),
        ("NA.MyConnectWise.net:8443", "na.myconnectwise.net", True),
        ("cw.example.com", "example.com", True),
        ("evil.example.org", "na.myconnectwise.net", False),
        ("myconnectwise.net.evil.org", "na.myconnectwise.net", False),
        ("evilmyconnectwise.net", "na.myconnectwise.net", False),
        ("10.0.0.9", "10.0.0.1", False),
        ("127.0.0.1:99", "127.0.0.1", True),
        ("com", "example.com", False),
        ("evil.co.uk", "psa.msp.co.uk", False),
        ("api.psa.msp.co.uk", "psa.msp.co.uk", True),
        ("other.example.com", "psa.example.com", False),
    ],
)
def test_an_api_is_believed_to_be_in_its_own_domain_only(told: str, asked: str, kin: bool) -> None:
    assert _kin(told, asked) == kin


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    found = {
        f"FENCEWALK_CONNECTWISE_{each}": f"{each.lower()}-SECRET" for each in ("PUBLIC_KEY", "PRIVATE_KEY", "CLIENT_ID")
    }
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


class Elsewhere(ConnectWise):
    """One whose API is said to be somewhere else."""

    def answer(self, method: str, path: str, query: dict[str, str], headers: object, body: bytes) -> tuple[int, object]:
        return 200, self.told

    told: object = None


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"SiteUrl": "evil.example.org", "Codebase": "v/"}, "another domain"),
        ({"SiteUrl": "https://user@127.0.0.1", "Codebase": "v/"}, "another domain or no host"),
        ({"SiteUrl": "127.0.0.1", "Codebase": "../x?"}, "another domain or no host"),
        ({"SiteUrl": 5, "Codebase": "v/"}, "does not tell where the API"),
        (None, "does not tell where the API"),
        ([], "does not tell where the API"),
    ],
)
def test_our_keys_do_not_go_where_an_answer_sends_them(told: object, words: str, keys: dict[str, str]) -> None:
    desk = Elsewhere()
    desk.told = told
    with serving(desk):
        place = Desks(connectwise=ConnectWiseDesk(desk.url, "msp", "EXAMPLE", "Network"))
        target = desks()["connectwise"].open(place, Client("Example", "main"), QUICK)
        with pytest.raises(BadInput, match=words):
            target.find(TICKET.fingerprint)
        target.end()
    assert [each[:2] for each in desk.asked] == [("GET", "/login/companyinfo/msp")]


def test_whoever_is_not_let_in_says_so_without_the_keys(keys: dict[str, str]) -> None:
    """The stand-in knows others, and repeats what it was sent."""
    desk = ConnectWise()
    with serving(desk):
        place = Desks(connectwise=ConnectWiseDesk(desk.url, "msp", "EXAMPLE", "Network"))
        target = desks()["connectwise"].open(place, Client("Example", "main"), QUICK)
        with pytest.raises(Refusal, match=r"refused with 401: not let in with Basic \*\*\*") as caught:
            target.find(TICKET.fingerprint)
        target.end()
    assert caught.value.whole
    assert not any(each in str(caught.value) for each in keys.values())


def test_a_status_that_does_not_close_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PUBLIC_KEY": PUBLIC, "PRIVATE_KEY": PRIVATE, "CLIENT_ID": CLIENT_ID}.items():
        monkeypatch.setenv(f"FENCEWALK_CONNECTWISE_{name}", value)
    desk = ConnectWise()
    desk.closing = ("Resolved",)
    with serving(desk):
        api = f"{desk.url}/v2026_1/apis/3.0/"
        place = Desks(connectwise=ConnectWiseDesk(desk.url, "msp", "EXAMPLE", "Network", api=api))
        target = desks()["connectwise"].open(place, Client("Example", "main"), QUICK)
        made = target.create(TICKET)
        with pytest.raises(BadInput, match=r"tickets.connectwise.status.closed: 'Closed' does not close a ticket"):
            target.close(made, TICKET, "done")
        target.end()
    assert not any("companyinfo" in each[1] for each in desk.asked)


@pytest.mark.parametrize("name", [*desks()])
def test_each_desk_says_what_it_lacks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = desks()[name]
    monkeypatch.delenv("FENCEWALK_WEBHOOK_URL", raising=False)
    with pytest.raises(BadInput, match=r"tickets: \{"):
        desk.place(Desks(), Client("Example", "main"))
    assert set(desk.rivals) <= desks().keys()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[x](http://evil.example)", "[x] (http://evil.example)"),
        ("![x](http://evil.example/beacon.png)", "! [x] (http://evil.example/beacon.png)"),
        ("[x][y] and [y]: http://evil.example", "[x] [y] and [y] : http://evil.example"),
        ("<script>alert(1)</script><!--", "‹script>alert(1)‹/script>‹!--"),
        ("<http://evil.example>", "‹http://evil.example>"),
        ("a < b, [1] and x[2]; 3<4!", "a < b, [1] and x[2]; 3<4!"),
    ],
)
def test_what_would_be_a_link_or_a_tag_elsewhere_is_text(text: str, wanted: str) -> None:
    assert inert(text) == wanted
    assert inert(wanted) == wanted
    assert MarkdownIt("commonmark").render(inert(text)).count("<") == 2, "a paragraph, and nothing in it"


@pytest.mark.parametrize("value", [" x", "x\n", "x\x1b", "ключ", "x" * 5000, "a\nX-Evil: 1"])
def test_a_key_that_is_none_is_refused_and_not_shown(
    value: str, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENCEWALK_CONNECTWISE_PRIVATE_KEY", value)
    place = Desks(connectwise=ConnectWiseDesk("https://h", "msp", "EXAMPLE", "Network"))
    with pytest.raises(BadInput, match="FENCEWALK_CONNECTWISE_PRIVATE_KEY: holds") as caught:
        desks()["connectwise"].open(place, Client("Example", "main"), QUICK)
    assert value.strip() not in str(caught.value)


def test_a_key_may_be_in_the_keyring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import keyring
    import keyring.backend
    import keyring.errors

    from scanner.tickets.keys import optional_secret, secret

    kept: dict[tuple[str, str], str] = {("fencewalk", "alertops-key"): "from-the-ring"}

    class Ring(keyring.backend.KeyringBackend):
        priority = 1
        locked = False

        def get_password(self, service: str, username: str) -> str | None:
            if self.locked:
                raise keyring.errors.KeyringLocked("locked")
            return kept.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            kept[service, username] = password

        def delete_password(self, service: str, username: str) -> None:
            del kept[service, username]

    monkeypatch.delenv("FENCEWALK_ALERTOPS_KEY", raising=False)
    before, ring = keyring.get_keyring(), Ring()  # type: ignore[no-untyped-call]
    keyring.set_keyring(ring)
    try:
        assert secret("alertops-key") == "from-the-ring"
        assert optional_secret("webhook-token") == ""
        monkeypatch.setenv("FENCEWALK_ALERTOPS_KEY", "from-the-environment")
        assert secret("alertops-key") == "from-the-environment"
        monkeypatch.delenv("FENCEWALK_ALERTOPS_KEY")
        ring.locked = True
        with pytest.raises(BadInput, match="no alertops-key is known: set FENCEWALK_ALERTOPS_KEY"):
            secret("alertops-key")
    finally:
        keyring.set_keyring(before)
