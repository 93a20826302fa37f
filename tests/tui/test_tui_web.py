"""`fencewalk tui --serve`: this laptop only, the one who has the key only, and the screens behind it."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import msgspec
import pytest
from sample import sample_report

from scanner.errors import BadInput
from tui.web.server import loopback

Page = tuple[str, str]
"""Its address, and the same with the key."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    path: Path = tmp_path_factory.mktemp("web") / "report.json"
    path.write_bytes(msgspec.json.encode(sample_report()))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "scanner.cli", "tui", "--report", str(path), "--serve", "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            found = re.search(r"http://\S+", server.stderr.readline())
            assert found, "it says what to open, and not before it listens"
            yield f"http://127.0.0.1:{port}", found[0]
        finally:
            server.send_signal(signal.SIGINT)
            _, errors = server.communicate(timeout=30)
    assert server.returncode == 0
    assert "Traceback" not in errors


async def ask(url: str, **headers: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers, allow_redirects=False) as answer:
        return answer.status, await answer.text()


@pytest.mark.parametrize("path", ["/", "/ws", "/static/js/textual.js", "/?key=guessed", "/?key=", "/download/x"])
async def test_without_the_key_nothing_is_shown(page: Page, path: str) -> None:
    status, text = await ask(page[0] + path)
    assert status == 403
    assert "key" in text


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}], ids=str
)
async def test_another_page_in_the_same_browser_gets_nowhere(page: Page, headers: dict[str, str]) -> None:
    status, _ = await ask(page[1], **headers)
    assert status == 403


async def test_the_screens_are_shown_and_take_keys(page: Page) -> None:
    bare, keyed = page
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        async with session.get(keyed) as answer:
            text = await answer.text()
            assert str(answer.url) == f"{bare}/", "the key does not stay in the address"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            # Nothing is fetched from anywhere else.
            assert set(re.findall(r"(?:https?|wss?)://[^/\"']+", text)) == {bare, bare.replace("http", "ws")}
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(f"{bare}/ws", origin="http://evil.example")
        async with session.ws_connect(f"{bare}/ws?width=120&height=40", origin=bare) as terminal:
            await _until(terminal, "Separation fails")
            await terminal.send_json(["stdin", "2"])
            await _until(terminal, "12 hosts")
            await terminal.send_json(["stdin", "q"])
            while (await asyncio.wait_for(terminal.receive(), 60)).type is not aiohttp.WSMsgType.CLOSE:
                pass


async def _until(terminal: aiohttp.ClientWebSocketResponse, words: str) -> None:
    """Read what is drawn until it holds the words. What is sent is the bytes that a terminal gets."""
    drawn = b""
    while words.encode() not in re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", drawn):
        message = await asyncio.wait_for(terminal.receive(), 60)
        assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), drawn[-500:]
        drawn += message.data if isinstance(message.data, bytes) else b""


@pytest.mark.parametrize(("host", "address"), [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("::1", "::1"),
                                               ("[::1]", "::1"), ("127.0.0.9", "127.0.0.9")])  # fmt: skip
def test_this_laptop_only(host: str, address: str) -> None:
    assert loopback(host) == address


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.4", "example.org", "", "127.0.0.1.evil.example", "\x1b[2J"]
)
def test_any_other_host_is_refused_in_one_sentence(host: str) -> None:
    with pytest.raises(BadInput, match="served to this laptop only") as caught:
        loopback(host)
    assert str(caught.value).isprintable()


def test_without_textual_serve_it_says_what_to_install(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(msgspec.json.encode(sample_report()))
    # As if it were not there: to this program a None is a module that cannot be imported.
    arguments = ["tui", "--report", str(path), "--serve"]
    code = f"import sys; sys.modules['textual_serve'] = None; from scanner.cli import main; main({arguments!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "fencewalk: --serve needs textual-serve, which is not installed: pip install textual-serve\n"
