"""What HTTP readings name. The bytes were taken from real servers, those of Debian among them."""

from __future__ import annotations

import pytest
from tables import for_every

from scanner.identify import identify

Truth = list[tuple[str, str | None, str | None, str | None]]

STATISTICS = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet type="text/xsl" href="/bind9.xsl"?>\n'
    b'<statistics version="3.13"><server><boot-time>2026-11-22T13:50:36.654Z</boot-time><version>%s</version><counters '
)

# kind, raw, then for each product: name, version, revision, distro
TRUTHS: list[tuple[str, bytes, Truth]] = [
    ("http.body", STATISTICS % b"9.18.49-1~deb12u3-Debian", [("bind", "9.18.49", "9.18.49-1~deb12u3", "debian:12")]),
    ("http.body", STATISTICS % b"9.18.28", [("bind", "9.18.28", None, None)]),
    ("http.body", STATISTICS % b"not told", []),
    ("jupyter.api", b'{"version": "6.4.12"}', [("notebook", "6.4.12", None, None)]),
    ("jupyter.api", b'{"version": "1.23.3"}', [("jupyter_server", "1.23.3", None, None)]),
    ("imap", b"* OK IMAP4 ready\r\n", [("nginx", None, None, None)]),
    ("pop3", b"+OK POP3 ready\r\n", [("nginx", None, None, None)]),
    ("pop3", b"+OK POP3 ready for 1.2.3\r\n", []),
    ("http.server", b"Python/3.11 aiohttp/3.8.4", [("aiohttp", "3.8.4", None, None), ("python", "3.11", None, None)]),
    ("http.server", b"SimpleHTTP/0.6 Python/3.11.2", [("python", "3.11.2", None, None)]),
    ("http.server", b"WSGIServer/0.2 CPython/3.11.2", [("python", "3.11.2", None, None)]),
    ("http.server", b"WebSockify Python/3.11.2", [("websockify", None, None, None), ("python", "3.11.2", None, None)]),
    ("http.server", b"TwistedWeb/16.5.0rc2", [("twisted", "16.5.0rc2", None, None)]),
    ("http.server", b"Debian DLNADOC/1.50 UPnP/1.0 MiniDLNA/1.3.0", [("minidlna", "1.3.0", None, None)]),
    ("http.server", b"uhttpd/1.0.0", [("uhttpd", None, None, None)]),
    ("http.server", b"pve-api-daemon/3.0", [("virtual_environment", None, None, None)]),
    ("http.server", b"HP-iLO-Server/1.30", [("integrated_lights-out", None, None, None)]),
    ("http.server", b"debut/1.20", [("printer", None, None, None)]),
    ("http.server", b"monit 5.33.0", [("monit", "5.33.0", None, None)]),
    ("http.server", b"ATS/9.2.9", [("traffic_server", "9.2.9", None, None)]),
    ("http.server", b"Varnish", [("varnish_cache", None, None, None)]),
    ("http.via", b"1.1 varnish (Varnish/7.1)", [("varnish_cache", "7.1", None, None)]),
    ("http.via", b"1.1 squid (squid/5.7)", [("squid", "5.7", None, None)]),
    ("http.title", b"Not Found - CUPS v2.4.2", [("cups", "2.4.2", None, None)]),
    ("http.title", b"Deluge WebUI 2.0.3", [("deluge", "2.0.3", None, None)]),
    ("http.title", b"Directory listing for /", []),
    ("http.error", b"<h3>Apache Tomcat/10.1.60 (Debian)</h3>", [("tomcat", "10.1.60", None, "debian")]),
    ("http.error", b"404 page not found\n", []),
    ("http.error", b"Invalid header received from client.\n", [("privoxy", None, None, None)]),
    (
        "http.text",
        b"HAProxy version 2.6.12-1+deb12u4, released 2026/10/17</a>",
        [("haproxy", "2.6.12", "2.6.12-1+deb12u4", "debian:12")],
    ),
    (
        "http.text",
        b"HAProxy version 2.4.22-0ubuntu0.22.04.2, released 2023/08/14</a>",
        [("haproxy", "2.4.22", "2.4.22-0ubuntu0.22.04.2", "ubuntu:22.04")],
    ),
    ("http.text", b"HAProxy version 2.8.3-86e043a, released 2023/09/07</a>", [("haproxy", "2.8.3", None, None)]),
    (
        "http.response",
        b"HTTP/1.1 200 OK\r\nX-Syncthing-Version: v1.19.2-ds1\r\n",
        [("syncthing", "1.19.2", None, None)],
    ),
    ("http.response", b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: x", []),
    ("http.cookie", b"webvpncontext", []),
    ("http.body", b'<version who="sg">0.1(1)</version>', [("ocserv", None, None, None)]),
    ("http.location", b"/.web", [("radicale", None, None, None)]),
    (
        "prometheus.buildinfo",
        b'{"status":"success","data":{"version":"2.42.0+ds","revision":"2.42.0+ds-5+deb12u1","branch":"debian/sid",'
        b'"buildUser":"team+pkg-go@tracker.debian.org","buildDate":"20260604-00:58:54","goVersion":"go1.19.8"}}',
        [("prometheus", "2.42.0", "2.42.0+ds-5+deb12u1", "debian:12")],
    ),
    (
        "prometheus.buildinfo",
        b'{"status":"success","data":{"version":"2.45.0","revision":"8ef767e396bf8445f009f945b0162fd71827f445",'
        b'"branch":"HEAD","goVersion":"go1.20.5"}}',
        [("prometheus", "2.45.0", None, None)],
    ),
    (
        "metrics.build",
        b'# TYPE x gauge\nblackbox_exporter_build_info{branch="debian/sid",goarch="amd64",goos="linux",'
        b'goversion="go1.19.8",revision="0.23.0-4+b4",version="0.23.0"} 1\n# HELP go_info{version="go1.19.8"}',
        [("blackbox_exporter", "0.23.0", "0.23.0-4+b4", "debian")],
    ),
    ("metrics.build", b'go_info{version="go1.19.8"} 1\n', []),
    ("etcd.version", b'{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}', [("etcd", "3.4.23", None, None)]),
    ("http.x-influxdb-version", b"1.6.7~rc0", [("influxdb", "1.6.7~rc0", None, None)]),
    ("sip.server", b"kamailio (5.6.3 (x86_64/linux))", [("kamailio", "5.6.3", None, None)]),
    ("rtsp.server", b"Rtsp Server/2.0", [("dahua", None, None, None)]),
]


@for_every(("kind", "raw", "truth"), TRUTHS, ids=lambda each: repr(each)[:60])
def test_products(kind: str, raw: bytes, truth: Truth) -> None:
    assert [(p.name, p.version, p.revision, p.distro) for p in identify(kind, raw)] == truth


@pytest.mark.parametrize(
    ("kind", "raw"),
    [("http.via", b"1.1 varnish (Varnish/7.1)"), ("http.server", b"WildFly/10"), ("http.server", b"JBoss-EAP/7")],
)
def test_a_branch_is_not_taken_for_a_version(kind: str, raw: bytes) -> None:
    assert not identify(kind, raw)[0].certain
