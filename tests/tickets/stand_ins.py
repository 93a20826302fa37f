"""Ticket systems on this machine: real HTTP servers that keep what they are sent, and have their bad days."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PUBLIC, PRIVATE, CLIENT_ID, KEY, SECRET = "PubliC1", "Pr/vate+2", "cl1ent-id", "al/ertKEY9", "s3cret"
Answer = tuple[int, Any]
Reply = tuple[int, dict[str, str], bytes]
_CONDITIONS = re.compile(
    r'externalXRef="(?P<ref>[^"]*)" and closedFlag=(?P<closed>true|false) and company/identifier="(?P<company>[^"]*)"'
)
TROUBLES = ("429", "503", "busy", "500", "late", "cut", "twice")
"""`500`, `late` and `cut`: taken, and no answer says so. `twice`: taken twice. The other two ask to be left alone."""
HANGS = 0.6


class StandIn:
    """What a system of its kind keeps. `troubles`: for the next requests that change something, one each."""

    def __init__(self) -> None:
        self.url = ""
        self.troubles: deque[str] = deque()
        self.asked: list[tuple[str, str, Any]] = []
        self.waited: list[float] = []
        self._told_to_wait = 0.0

    def answer(self, method: str, path: str, query: dict[str, str], headers: Any, body: bytes) -> Answer:
        raise NotImplementedError


class ConnectWise(StandIn):
    """Tickets, and the conditions that this project searches by."""

    closing: tuple[str, ...] = ("Closed", "Resolved")

    def __init__(self) -> None:
        super().__init__()
        self.tickets: list[dict[str, Any]] = []
        self.notes: dict[int, list[str]] = {}
        self.lost = 0

    def open_of(self, company: str = "EXAMPLE") -> dict[str, list[int]]:
        """Ids of the open tickets by fingerprint."""
        found: dict[str, list[int]] = {}
        for each in self.tickets:
            if not each["closedFlag"] and each["company"]["identifier"] == company:
                found.setdefault(each["externalXRef"], []).append(each["id"])
        return found

    def titled(self, start: str) -> list[dict[str, Any]]:
        return [each for each in self.tickets if each["summary"].startswith(start)]

    def answer(self, method: str, path: str, query: dict[str, str], headers: Any, body: bytes) -> Answer:
        if path == "/login/companyinfo/msp":
            assert "Authorization" not in headers, "whoever is asked where the API is gets no key"
            return 200, {"SiteUrl": urlsplit(self.url).netloc, "Codebase": "v2026_1/", "CompanyName": "MSP"}
        login = base64.b64encode(f"msp+{PUBLIC}:{PRIVATE}".encode()).decode()
        if headers.get("Authorization") != f"Basic {login}" or headers.get("clientId") != CLIENT_ID:
            return 401, {"code": "Unauthorized", "message": f"not let in with {headers.get('Authorization')}"}
        if not headers.get("Accept", "").startswith("application/vnd.connectwise.com+json; version="):
            return 406, {"message": "which version?"}
        place = "/v2026_1/apis/3.0/service/tickets"
        if path == place and method == "GET":
            found = _CONDITIONS.fullmatch(query.get("conditions", ""))
            if found is None:
                return 400, {"message": "conditions are not understood"}
            return 200, [
                each
                for each in self.tickets
                if each["externalXRef"] == found["ref"]
                and each["closedFlag"] == (found["closed"] == "true")
                and each["company"]["identifier"] == found["company"]
            ]
        if path == place and method == "POST":
            return 201, self.create(json.loads(body))
        ticket, _, rest = path.removeprefix(f"{place}/").partition("/")
        mine = next((each for each in self.tickets if str(each["id"]) == ticket), None)
        if mine is None:
            return 404, {"code": "NotFound", "message": "no such ticket"}
        if rest == "notes" and method == "GET":
            return 200, [{"id": n, "text": text} for n, text in enumerate(self.notes.get(mine["id"], []))]
        if rest == "notes" and method == "POST":
            self.notes.setdefault(mine["id"], []).append(json.loads(body)["text"])
            return 201, {"id": len(self.notes[mine["id"]])}
        if not rest and method == "GET":
            return 200, mine
        if not rest and method == "PATCH":
            for change in json.loads(body):
                assert change["op"] == "replace"
                mine[change["path"]] = change["value"]
            mine["closedFlag"] = mine["status"]["name"] in self.closing
            return 200, mine
        return 404, None

    def create(self, value: dict[str, Any]) -> dict[str, Any]:
        assert len(value["summary"]) <= 100
        assert len(value["externalXRef"]) <= 100
        assert value["board"] == {"name": "Network"}
        row = {**value, "id": 1000 + len(self.tickets), "closedFlag": False}
        self.tickets.append(row)
        return row


class AlertOps(StandIn):
    """Alerts by their source's id; the same one again is no second alert."""

    def __init__(self) -> None:
        super().__init__()
        self.alerts: dict[str, str] = {}
        self.raised: list[str] = []
        self.told: list[dict[str, Any]] = []

    def answer(self, method: str, path: str, query: dict[str, str], headers: Any, body: bytes) -> Answer:
        if method != "POST" or unquote(path) != f"/POSTAlert/{KEY}/fencewalk":
            return 404, {"message": f"nothing at {path}"}
        value = json.loads(body)
        assert list(value) == ["source_name", "source_id", "source_status", "severity", "subject", "url", "text"]
        self.told.append(value)
        if value["source_status"] == "open" and self.alerts.get(value["source_id"]) != "open":
            self.raised.append(value["source_id"])
        self.alerts[value["source_id"]] = value["source_status"]
        return 202, {"status": "accepted"}


class Hook(StandIn):
    """Items by their fingerprint, each delivery once by its key."""

    def __init__(self) -> None:
        super().__init__()
        self.items: dict[str, str] = {}
        self.events: list[dict[str, Any]] = []
        self._keys: set[str] = set()

    def answer(self, method: str, path: str, query: dict[str, str], headers: Any, body: bytes) -> Answer:
        signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        if headers.get("X-Fencewalk-Signature") != f"sha256={signed}":
            return 403, {"message": "the signature is another"}
        if headers["Idempotency-Key"] not in self._keys:
            self._keys.add(headers["Idempotency-Key"])
            value = json.loads(body)
            self.events.append(value)
            self.items[value["fingerprint"]] = value["state"]
        return 204, None


@contextlib.contextmanager
def serving(desk: StandIn) -> Iterator[StandIn]:
    """Plain HTTP on the loopback interface until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize, disable_nagle_algorithm = -1, True  # a head and a body apart wait 40 ms for each other

        def do_GET(self) -> None:
            self._serve()

        do_POST = do_PATCH = do_GET

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            with lock:
                now = time.monotonic()
                if desk._told_to_wait:
                    desk.waited.append(now - desk._told_to_wait)
                    desk._told_to_wait = 0.0
                desk.asked.append((self.command, parts.path, body.decode()))
                trouble = ""
                if desk.troubles and self.command != "GET":
                    trouble = desk.troubles.popleft()
                code, value = self._in_trouble(
                    trouble, lambda: desk.answer(self.command, parts.path, query, self.headers, body)
                )
            if code:
                self._reply(code, value)
            else:
                self.close_connection = True

        def _in_trouble(self, trouble: str, work: Callable[[], Answer]) -> Answer:
            if trouble == "busy":
                return 503, None
            if trouble in ("429", "503"):
                desk._told_to_wait = time.monotonic()
                return int(trouble), None
            done = work()
            if trouble == "500":
                return 500, {"message": "something broke"}
            if trouble in ("cut", "twice"):
                if trouble == "twice":
                    work()
                return 0, None
            return (-1, done) if trouble == "late" else done

        def _reply(self, code: int, value: Any) -> None:
            if code == -1:
                time.sleep(HANGS)
                code, value = value
            data = b"" if value is None else json.dumps(value).encode()
            with contextlib.suppress(OSError):
                self.send_response(code)
                if desk._told_to_wait:
                    self.send_header("Retry-After", "1")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
                self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that gives up waiting is what some tests are about."""

    lock = threading.Lock()
    with Server(("127.0.0.1", 0), Handler) as server:
        desk.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield desk
        finally:
            server.shutdown()
            thread.join()


class Once:
    """A server that answers with these in turn, the last one from then on."""

    def __init__(self, path: str, *replies: Reply) -> None:
        self.replies, self.asked = [*replies], 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                code, headers, body = outer.replies[min(outer.asked, len(outer.replies) - 1)]
                outer.asked += 1
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}{path}"
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()

    def end(self) -> None:
        self.server.shutdown()
        self.server.server_close()
