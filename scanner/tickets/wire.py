"""JSON over HTTP to a ticket system: patient, honouring Retry-After, and never repeating what may have been taken.

httpx bounds each wait, but no request: one byte a second never lets it wait for long. So the requests are asyncio's,
which are taken back as a whole when their time is over, whatever they are at: a name, a connection, headers, the body.

No message tells an address or a key: some systems have the key in the address.
"""

from __future__ import annotations

import asyncio
import datetime
import email.utils
import functools
import os
import ssl
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from scanner import __version__
from scanner.errors import FencewalkError, NetworkFailed
from scanner.model.text import plural, visible

if TYPE_CHECKING:
    import httpx
    import tenacity

T = TypeVar("T")

LARGEST = 4 * 1024 * 1024
_NOT_TAKEN = {425, 429}
"""Answers that say that the request was not carried out."""
_LATER = {408, 500, 502, 503, 504}
_WHOLE = 3
"""Timeouts that a whole request may take, from looking up the name to the last byte of its answer."""
_SHOWN = 300
_MASK = "***"
_SHORTEST_SECRET = 4


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long to try. Seconds, but for `attempts`."""

    attempts: int = 5
    timeout: float = 20.0
    """For a connection to come about, and for an answer."""
    longest_wait: float = 120.0
    """Between two attempts; a server that asks for more is left alone."""
    first_wait: float = 1.0


class Unavailable(NetworkFailed):
    """The ticket system cannot be reached, or wants to be left alone; what was sent is noted, the rest can follow."""


class Refusal(FencewalkError):
    """The ticket system will not have this request. `whole`: nor any other, for it does not let us in."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code

    @property
    def whole(self) -> bool:
        return self.code in (401, 403, 407)


@functools.cache
def _authorities(file: str | None, folder: str | None) -> ssl.SSLContext:
    """Whom we trust, which takes a while to read; anew where the environment names others."""
    import httpx

    return httpx.create_ssl_context()


class _Again(Exception):
    """Trouble that may pass. `wait`: the seconds that the server asks for."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


class Unsure(_Again):
    """No answer, or one that does not say whether the request was carried out."""


class Wire:
    """A connection to one host with the headers that it wants. `secrets` are masked in whatever it answers."""

    def __init__(self, title: str, headers: Mapping[str, str], secrets: tuple[str, ...], patience: Patience) -> None:
        import httpx

        self.title = title
        self.unsure = 0
        """How often a POST stayed without an answer that says whether it was carried out."""
        self._secrets = sorted((each for each in secrets if len(each) >= _SHORTEST_SECRET), key=len, reverse=True)
        self._patience = patience
        self._runner = asyncio.Runner()
        try:
            self._client = httpx.AsyncClient(
                verify=_authorities(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")),
                timeout=patience.timeout,
                follow_redirects=False,
                headers={"User-Agent": f"fencewalk/{__version__}", "Accept": "application/json", **headers},
            )
        except (OSError, ValueError, httpx.InvalidURL) as error:
            raise Unavailable(
                f"no connection can be made with the settings here (SSL_CERT_FILE, HTTPS_PROXY): {error}"
            ) from None

    def end(self) -> None:
        with self._runner:
            self._runner.run(self._client.aclose())

    def ask(
        self,
        method: str,
        url: str,
        value: object = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """What it answers, out of JSON; None for no answer in JSON. For what may be asked twice without harm."""
        return self.persist(lambda: self._once(method, url, value, params, headers))

    def put(self, url: str, value: object, taken: Callable[[], T | None], read: Callable[[Any], T]) -> T:
        """POST what must not be there twice. Where the answer leaves that open, `taken` is asked for what came of it
        before anything is sent again."""
        unsure = False

        def attempt() -> T:
            nonlocal unsure
            if unsure:
                found = taken()
                if found is not None:
                    return found
            try:
                return read(self._once("POST", url, value))
            except Unsure:
                unsure = True
                self.unsure += 1
                raise

        return self.persist(attempt)

    def persist(self, attempt: Callable[[], T]) -> T:
        """Until it is done, or patience is at its end."""
        import tenacity

        how = self._patience

        def wait(state: tenacity.RetryCallState) -> float:
            trouble = None if state.outcome is None else state.outcome.exception()
            asked = trouble.wait if isinstance(trouble, _Again) else None
            own = min(how.first_wait * 2.0 ** (state.attempt_number - 1), how.longest_wait)
            return own if asked is None else asked

        again = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Again),
            wait=wait,
            stop=tenacity.stop_after_attempt(how.attempts),
            reraise=True,
            sleep=time.sleep,
        )
        try:
            return again(attempt)
        except _Again as trouble:
            count = plural(again.statistics.get("attempt_number", 1), "attempt")
            raise Unavailable(f"{trouble} ({count}); what is done is noted, run it again later") from None

    def _once(
        self,
        method: str,
        url: str,
        value: object = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        import httpx

        content = None if value is None else msgspec.json.encode(value)
        more = dict(headers or {})
        if content is not None:
            more["Content-Type"] = "application/json"
        try:
            return self._runner.run(
                self._sent(self._client.build_request(method, url, params=params, content=content, headers=more))
            )
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
            raise Refusal(f"{self.title}: its address cannot be asked; look at the site file's `tickets`", 0) from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise Unavailable(
                    f"{self.title} shows a certificate that is not trusted here; SSL_CERT_FILE names the authorities "
                    "of a network that inspects TLS"
                ) from None
            raise _Again(
                f"{self.title} cannot be reached: {self._masked(str(error)) or type(error).__name__}"
            ) from None
        except httpx.TimeoutException:
            raise Unsure(f"{self.title} did not answer in time") from None
        except TimeoutError:
            raise Unsure(f"{self.title} did not come to the end of its answer in time") from None
        except httpx.TransportError as error:
            why = self._masked(str(error)) or type(error).__name__
            raise Unsure(f"{self.title} broke the connection off: {why}") from None
        except httpx.DecodingError:
            raise Refusal(f"{self.title} answers in a packing that cannot be undone", 0) from None

    async def _sent(self, request: httpx.Request) -> Any:
        async with asyncio.timeout(_WHOLE * self._patience.timeout):
            response = await self._client.send(request, stream=True)
            try:
                return await self._answer(response)
            finally:
                await response.aclose()

    async def _answer(self, response: httpx.Response) -> Any:
        code = response.status_code
        if code in _NOT_TAKEN or code in _LATER:
            wait = self._wait(code, response.headers.get("Retry-After"))
            raise (_Again if code in _NOT_TAKEN else Unsure)(f"{self.title} answered {code}", wait)
        found = bytearray()
        async for piece in response.aiter_bytes():
            found += piece
            if len(found) > LARGEST:
                raise Refusal(f"{self.title} answers more than {LARGEST >> 20} MiB; that is no answer of its API", code)
        if not 200 <= code < 300:
            raise Refusal(f"{self.title} refused with {code}{self._why(bytes(found))}", code)
        try:
            return msgspec.json.decode(bytes(found)) if found.strip() else None
        except (msgspec.DecodeError, RecursionError):
            return None

    def _wait(self, code: int, asked: str | None) -> float | None:
        """The seconds that it asks for, in seconds or as a moment; None where it asks for nothing."""
        if asked is None:
            return None
        if asked.isascii() and asked.isdigit():
            wait = float(asked[:9])
        else:
            try:
                moment = email.utils.parsedate_to_datetime(asked)
            except (ValueError, TypeError, OverflowError):
                return None
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=datetime.UTC)
            wait = max(0.0, (moment - datetime.datetime.now(datetime.UTC)).total_seconds())
        if wait > self._patience.longest_wait:
            raise Unavailable(
                f"{self.title} answered {code} and asks to be left alone for {wait:,.0f} s; what is done is noted, run "
                "it again later"
            )
        return wait

    def _why(self, body: bytes) -> str:
        """What it says of a refusal, in the words that APIs put into `message` and `errors`."""
        try:
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError):
            value = None
        rows = value.get("errors") if isinstance(value, dict) else ()
        told = (value, *(rows[:5] if isinstance(rows, list) else ()))
        said = [row["message"] for row in told if isinstance(row, dict) and isinstance(row.get("message"), str)]
        text = "; ".join(dict.fromkeys(said))
        return f": {self._masked(text)}" if text else ""

    def _masked(self, text: str) -> str:
        """Before it is cut, so that no half of a secret is left."""
        for each in self._secrets:
            text = text.replace(each, _MASK)
        return visible(text, _SHOWN)
