"""Fetching a feed's file: HTTPS only, from the hosts that the feed names, within bounds of size and time.

A publisher's trouble (a timeout, a 503, a connection cut) is tried again, as long as it says or a little longer each
time; what would be the same next time is not.
"""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import socket
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import msgspec

from scanner import __version__
from scanner.errors import NetworkFailed
from scanner.model.text import plural

if TYPE_CHECKING:
    import httpx
    import tenacity

_REDIRECTS = 5
_MOVED = {301, 302, 303, 307, 308}
_LATER = {408, 425, 429, 500, 502, 503, 504}


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long to try. Seconds, but for `attempts`."""

    attempts: int = 4
    timeout: float = 20.0
    """For a connection to come about, and between two pieces of an answer."""
    deadline: float = 900.0
    """For a file as a whole: a server that sends a byte now and then is not waited for."""
    longest_wait: float = 60.0
    """Between two attempts; a server that asks for more is left alone."""
    first_wait: float = 1.0


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What the server answered."""

    data: bytes | None
    """None: nothing has changed since."""
    etag: str = ""
    modified: str = ""
    published: datetime.date | None = None
    """The day that the server says it last changed."""


class FetchFailed(NetworkFailed):
    """No file came of it; the message says why in one sentence."""


class _Again(Exception):
    """Trouble that may pass. `wait`: the seconds that the server asks for."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


def fetch(
    url: str, hosts: tuple[str, ...], largest: int, etag: str = "", modified: str = "", patience: Patience | None = None
) -> Fetched:
    """The file at `url`, or word that it is still the one with this `etag` or `modified`. `hosts`: where else it may be
    that `url` sends us. FetchFailed says why there is none.

    Trusted are the authorities that httpx trusts; SSL_CERT_FILE names others, HTTPS_PROXY a proxy.
    """
    import tenacity

    how = patience or Patience()
    end = time.monotonic() + how.deadline
    allowed = {_host(url), *hosts}

    def wait(state: tenacity.RetryCallState) -> float:
        trouble = None if state.outcome is None else state.outcome.exception()
        asked = trouble.wait if isinstance(trouble, _Again) else None
        return asked if asked is not None else min(how.first_wait * 2 ** (state.attempt_number - 1), how.longest_wait)

    def ended(state: tenacity.RetryCallState) -> bool:
        return state.attempt_number >= how.attempts or time.monotonic() + wait(state) > end

    again = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(_Again), wait=wait, stop=ended, reraise=True, sleep=time.sleep
    )
    try:
        return again(_once, url, allowed, largest, etag, modified, how, end)
    except _Again as trouble:
        raise FetchFailed(f"{trouble} ({plural(again.statistics.get('attempt_number', 1), 'attempt')})") from None


def _once(
    url: str, allowed: set[str | None], largest: int, etag: str, modified: str, how: Patience, end: float
) -> Fetched:
    import httpx

    headers = {"User-Agent": f"fencewalk/{__version__}", "Accept-Encoding": "identity"}
    if etag:
        headers["If-None-Match"] = etag
    if modified:
        headers["If-Modified-Since"] = modified
    try:
        with _client(how) as client:
            for _ in range(_REDIRECTS + 1):
                _allow(url, allowed)
                with client.stream("GET", url, headers=headers) as response:
                    if response.status_code in _MOVED:
                        url = _joined(url, response.headers.get("Location", ""))
                        continue
                    return _answer(response, largest, bool(etag or modified), how, end)
    except httpx.InvalidURL:
        raise FetchFailed(f"{url[:200]} is no address that can be asked") from None
    except httpx.TimeoutException:
        raise _Again(f"{_host(url)} did not answer in time") from None
    except httpx.TransportError as error:
        if _unknown_name(error):
            raise FetchFailed(f"{_host(url)} cannot be looked up; is this laptop online?") from None
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise FetchFailed(
                f"{_host(url)} shows a certificate that is not trusted here; SSL_CERT_FILE names the "
                "authorities of a network that inspects TLS"
            ) from None
        raise _Again(f"{_host(url)}: {str(error) or type(error).__name__}") from None
    raise FetchFailed(f"more than {_REDIRECTS} redirects, the last one to {url[:200]}")


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise FetchFailed(f"{_host(url)} sends us on to {location[:200]!r}, which is no address") from None


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        raise FetchFailed(f"{url[:200]!r} is no address that can be asked") from None


def _unknown_name(error: BaseException | None) -> bool:
    """Whether the name could not be looked up, somewhere down in the libraries."""
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, socket.gaierror):
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


@contextlib.contextmanager
def _client(how: Patience) -> Iterator[httpx.Client]:
    import httpx

    try:
        client = httpx.Client(timeout=how.timeout, follow_redirects=False)
    except (OSError, ValueError, httpx.InvalidURL) as error:
        raise FetchFailed(
            f"no connection can be made with the settings here (SSL_CERT_FILE, HTTPS_PROXY): {error}"
        ) from None
    with client:
        yield client


def _allow(url: str, allowed: set[str | None]) -> None:
    host = _host(url)
    if urlsplit(url).scheme != "https":
        raise FetchFailed(f"{url[:200]} is not HTTPS, and nothing else is used")
    if host not in allowed:
        raise FetchFailed(f"we were sent on to {str(host)[:200]}, which is no host of this feed")


def _answer(response: httpx.Response, largest: int, conditional: bool, how: Patience, end: float) -> Fetched:
    code, host = response.status_code, response.url.host
    if code == 304 and conditional:
        return Fetched(data=None)
    if code in _LATER:
        raise _later(f"{host} answered {code}", response.headers.get("Retry-After"), how)
    if code != 200:
        raise FetchFailed(f"{host} answered {code}")
    if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        raise FetchFailed(f"{host} sent the file packed in a way that was not asked for")
    said = response.headers.get("Content-Length", "")
    if said.isdigit() and int(said) > largest:
        raise FetchFailed(f"{host} announces {int(said):,} bytes; this feed's limit is {largest:,}")
    found = bytearray()
    for piece in response.iter_raw():
        found += piece
        if len(found) > largest:
            raise FetchFailed(f"{host} sent more than {largest:,} bytes, this feed's limit")
        if time.monotonic() > end:
            raise FetchFailed(f"{host} had sent {len(found):,} bytes when the time was up")
    modified = response.headers.get("Last-Modified", "")
    return Fetched(
        data=bytes(found),
        etag=response.headers.get("ETag", "")[:200],
        modified=modified[:200],
        published=_day(modified),
    )


def _later(why: str, asked: str | None, how: Patience) -> Exception:
    """Another attempt after as long as the server asks for, in seconds or as a moment."""
    if asked is None:
        return _Again(why)
    if asked.isascii() and asked.isdigit():
        wait = float(asked[:9])
    else:
        moment = _moment(asked)
        if moment is None:
            return _Again(why)
        wait = max(0.0, (moment - datetime.datetime.now(datetime.UTC)).total_seconds())
    if wait > how.longest_wait:
        return FetchFailed(f"{why} and asks to be left alone for {wait:,.0f} s; try again later")
    return _Again(why, wait)


def _moment(text: str) -> datetime.datetime | None:
    try:
        found = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=datetime.UTC)


def _day(text: str) -> datetime.date | None:
    found = _moment(text)
    return None if found is None else found.date()
