"""An HTTP conversation on one connection: `/` first, and then only what its answer suggests, a few requests in all.

A redirect is followed to the same host and port only, and never more than twice. Nothing is asked that needs a login.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Generator, Sequence

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Read, Send, Step, Steps
from scanner.probes.greeting import stranger
from scanner.probes.greeting_data import wrong_port
from scanner.probes.http_message import LIMIT, Response, answered, authority, bare, parse, request
from scanner.probes.http_paths import ASKS, Ask
from scanner.probes.http_text import BODY, readings, telling
from scanner.probes.ntlm_text import NEGOTIATE, challenge

REQUESTS = 6
REDIRECTS = 2
NOWHERE = "/no-such-page-fencewalk"
"""A path that nobody has, for the page that a server itself writes."""

_NTLM = re.compile(rb"(NTLM|Negotiate)(?:\s|,|$)", re.IGNORECASE)
_TELLING = re.compile(rb"\d+\.\d|nginx|apache(?!-coyote)|microsoft|litespeed", re.IGNORECASE)
"""Server headers beside which an error page would tell nothing new."""
_TARGET = re.compile(
    rb"(?:(?P<scheme>[A-Za-z]{1,8}:)?//(?P<authority>[!-.0-~]{1,300}))?(?P<path>[!\"$-~][!-\"$-~]{0,1000})?(?:#.{0,1000})?"
)
"""A Location: its fragment stays here, and a space or a control character makes it none."""
_WSMAN = frozenset({5985, 5986, 47001})

_FIRST = {8118: "http://p.p/"}
"""Privoxy has no `/`. It answers this name itself, and no other proxy can reach it: there is no domain `p`."""

Answer = Generator[Step, bytes, Response | None]


def walk(peer: Peer, tls: bool) -> Steps:
    """The steps after the connection, inside TLS or not, and the readings."""
    yield Send(request(peer, _FIRST.get(peer.port, "/")))
    data = yield Read(enough=answered, limit=LIMIT, seconds=4.0)
    if elsewhere := wrong_port(data):
        return elsewhere
    first = parse(data)
    if first is None:
        return bare(data) or stranger(data, peer.port)
    heard = yield from _follow(peer, tls, first)
    learned: list[Reading] = []
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
    while stays and not learned and count < REQUESTS and (ask := _next(heard, asked, peer.port)):
        asked.add((ask.method, ask.path))
        count += 1
        answer = yield from _ask(peer, ask.path, ask.method, ask.headers, ask.body)
        stays = answer is not None and answer.whole
        if answer is not None:
            learned = _learned(ask, answer)
    if stays and not learned and count < REQUESTS and _mute(heard):
        answer = yield from _ask(peer, NOWHERE)
        if answer is not None:
            heard.append(answer)
    return (*readings(heard, learned), *build)


def _follow(peer: Peer, tls: bool, first: Response) -> Generator[Step, bytes, list[Response]]:
    heard, seen = [first], {"/"}
    while heard[-1].whole and len(heard) <= REDIRECTS:
        path = _elsewhere(heard[-1], peer, tls)
        if not path or path in seen:
            break
        seen.add(path)
        answer = yield from _ask(peer, path)
        if answer is None:
            break
        heard.append(answer)
    return heard


def _ask(peer: Peer, path: str, method: str = "GET", headers: str = "", body: bytes = b"") -> Answer:
    yield Send(request(peer, path, method, headers, body))
    return parse((yield Read(enough=answered, limit=LIMIT, seconds=2.5)))


def _elsewhere(response: Response, peer: Peer, tls: bool) -> str:
    """The path that a redirect leads to on this very host and port, `""` if it leads away or nowhere."""
    if response.status not in (301, 302, 303, 307, 308):
        return ""
    scheme = b"https:" if tls else b"http:"
    host = peer.address.partition("%")[0]
    with_port = f"[{host}]:{peer.port}" if ":" in host else f"{host}:{peer.port}"
    for value in response.values("location")[:1]:
        found = _TARGET.fullmatch(value)
        if found is None:
            return ""
        named, path = found["authority"], (found["path"] or b"/").decode()
        if named is None:
            # A word with a colon in it may be a scheme that we do not speak.
            return path if path.startswith("/") else f"/{path}" if ":" not in path else ""
        here = named.decode().lower() in (authority(peer, 443 if tls else 80).lower(), with_port.lower())
        return path if here and (found["scheme"] or scheme).lower() == scheme else ""
    return ""


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
            return [Reading(ask.kind, answer.body[found.start() : found.start() + BODY].strip())]
    return []


def _mute(heard: Sequence[Response]) -> bool:
    """Whether no head names a version and no page is the server's own word on an error."""
    if any((response.status >= 400 and response.body) or telling(response) for response in heard):
        return False
    return not any(_TELLING.search(value) for response in heard for value in response.values("server"))
