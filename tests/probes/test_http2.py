"""HTTP/2 from its first byte on: what Debian 12's servers sent, and what another implementation makes of our bytes."""

from __future__ import annotations

import struct

from fuzz import fuzz
from hypothesis import given
from hypothesis import strategies as st
from scapy.contrib.http2 import H2Seq, HPackHdrTable, HPackZString
from tables import for_every
from test_probes_table import play

from scanner.identify import identify
from scanner.identify.service import service_name
from scanner.model.observation import Reading
from scanner.model.probe import Peer, Read, StartTls
from scanner.probes import http2_text as h2
from scanner.probes import probes
from scanner.probes.greeting import classify, complete

PEER = Peer("10.66.0.10", 4242)
GRPC_IN_C = h2.frame(4, 0, 0, bytes.fromhex("0004003fffff 0005003fffff 000600002000 fe0300000001"))
GRPC_IN_GO = h2.frame(4, 0, 0, bytes.fromhex("000500004000"))
NGHTTPD = h2.frame(4, 0, 0, bytes.fromhex("000300000064"))
NGINX = h2.frame(4, 0, 0, bytes.fromhex("000300000080 000400010000 000500ffffff"))
NO_SUCH_PAGE = (
    b"<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1><hr><address>nghttpd nghttp2/1.52.0 "
    b"at port 8080</address></body></html>"
)
FORBIDDEN = (
    b"<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n<hr>"
    b"<center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"
)
NGHTTPD_HEAD = bytes.fromhex(
    "8d7690aa69d29ae452a9a74a6b13015db12e0f5f92497ca589d34d1f6a1271d882a60e1bf0acf70f0d03313437"
)
NGINX_HEAD = b"H\x03403v\x89\xaacU\xe5\x80\xae!.\x1f_\x87I|\xa5\x89\xd3M\x1f\\\x03153"
BAD_METHOD = (
    b"\0\x07:status\x03200\0\x0ccontent-type\x10application/grpc\0\x0bgrpc-status\x012\0\x0cgrpc-message"
    b"\x11Bad method header"
)
UNKNOWN_SERVICE = bytes.fromhex("885f8b1d75d0620d263d4c4d656440889acac8b21234da8f023132")
RESET = struct.pack("!I", 1)

CASES: dict[str, tuple[list[bytes], dict[str, bytes], tuple[str, str | None] | None, str]] = {
    "nghttpd": (
        [
            NGHTTPD + h2.frame(4, 1, 0) + h2.frame(1, 4, 1, NGHTTPD_HEAD) + h2.frame(1, 4, 3, b"\x8d\xc0\xbf\xbe")
            + h2.frame(0, 1, 1, NO_SUCH_PAGE) + h2.frame(0, 1, 3, NO_SUCH_PAGE),
        ],
        {
            "http.response": b"HTTP/2 404",
            "http.text": NO_SUCH_PAGE[NO_SUCH_PAGE.index(b"<address>"):],
            "http.title": b"404 Not Found",
            "http.error": NO_SUCH_PAGE,
            "http2": NGHTTPD,
        },
        ("nghttp2", "1.52.0"),
        "http",
    ),
    "nginx, with a status in plain digits, padding and a priority": (
        [
            NGINX + h2.frame(8, 0, 0, b"\x7f\xff\0\0")
            + h2.frame(1, 0x2C, 1, b"\x02" + bytes(5) + NGINX_HEAD + bytes(2))
            + h2.frame(0, 9, 1, b"\x03" + FORBIDDEN + bytes(3)),
        ],
        {"http.response": b"HTTP/2 403", "http.title": b"403 Forbidden", "http.error": FORBIDDEN, "http2": NGINX},
        ("nginx", "1.22.1"),
        "http",
    ),
    "gRPC in C": (
        [GRPC_IN_C + h2.frame(1, 5, 1, BAD_METHOD) + h2.frame(3, 0, 1, bytes(4)) + h2.frame(1, 5, 3, BAD_METHOD)],
        {"grpc": BAD_METHOD, "http2": GRPC_IN_C},
        ("grpc", None),
        "grpc",
    ),
    "gRPC in Go, which takes no GET": (
        [
            GRPC_IN_GO + h2.frame(4, 1, 0) + h2.frame(3, 0, 1, RESET) + h2.frame(3, 0, 3, RESET),
            h2.frame(1, 5, 5, UNKNOWN_SERVICE),
        ],
        {"grpc": UNKNOWN_SERVICE, "http2": GRPC_IN_GO},
        None,
        "grpc",
    ),
    "gRPC as in Java, which says in HTTP what it wants": (
        [
            NGHTTPD
            + h2.frame(1, 4, 1, b"\x08\x03415\x0f\x10\x19text/plain; charset=utf-8\0\x0bgrpc-status\x0213")
            + h2.frame(0, 1, 1, b"Content-Type is missing from the request") + h2.frame(3, 0, 3, RESET),
        ],
        {
            "grpc": b"\x08\x03415\x0f\x10\x19text/plain; charset=utf-8\0\x0bgrpc-status\x0213",
            "http2": NGHTTPD,
        },
        None,
        "grpc",
    ),
    "a server that only says goodbye": ([NGINX + h2.frame(7, 0, 0, bytes(8))], {"http2": NGINX}, None, "http"),
    "plain fields": (
        [NGHTTPD + h2.frame(1, 5, 1, b"\x88\x0f\x27\x07Kestrel\x0f\x10\x09text/html") + h2.frame(3, 0, 3, RESET)],
        {
            "http.response": b"HTTP/2 200\r\nserver: Kestrel\r\ncontent-type: text/html",
            "http.server": b"Kestrel",
            "http2": NGHTTPD,
        },
        ("asp.net_core", None),
        "http",
    ),
    "HTTP/1.1": (
        [b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n"],
        {"http.response": b"HTTP/1.1 400 Bad Request\r\nServer: nginx", "http.server": b"nginx"},
        ("nginx", None),
        "http",
    ),
    "silence": ([], {}, None, ""),
}  # fmt: skip


@for_every("case", CASES)
def test_readings_and_product(case: str) -> None:
    answers, truth, product, service = CASES[case]
    readings, _ = play("http2", answers, PEER)
    for kind, raw in truth.items():
        assert readings.pop(kind) == raw
    # The second page's head is beside the first's.
    assert readings.keys() <= {"http.response"}
    found = [each for kind, raw in truth.items() for each in identify(kind, raw)][:1]
    assert [(each.name, each.version) for each in found] == ([product] if product else [])
    assert service_name("tcp", 4242, [Reading(kind, raw) for kind, raw in truth.items()]) == service


def test_another_implementation_reads_our_requests() -> None:
    _, sent = play("http2", CASES["gRPC in Go, which takes no GET"][0], PEER)
    magic = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    assert sent[0].startswith(magic)
    table = HPackHdrTable()
    told = [
        table.gen_txt_repr(frame).splitlines()
        for flight in (sent[0].removeprefix(magic), sent[1])
        for frame in H2Seq(flight).frames
        if frame.type == 1
    ]
    common = [":scheme http", ":authority 10.66.0.10:4242", "user-agent: fencewalk"]
    grpc = ["content-type: application/grpc", "te: trailers"]
    assert [sorted(each) for each in told] == [
        sorted([":method GET", ":path /", *common]),
        sorted([":method GET", ":path /no-such-page-fencewalk", *common]),
        sorted([":method POST", ":path /fencewalk.None/None", *common, *grpc]),
    ]


@for_every("status", ["200", "401", "302", "421", "503", "999"])
def test_a_status_in_huffmans_code(status: str) -> None:
    """The code is RFC 7541's: what another implementation writes is read."""
    block = bytes(HPackHdrTable().parse_txt_hdrs(f":status {status}\n".encode(), stream_id=1))[9:]
    found = h2.heard(h2.frame(1, 5, 1, block), (1,)).responses
    assert [each.status for each in found] == ([int(status)] if status < "600" else [])


@for_every("word", ["application/grpc", "grpc-status"])
def test_the_words_of_grpc_in_huffmans_code(word: str) -> None:
    coded = bytes(HPackZString(word))
    assert word.encode() not in coded
    assert h2.heard(h2.frame(1, 5, 1, b"\x88" + coded), (1,)).grpc


def test_a_procedure_is_called_only_where_nobody_showed_a_page() -> None:
    assert [b"POST" in each or b"grpc" in each for each in play("http2", CASES["nghttpd"][0], PEER)[1]] == [
        False,
        False,
    ]
    assert len(play("http2", CASES["gRPC in C"][0], PEER)[1]) == 2


GREETINGS = [
    (NGINX, "http2"),
    (h2.frame(4, 0, 0), "http2"),
    (h2.frame(4, 0, 0) + h2.frame(7, 0, 0, bytes(8)), "http2"),
    (h2.frame(4, 0, 0) + b"and so on", "banner"),
    (h2.frame(4, 1, 0), "banner"),
    (h2.frame(4, 0, 0, bytes(6)), "banner"),
    (h2.frame(4, 0, 0, bytes(5)), "banner"),
    (h2.frame(4, 0, 1, b"\0\3\0\0\0\1"), "banner"),
]


@for_every(("data", "kind"), GREETINGS)
def test_settings_are_told_from_other_numbers(data: bytes, kind: str) -> None:
    assert classify(data, 4242)[0].kind == kind
    assert complete(data) == (kind == "http2")


def test_https_asks_for_http2_by_name_where_http_got_no_word() -> None:
    steps = probes()["https"].steps(PEER)
    named: list[str] = []
    step = next(steps)
    try:
        while True:
            if isinstance(step, StartTls):
                named.append(step.alpn)
            answer = CASES["nghttpd"][0][0] if named[-1] == "h2" else b""
            step = steps.send(answer if isinstance(step, Read) else b"DER")
    except StopIteration as done:
        readings = done.value
    assert named == ["", "h2"]
    assert readings[0] == Reading("tls.cert", b"DER")
    assert Reading("http2", NGHTTPD) in readings


@given(
    case=st.sampled_from(sorted(CASES)),
    at=st.integers(0, 400),
    tail=st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.builds(h2.frame, st.integers(0, 10), st.integers(0, 255), st.integers(0, 5), st.binary(max_size=60)),
        ).map(bytes),
        max_size=6,
    ),
)
@fuzz(200)
def test_broken_answers_are_survived(case: str, at: int, tail: list[bytes]) -> None:
    answers = [each[:at] + b"".join(tail) for each in CASES[case][0]] * 2
    readings, _ = play("http2", answers, PEER)
    for kind, raw in readings.items():
        assert len(raw) <= 8192 + 1024
        identify(kind, raw)


@given(st.binary(max_size=120))
@fuzz(300)
def test_any_block_of_fields_ends(block: bytes) -> None:
    for each in h2.heard(h2.frame(1, 5, 1, block), (1,)).responses:
        assert 100 <= each.status < 600
        assert each.head.startswith(b"HTTP/2 ")
