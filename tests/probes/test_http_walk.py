"""What the HTTP probes ask after `/`, and what they leave alone."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import pytest
from tables import for_every

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Read, Reconnect, Send, StartTls
from scanner.probes import probes
from scanner.probes.http_walk import NOWHERE, REQUESTS
from scanner.probes.ntlm_text import NEGOTIATE

PEER = Peer("10.20.30.40", 8080)
CHALLENGE = b"NTLMSSP\0\x02\0\0\0" + bytes(8) + b"\0\0\0\x02" + bytes(24) + b"\x0a\x00\x63\x45" + bytes(4)


def page(body: bytes = b"", *headers: str, status: str = "200 OK", version: str = "1.1") -> bytes:
    lines = [f"HTTP/{version} {status}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def moved(to: str) -> bytes:
    return page(b"", f"Location: {to}", status="302 Found")


def visit(
    answers: Mapping[str, bytes], peer: Peer = PEER, name: str = "http"
) -> tuple[tuple[Reading, ...], list[str], bytes]:
    """The readings, the request lines and all that was sent. A path without an answer gets 404."""
    steps = probes()[name].steps(peer)
    asked: list[str] = []
    sent = b""
    step = next(steps)
    try:
        while True:
            if isinstance(step, Send):
                sent += step.data
                asked.append(step.data.partition(b" HTTP/")[0].decode())
                step = steps.send(b"")
            elif isinstance(step, Read):
                data = answers.get(asked[-1].partition(" ")[2], page(b"", status="404 Not Found"))[: step.limit]
                step.enough(data)
                step = steps.send(data)
            elif isinstance(step, StartTls):
                step = steps.send(b"DER")
            else:
                asked.append("again")
                step = steps.send(b"")
    except StopIteration as done:
        return done.value, asked, sent


def kinds(readings: tuple[Reading, ...]) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for reading in readings:
        found.setdefault(reading.kind, []).append(reading.raw)
    return found


CASES: dict[str, tuple[dict[str, bytes], list[str]]] = {
    "a server that says its version is left alone": ({"/": page(b"hello", "Server: nginx/1.22.1")}, ["GET /"]),
    "one that says nothing is asked for a page that it has not": ({"/": page(b"hello")}, ["GET /", f"GET {NOWHERE}"]),
    "an error page of its own is enough": (
        {"/": page(b"<h3>Apache Tomcat/9.0.30</h3>", status="404 Not Found")},
        ["GET /"],
    ),
    "a redirect on this port is followed": (
        {"/": moved("/login"), "/login": page(b"<title>x</title>", "Server: a/1.0")},
        ["GET /", "GET /login"],
    ),
    "so is one that names this host and port": (
        {"/": moved("http://10.20.30.40:8080/a?b=c"), "/a?b=c": page(b"x", "Server: a/1.0")},
        ["GET /", "GET /a?b=c"],
    ),
    "not one to another host": ({"/": moved("http://10.20.30.41:8080/a")}, ["GET /", f"GET {NOWHERE}"]),
    "not one to another port": ({"/": moved("http://10.20.30.40/a")}, ["GET /", f"GET {NOWHERE}"]),
    "not one to TLS": ({"/": moved("https://10.20.30.40:8080/a")}, ["GET /", f"GET {NOWHERE}"]),
    "not one that no request line can hold": ({"/": moved("/a b")}, ["GET /", f"GET {NOWHERE}"]),
    "a relative one": ({"/": moved("a.html#b"), "/a.html": page(b"x", "Server: a/1.0")}, ["GET /", "GET /a.html"]),
    "one without a scheme": (
        {"/": moved("//10.20.30.40:8080/a"), "/a": page(b"x", "Server: a/1.0")},
        ["GET /", "GET /a"],
    ),
    "not one that only begins like this host": (
        {"/": moved("http://10.20.30.40:8080@10.9.9.9/a")},
        ["GET /", f"GET {NOWHERE}"],
    ),
    "not one of another scheme": ({"/": moved("javascript:alert(1)")}, ["GET /", f"GET {NOWHERE}"]),
    "nor a circle": ({"/": moved("/")}, ["GET /", f"GET {NOWHERE}"]),
    "two and no more": (
        {"/": moved("/1"), "/1": moved("/2"), "/2": moved("/3"), NOWHERE: page()},
        ["GET /", "GET /1", "GET /2", f"GET {NOWHERE}"],
    ),
    "after one that never comes nothing is asked": ({"/": moved("/login"), "/login": b""}, ["GET /", "GET /login"]),
    "a closed connection takes no more": ({"/": page(b"<title>x</title>", "Connection: close")}, ["GET /"]),
    "nor does an old server's": ({"/": page(b"<title>x</title>", version="1.0")}, ["GET /"]),
    "but a redirect is followed there, too": (
        {"/": page(b"", "Location: /a", "Connection: close", status="302 Found"), "/a": page(b"x", "Server: a/1.0")},
        ["GET /", "again", "GET /a"],
    ),
    "but for a product's own path it is called again": (
        {"/": page(b"<title>Grafana</title>", "Connection: close"), "/api/health": page(b'{"database": "ok"}')},
        ["GET /", "again", "GET /api/health"],
    ),
    "once": (
        {
            "/": page(b"<title>Grafana</title> Nextcloud", "Connection: close"),
            "/api/health": page(b"", "Connection: close"),
        },
        ["GET /", "again", "GET /api/health"],
    ),
    "unless it says so": (
        {"/": page(b"<title>x</title>", "Connection: keep-alive", "Server: x", version="1.0")},
        ["GET /", f"GET {NOWHERE}", "GET /favicon.ico"],
    ),
    "nor one that has not said all": ({"/": page(b"<title>Grafana</title>")[:-1]}, ["GET /"]),
    "a product's own path": (
        {"/": moved("/graph"), "/api/v1/status/buildinfo": page(b'{"data":{"version":"2.42.0","revision":"x"}}')},
        ["GET /", "GET /graph", "GET /api/v1/status/buildinfo"],
    ),
}


def test_the_page_that_a_redirect_leads_to_may_take_longer_than_another() -> None:
    steps = probes()["http"].steps(PEER)
    seconds: list[float] = []
    step = next(steps)
    for answer in (moved("/login"), page(b"<title>x</title>"), page(status="404 Not Found")):
        while not isinstance(step, Read):
            step = steps.send(b"")
        seconds.append(step.seconds)
        step = steps.send(answer)
    assert seconds[1] > max(seconds[0], seconds[2])


@for_every("name", CASES)
def test_what_is_asked(name: str) -> None:
    answers, asked = CASES[name]
    assert visit(answers)[1] == asked


def test_the_answer_of_a_product_s_path_comes_before_the_page() -> None:
    pages = {"/": page(b"<title>Grafana</title>"), "/api/health": page(b'{"database": "ok", "version": "9.3.2"}')}
    readings, asked, _ = visit(pages)
    assert asked == ["GET /", "GET /api/health"]
    order = [each.kind for each in readings]
    assert order.index("grafana.health") < order.index("http.title")
    assert kinds(readings)["grafana.health"] == [b'"database": "ok", "version": "9.3.2"}']


def test_an_answer_that_is_somebody_else_s_is_no_reading() -> None:
    pages = {"/": page(b"<title>Grafana</title>"), "/api/health": page(b'{"status": "up", "version": "1.2.3"}')}
    assert "grafana.health" not in kinds(visit(pages)[0])


def test_the_web_server_comes_before_what_it_hosts_and_an_application_before_what_it_is_built_on() -> None:
    hosted = [each.kind for each in visit({"/": page(b"x", "X-Jenkins: 2.4", "Server: nginx/1.22.1")})[0]]
    built = [each.kind for each in visit({"/": page(b"x", "Server: Jetty(10.0.13)", "X-Jenkins: 2.4")})[0]]
    assert hosted.index("http.server") < hosted.index("http.x-jenkins")
    assert built.index("http.x-jenkins") < built.index("http.server")


def test_ntlm_s_first_message_is_sent_where_it_is_offered_and_names_nobody() -> None:
    refused = page(b"", "WWW-Authenticate: Negotiate", "WWW-Authenticate: NTLM", status="401 Unauthorized")
    token = base64.b64encode(CHALLENGE).decode()
    steps = probes()["http"].steps(PEER)
    sent: list[bytes] = []
    answers = [refused, page(b"", f"WWW-Authenticate: NTLM {token}", status="401 Unauthorized")]
    step = next(steps)
    try:
        while True:
            if isinstance(step, Send):
                sent.append(step.data)
                step = steps.send(b"")
            else:
                step = steps.send(answers.pop(0) if answers else b"")
    except StopIteration as done:
        readings = kinds(done.value)
    assert readings["ntlm"] == [CHALLENGE]
    assert b"\r\nAuthorization: NTLM " + base64.b64encode(NEGOTIATE) + b"\r\n" in sent[1]
    assert NEGOTIATE[16:32] == bytes(16), "neither a domain nor a workstation"


def test_winrm_is_asked_where_it_answers() -> None:
    token = base64.b64encode(CHALLENGE).decode()
    answers = {
        "/": page(b"Not Found", "Server: Microsoft-HTTPAPI/2.0", status="404 Not Found"),
        "/wsman": page(b"", f"WWW-Authenticate: Negotiate {token}", status="401 "),
    }
    readings, asked, _ = visit(answers, Peer("10.1.2.3", 5985))
    assert asked == ["GET /", "POST /wsman"]
    assert kinds(readings)["ntlm"] == [CHALLENGE]
    assert visit(answers, Peer("10.1.2.3", 80))[1] == ["GET /"]


def test_a_body_in_chunks_is_put_together() -> None:
    body = b"4\r\n<tit\r\n5;x=y\r\nle>a<\r\n7\r\n/title>\r\n0\r\n\r\n"
    data = b"HTTP/1.1 200 OK\r\nServer: x/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    found = kinds(visit({"/": data})[0])
    assert found["http.title"] == [b"a"]
    assert found["http.body"] == [b"<title>a</title>"]


@pytest.mark.parametrize(
    "header", ["Content-Encoding: gzip", "Content-Type: image/png", "Content-Type: text/event-stream"]
)
def test_a_body_that_is_no_text_is_not_read(header: str) -> None:
    readings, _, _ = visit({"/": page(b"<title>x</title>" * 8192, header)})
    assert not {"http.title", "http.body"} & {each.kind for each in readings}


def test_a_page_without_any_head_is_one_of_http_all_the_same() -> None:
    assert kinds(visit({"/": b"<HTML><body>x</body></HTML>"})[0]) == {"http.body": [b"<HTML><body>x</body></HTML>"]}


def test_values_of_cookies_stay_out_wherever_they_are_set() -> None:
    pages = {
        "/": page(b"", "Set-Cookie: first=secret1", "Location: /a", status="302 Found"),
        "/a": page(b"x", "Set-Cookie: second=secret2; path=/"),
    }
    readings, _, _ = visit(pages)
    assert kinds(readings)["http.cookie"] == [b"first", b"second"]
    assert not any(b"secret" in each.raw for each in readings)


def test_nobody_can_make_it_ask_for_ever() -> None:
    class Everything(dict[str, bytes]):
        def get(self, path: str, default: object = None) -> bytes:
            text = b"Grafana Prometheus Time Series Consul Agent <title>Vault <title>Portainer QNAP iLO 5 vSphere"
            return page(text, f"Location: {path}x", status="302 Found")

    assert len(visit(Everything())[1]) == REQUESTS


@pytest.mark.parametrize(
    ("address", "port", "host"),
    [("fd20::1", 8080, "[fd20::1]:8080"), ("fe80::1%eth0", 443, "[fe80::1]"), ("10.1.2.3", 80, "10.1.2.3")],
)
def test_host(address: str, port: int, host: str) -> None:
    _, _, sent = visit({}, Peer(address, port))
    assert f"\r\nHost: {host}\r\n".encode() in sent
    assert b"Accept-Encoding" not in sent


def test_tls_keeps_to_its_own_scheme() -> None:
    pages = {"/": moved("https://10.20.30.40/a"), "/a": page(b"x", "Server: a/1.0")}
    readings, asked, _ = visit(pages, Peer("10.20.30.40", 443), "https")
    assert asked == ["GET /", "GET /a"]
    assert readings[0] == Reading("tls.cert", b"DER")


def test_a_proxy_that_calls_itself_is_asked_what_it_refuses_itself() -> None:
    refused = page(b"<title>400 Bad Request</title>", "Server: mitmproxy 8.1.1", status="400 Bad Request")
    steps = probes()["http"].steps(Peer("10.20.30.40", 8080))
    sent: list[bytes] = []
    again = 0
    step = next(steps)
    readings: tuple[Reading, ...] = ()
    try:
        for _ in range(32):
            if isinstance(step, Send):
                sent.append(step.data)
            again += isinstance(step, Reconnect)
            mute = not sent or b" HTTP/" in sent[-1]
            step = steps.send(b"" if mute or not isinstance(step, Read) else refused)
    except StopIteration as done:
        readings = done.value
    assert kinds(readings)["http.server"] == [b"mitmproxy 8.1.1"]
    assert sent[1] == b"GET /\r\n\r\n"
    assert again == 1
