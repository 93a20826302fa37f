"""The screens served to a browser of this laptop, by textual-serve.

Whoever opens them sees a client's data and may start scans. So only this laptop is answered, only for the name that it
was asked under, and only who knows the key in the address that was printed; another page in the same browser knows
neither. Nothing is loaded from anywhere else.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import os
import secrets
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from textual_serve.server import Server

from scanner.errors import BadInput
from scanner.model.text import visible

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self'; "
    "connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def loopback(host: str) -> str:
    """The address to listen on. BadInput for one that others could reach."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        inside = ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise BadInput(
            f"--host {visible(host)}: the TUI is served to this laptop only; leave --host out, or say 127.0.0.1 or ::1."
        )
    return host.strip("[]")


class LocalServer(Server):
    """One app for each page that is opened. `key` is what an address has to name once, and a cookie from then on."""

    def __init__(self, arguments: Sequence[str], host: str, port: int) -> None:
        self.authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        super().__init__(
            shlex.join([sys.executable, "-m", "scanner.cli", "tui", *arguments]),
            host,
            port,
            title="fencewalk",
            public_url=f"http://{self.authority}",
            templates_path=Path(__file__).parent,
        )
        self.key = secrets.token_urlsafe(24)
        self.cookie = f"fencewalk-{port}"

    @property
    def address(self) -> str:
        """What to open."""
        return f"{self.public_url}/?key={self.key}"

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guard())
        return app

    def _guard(self) -> Middleware:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            origin = request.headers.get("Origin")
            # Another name for this address is somebody's page that had its name point here.
            if request.host != self.authority or origin not in (None, self.public_url):
                return web.Response(status=403, text=f"Open {self.public_url} itself.\n")
            if self._knows(request.query.get("key", "")) and request.path == "/":
                entered: web.StreamResponse = web.Response(status=303, headers={"Location": "/"})
                entered.set_cookie(self.cookie, self.key, httponly=True, samesite="Strict", path="/")
                return entered
            if not self._knows(request.cookies.get(self.cookie, "")):
                return web.Response(status=403, text="Open the address that fencewalk printed, with its key.\n")
            response = await handler(request)
            if not response.prepared:
                response.headers["Content-Security-Policy"] = POLICY.format(host=self.authority)
                response.headers["Cache-Control"] = "no-store"
                response.headers["X-Content-Type-Options"] = "nosniff"
            return response

        return guard

    def _knows(self, key: str) -> bool:
        return hmac.compare_digest(key.encode(), self.key.encode())

    async def on_startup(self, app: web.Application) -> None:
        """Says nothing: nobody is listening yet."""

    def _listening(self, *_: object) -> None:
        click.echo(f"Open {self.address}\nOnly this laptop can; Ctrl-C ends it.", err=True)

    def initialize_logging(self) -> None:
        """A sentence for what goes wrong, and no traceback with a client's data in it."""
        handler = logging.StreamHandler()
        handler.setFormatter(_Sentence())
        logging.getLogger("textual-serve").addHandler(handler)

    def run(self) -> None:
        """Until Ctrl-C. OSError where the port is taken."""
        self.initialize_logging()
        web.run_app(self._make_app(), host=self.host, port=self.port, print=self._listening, access_log=None)


class _Sentence(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return f"fencewalk: the page: {visible(record.getMessage())}"


def serve(arguments: Sequence[str], host: str, port: int) -> None:
    """Serve `fencewalk tui` with these arguments until Ctrl-C."""
    # What a page starts is no scan of ours and must not draw on this terminal.
    os.environ.pop("TEXTUAL_DRIVER", None)
    LocalServer(arguments, loopback(host), port).run()
