"""An HTTP conversation on one connection: `/` first, and then only what its answer suggests, a few requests in all.

A redirect is followed to the same host and port only, and never more than twice. Nothing is asked that needs a login.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Generator, Sequence
from functools import partial
from itertools import islice

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Read, Reconnect, Send, StartTls, Step, Steps
from scanner.probes.greeting import stranger
from scanner.probes.greeting_data import wrong_port
from scanner.probes.http_icon import Icon, enough, hashed, icon, of
from scanner.probes.http_message import HEAD, LIMIT, PAGE, Response, answered, bare, parse, request
from scanner.probes.http_paths import ASKS, EXPOSED, Ask
from scanner.probes.http_target import here
from scanner.probes.http_text import BODY, readings, telling
from scanner.probes.ntlm_text import NEGOTIATE, challenge

_BUILDS = 16
"""Lines of a page of metrics that are kept."""
_METRICS = 1 << 18
"""Bytes of such a page that are read: RabbitMQ says what it is behind 75,000 of them."""
REQUESTS = 6
REDIRECTS = 2
_APPLICATION = 6.0
"""Seconds for the page that a redirect leads to: an application that nobody used today is still being started."""
NOWHERE = "/no-such-page-fencewalk"
"""A path that nobody has, for the page that a server itself writes."""

_NTLM = re.compile(rb"(NTLM|Negotiate)(?:\s|,|$)", re.IGNORECASE)
_TELLING = re.compile(rb"\d+\.\d|nginx|apache(?!-coyote)|microsoft|litespeed", re.IGNORECASE)
"""Server headers beside which an error page would tell nothing new."""
_WSMAN = frozenset({5985, 5986, 47001})

_FIRST = {8118: "http://p.p/"}
"""Privoxy has no `/`. It answers this name itself, and no other proxy can reach it: there is no domain `p`."""

_PROXIES = frozenset({3128, 8080, 8081, 8118, 8888})
"""Where a proxy may take our Host, its own address, for a place to go to: mitmproxy calls itself until we give up. A
request without a version is one that it refuses itself."""

Answer = Generator[Step, bytes, Response | None]


def walk(peer: Peer, tls: bool) -> Steps:
    """The steps after the connection, inside TLS or not, and the readings."""
    yield Send(request(peer, _FIRST.get(peer.port, "/")))
    data = yield Read(enough=answered, limit=LIMIT, seconds=4.0)
    if elsewhere := wrong_port(data):
        return elsewhere
    if not data and not tls and peer.port in _PROXIES:
        yield Reconnect()
        yield Send(b"GET /\r\n\r\n")
        data = yield Read(enough=answered, limit=LIMIT, seconds=2.0)
    first = parse(data)
    if first is None:
        return bare(data) or stranger(data, peer.port)
    pages, late = yield from _follow(peer, tls, first)
    heard = [answer for _, answer in pages]
    if late:
        # Whatever came next on this connection would be taken for the answer to something else.
        return readings(heard, [], ())
    learned = _exposed(heard)
    build: list[Reading] = []
    asked: set[tuple[str, str]] = set()
    count = len(heard)
    if (scheme := _scheme(heard[-1], peer)) and heard[-1].whole:
        count += 1
        answer = yield from _ask(peer, *scheme)
        if answer is not None and (message := _challenge(answer)):
            build.append(Reading("ntlm", message))
        stays = answer is not None and answer.whole
    else:
        stays = heard[-1].whole
    again = False
    while not learned and count < REQUESTS and (ask := _next(heard, asked, peer.port)):
        if not stays:
            # Who closes after each answer is called once more for this.
            if again or not heard[-1].ended:
                break
            again = True
            yield from _again(tls)
        asked.add((ask.method, ask.path))
        count += 1
        page = _METRICS if ask.lines else PAGE
        answer = yield from _ask(peer, ask.path, ask.method, ask.headers, ask.body, page=page)
        stays = answer is not None and answer.whole
        if answer is not None:
            learned = _learned(ask, answer)
            if not learned and answer.values("server"):
                # It may name itself only where it had something to do (Podman).
                heard.append(answer)
    if stays and not learned and count < REQUESTS and _mute(heard):
        count += 1
        answer = yield from _ask(peer, NOWHERE)
        if answer is not None:
            heard.append(answer)
        stays = answer is not None and answer.whole
    seen: tuple[Reading, ...] = ()
    if not learned and not build and count < REQUESTS:
        seen = yield from _favicon(peer, tls, icon(pages, peer, tls), stays)
    return (*readings(heard, learned, seen), *build)


def _follow(peer: Peer, tls: bool, first: Response) -> Generator[Step, bytes, tuple[list[tuple[str, Response]], bool]]:
    """The pages, each with its path, and whether one never came."""
    pages = [("/", first)]
    while pages[-1][1].ended and len(pages) <= REDIRECTS:
        path = _elsewhere(pages[-1][1], pages[-1][0], peer, tls)
        if not path or path in [each for each, _ in pages]:
            break
        if not pages[-1][1].whole:
            yield from _again(tls)
        answer = yield from _ask(peer, path, seconds=_APPLICATION)
        if answer is None:
            return pages, True
        pages.append((path, answer))
    return pages, False


def _favicon(peer: Peer, tls: bool, found: Icon, stays: bool) -> Generator[Step, bytes, tuple[Reading, ...]]:
    """The favicon's hash. Who closes after each answer is called once more, if its own page says that there is one."""
    if found.inline or not found.path:
        return of(found.inline)
    if not stays:
        if not found.linked:
            return ()
        yield from _again(tls)
    yield Send(request(peer, found.path))
    return hashed((yield Read(enough=enough, limit=LIMIT, seconds=2.5)))


def _again(tls: bool) -> Generator[Step, bytes, None]:
    yield Reconnect()
    if tls:
        yield StartTls()


def _ask(
    peer: Peer,
    path: str,
    method: str = "GET",
    headers: str = "",
    body: bytes = b"",
    seconds: float = 2.5,
    page: int = PAGE,
) -> Answer:
    yield Send(request(peer, path, method, headers, body))
    data = yield Read(enough=partial(answered, page=page), limit=page + HEAD, seconds=seconds)
    return parse(data, page)


def _elsewhere(response: Response, page: str, peer: Peer, tls: bool) -> str:
    """The path that a redirect leads to on this very host and port, `""` if it leads away or nowhere."""
    if response.status not in (301, 302, 303, 307, 308):
        return ""
    return here(response.values("location")[0], peer, tls, page) if response.values("location") else ""


def _scheme(response: Response, peer: Peer) -> tuple[str, str, str] | None:
    """The request that has a server of Windows say its build: NTLM's first message, which names nobody."""
    offers = [found[1] for value in response.values("www-authenticate") if (found := _NTLM.match(value))]
    token = base64.b64encode(NEGOTIATE).decode()
    if response.status == 401 and offers:
        return "/", "GET", f"Authorization: {offers[-1].decode()} {token}\r\n"
    if peer.port in _WSMAN and any(b"Microsoft-HTTPAPI" in value for value in response.values("server")):
        return "/wsman", "POST", f"Authorization: Negotiate {token}\r\n"
    return None


def _challenge(response: Response) -> bytes:
    for value in response.values("www-authenticate"):
        _, _, token = value.partition(b" ")
        try:
            message = base64.b64decode(token[:4096], validate=True)
        except (binascii.Error, ValueError):
            continue
        if found := challenge(message):
            return found
    return b""


def _next(heard: Sequence[Response], asked: set[tuple[str, str]], port: int) -> Ask | None:
    for ask in ASKS:
        if (ask.method, ask.path) in asked:
            continue
        if port in ask.ports or (ask.seen and any(ask.seen.search(r.head) or ask.seen.search(r.body) for r in heard)):
            return ask
    return None


def _learned(asked: Ask, answer: Response) -> list[Reading]:
    """Several products have the same path; what the answer holds says whose it is."""
    for ask in ASKS:
        if (ask.method, ask.path) == (asked.method, asked.path) and (found := ask.wanted.search(answer.body)):
            if ask.lines:
                return [Reading(ask.kind, _lines(ask, answer))]
            return [Reading(ask.kind, answer.body[found.start() : found.start() + BODY].strip())]
    return []


def _exposed(heard: Sequence[Response]) -> list[Reading]:
    """What a page of metrics tells that stands at `/`, or where `/` leads to."""
    for ask in ASKS:
        for response in heard if ask.lines else ():
            exposed = response.status == 200 and EXPOSED.search(response.body[:BODY])
            if exposed and (lines := _lines(ask, response)):
                return [Reading(ask.kind, lines)]
    return []


def _lines(ask: Ask, response: Response) -> bytes:
    found = (each[0].strip() for each in islice(ask.wanted.finditer(response.body), _BUILDS))
    return b"\n".join(found)[:BODY]


def _mute(heard: Sequence[Response]) -> bool:
    """Whether no head names a version and no page is the server's own word on an error."""
    if any((response.status >= 400 and response.body) or telling(response) for response in heard):
        return False
    return not any(_TELLING.search(value) for response in heard for value in response.values("server"))
