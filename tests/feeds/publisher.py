"""A publisher on this machine: a real HTTPS server, with an authority of its own, that answers as a test tells it."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Answer = Callable[[BaseHTTPRequestHandler, int], None]
"""What is done for a request, the first being 1."""


class Publisher:
    """Where it is, and what it was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def publishes(self, path: str, answer: Answer | bytes) -> str:
        """The address of what was put at `path`."""
        self.answers[path] = answer if callable(answer) else gives(answer)
        return self.url + path


def gives(data: bytes, code: int = 200, **headers: str) -> Answer:
    """The file; header names are written with underscores."""

    def answer(handler: BaseHTTPRequestHandler, count: int) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def in_turn(*answers: Answer) -> Answer:
    """Another one each time; the last one from then on."""
    return lambda handler, count: answers[min(count, len(answers)) - 1](handler, count)


def without_end(handler: BaseHTTPRequestHandler, count: int) -> None:
    """Goes on until nobody listens any more."""
    handler.send_response(200)
    handler.end_headers()
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(b"x" * 65536)


def hangs_up(handler: BaseHTTPRequestHandler, count: int) -> None:
    """Not a word of an answer."""


@contextlib.contextmanager
def publisher(folder: Path) -> Iterator[Publisher]:
    """Serves until the end of the block. `folder` gets `authority.pem`, by which it can be trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificates(folder))
    counts: dict[str, int] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            here.asked.append((self.path, dict(self.headers.items())))
            counts[self.path] = counts.get(self.path, 0) + 1
            answer = here.answers.get(self.path, gives(b"", 404))
            with contextlib.suppress(OSError):
                answer(self, counts[self.path])

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hangs up in the middle is what some tests are about."""

    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        here = Publisher(f"https://localhost:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield here
        finally:
            server.shutdown()
            thread.join()


def _certificates(folder: Path) -> Path:
    """The server's certificate and key; `authority.pem` beside them signed it."""
    now = datetime.datetime.now(datetime.UTC)
    authority, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    lasting = {
        "not_valid_before": now - datetime.timedelta(days=1),
        "not_valid_after": now + datetime.timedelta(days=2),
    }

    def build(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(lasting["not_valid_before"])
            .not_valid_after(lasting["not_valid_after"])
        )

    key_identifier = x509.SubjectKeyIdentifier.from_public_key(authority.public_key())
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    root = (
        build(issuer, authority)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(key_identifier, critical=False)
        .sign(authority, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    leaf = (
        build(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), server)
        .add_extension(names, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_identifier), critical=False)
        .sign(authority, hashes.SHA256())
    )
    (folder / "authority.pem").write_bytes(root.public_bytes(Encoding.PEM))
    both = folder / "server.pem"
    secret = server.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(leaf.public_bytes(Encoding.PEM) + secret)
    return both
