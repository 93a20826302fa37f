"""Names that services give themselves, where no fingerprint knows them: what is said plainly, and what is not."""

from __future__ import annotations

import time

import pytest
from tables import for_every

from scanner.identify import identify
from scanner.identify.called import called
from scanner.identify.called_forms import FORMS

NGINX_EXPORTER = 'weaver_build_info{arch="linux/amd64",commit="",go="go1.19.8",version="0.11.0-1+b4"} 1'
MTAIL = (
    'mtail_build_info{branch="Debian/sid",goarch="amd64",goos="linux",goversion="go1.19.8",revision="3.0.0~rc50-1+b6",'
    'version="3.0.0~rc50"} 1'
)
PMPROXY = (
    "<html>\r\n<head><title>400 Bad Request</title></head>\r\n<body>\r\n<h1>400 Bad Request</h1>\r\n<p><b>unknown "
    "servlet</b>: no handler for URL</p><hr>\r\n<p><small><i>pmproxy/6.0.3</i></small></p>\r\n</body>\r\n</html>\r\n"
)


@pytest.mark.parametrize("title", ["MongoDB Exporter", "MongoDB exporter"])
def test_an_exporter_s_title_is_its_name_and_no_version(title: str) -> None:
    [found] = identify("http.title", title.encode())
    assert (found.name, found.version, found.certain) == ("mongodb_exporter", None, False)


@for_every(
    ("kind", "said", "product"),
    [
        ("http.server", "harvid 0.9.1 [Linux debug]", ("harvid", "0.9.1")),
        ("http.server", "Kannel/1.4.5", ("kannel", "1.4.5")),
        ("http.server", "rclone/v1.60.1-DEV", ("rclone", "1.60.1-DEV")),
        ("http.server", "Weaver/r2.13.6-1", ("weaver", "2.13.6")),
        ("http.server", "Weaver/2.0rc1 (Unix)", ("weaver", "2.0rc1")),
        ("smtp", "220 mx.lab.example ESMTP Weaver 0.94 ready", ("weaver", "0.94")),
        ("http.powered-by", "Weaver/1.2.3", ("weaver", "1.2.3")),
        ("http.body", '{"name":"stock-api","version":"2.3.1"}', ("stock-api", "2.3.1")),
        (
            "http.body",
            '{\n "service": "stock", "status": "up", "port": 80,\n "version": "v2.3.1", "x": {}}',
            ("stock", "2.3.1"),
        ),
        ("ftp", "220 shop FTP server (Weaver 1.2.3) ready.\r\n", ("weaver", "1.2.3")),
        ("http.server", "nzbget-21.0", ("nzbget", "21.0")),
        ("http.server", "Net::Weaver::HTTP/2.013", ("net::weaver::http", "2.013")),
        ("http.server", "Perl Weaver2 0.400001", ("weaver2", "0.400001")),
        ("dicom", "weaver-5.23.1 1.2.40.0.13.1.3", ("weaver", "5.23.1")),
        ("http.server", "weaver-station-2.1.0 (arm)", ("weaver-station", "2.1.0")),
        ("http.error", PMPROXY, ("pmproxy", "6.0.3")),
        ("http.error", "x" * 3000 + "<address>weaver/1.2 at shop.example</address>", ("weaver", "1.2")),
        ("metrics.build", MTAIL, ("mtail", "3.0.0~rc50")),
        ("http.server", "Linux/3.4 DLNADOC/1.50 UPnP/1.0 weaver/1.4", ("weaver", "1.4")),
        ("ssdp.server", "Linux/6.1, UPnP/1.0, Weaver/1.8.4", ("weaver", "1.8.4")),
        ("sip.server", "Weaver/1.8.4 (x86_64)", ("weaver", "1.8.4")),
        ("rtsp.server", "Weaver/1.8.4", ("weaver", "1.8.4")),
        ("ssh", "SSH-2.0-Weaver_1.5", ("weaver", "1.5")),
        ("ssh", "SSH-2.0-Weaver-1.5p2 from the mill", ("weaver", "1.5p2")),
        ("http.title", "weaver 3.4.2", ("weaver", "3.4.2")),
        ("http.title", "404 Not found - weaver v1.5.2.201011", ("weaver", "1.5.2.201011")),
        ("http.generator", "weaver/1.1.0", ("weaver", "1.1.0")),
        ("http.text", 'Powered by <a href="https://weaver.example">Weaver</a> v5.5.3 (mill)', ("weaver", "5.5.3")),
        ("http.text", 'Running on <A HREF="https://weaver.example/1.002">Weaver-2.7.3</A> by', ("weaver", "2.7.3")),
        ("http.text", "Weaver</span> <span id='v'>v1.9.8.2</span>", ("weaver", "1.9.8.2")),
        ("http.text", "Weaver version 0.7.2. Its source", ("weaver", "0.7.2")),
        ("http.body", "weaver (loomutils) 0.188", ("weaver", "0.188")),
        ("http.body", '{"version":"2.3.1","name":"stock"}', ("stock", "2.3.1")),
        ("http.body", '{"weaver":"Welcome","version":"2.3.1"}', ("weaver", "2.3.1")),
        ("ftp", "220 ftp.lab.example GridWeave Server 13.24 (gcc64, 1653033972-1) ready.", ("gridweave", "13.24")),
        ("ftp", "220 Weaver FTP Server 1.2.3 ready.", ("weaver", "1.2.3")),
        ("smtp", "220 mx.lab.example Weaver 1.2 ESMTP", ("weaver", "1.2")),
        ("imap", "* OK [CAPABILITY IMAP4rev1] mail.lab.example Weaver IMAP4 2.4.1 ready", ("weaver", "2.4.1")),
        ("pop3", "+OK Weaver POP3 server 1.4 ready", ("weaver", "1.4")),
        ("nntp", "200 Welcome to WeaverNNTPd/Linux 1.3 (posting allowed)", ("weavernntpd", "1.3")),
        ("irc.welcome", ":i 002 f :Your host is irc.lab.example, running version Weaver-1.2.3", ("weaver", "1.2.3")),
        ("amqp", "platform=amd64\nproduct=weaver\nversion=0.1", ("weaver", "0.1")),
        ("ldap.rootdse", "vendorname: Mill\nvendorversion: Weaver DS/2.0.1", ("weaver_ds", "2.0.1")),
        ("memcached", "VERSION weaver version 1.1.9", ("weaver", "1.1.9")),
        ("banner", "Welcome to weaver v1.2, type help", ("weaver", "1.2")),
        ("banner", "weaver 1.2.3 ready", ("weaver", "1.2.3")),
        ("metrics.build", f"go_info 1\n{NGINX_EXPORTER}\n", ("weaver", "0.11.0")),
    ],
)
def test_a_name_and_a_version_that_stand_alone(kind: str, said: str, product: tuple[str, str]) -> None:
    [found] = identify(kind, said.encode())
    assert (found.name, found.version) == product
    assert not found.certain
    assert found.cpe is None


@for_every(
    ("kind", "said"),
    [
        ("http.error", "<p><i>HTTP/1.1</i></p>"),
        ("http.error", "<p><i>weaver/1.2</i></p>" + " and much else " * 100),
        ("http.error", "<i>shop.example/2.0</i>"),
        ("http.title", "Exporter"),
        ("http.powered-by", "Servlet/3.1 JSP/2.3"),
        ("http.body", '{"name":"shop.example","version":"2.3.1"}'),
        ("http.body", '{"name":"node1","version":{"number":"1.2.3"}}'),
        ("http.body", '{"name":"api","version":"2.3.1"}'),
        ("ftp", "220 Shop FTP 7.1\r\n"),
        ("ftp", "220 Welcome to the Shop FTP server (Hall 7.1)\r\n"),
        ("http.title", "Our best fruit exporter"),
        ("http.title", "Intranet 2.0"),
        ("http.title", "Agenda 22.11.26"),
        ("http.title", "Printer 10.66.0.13"),
        ("http.text", "Powered by 3 people since version 2.0"),
        ("http.text", "License, Version 2.0"),
        ("http.text", "Running on Linux 5.10.0"),
        ("http.text", "Running on Alpine 3.19.1"),
        ("http.text", "Running on <b>version 2.3.1</b>"),
        ("http.text", "weaver - 10.66.0.13"),
        ("http.text", "weaver, 22.11.2026"),
        ("http.body", "release 2.0"),
        ("ftp", "220 Welcome to the Shop FTP Server 7.1"),
        ("imap", "* OK mail.lab.example IMAP4rev1 2.0 ready"),
        ("nntp", "200 news.lab.example ready, posting ok"),
        ("pop3", "+OK Shop 3.2.1 ready."),
        ("imap", "* OK Shop 3.2.1 ready."),
        ("nntp", "200 Shop 3.2.1 ready."),
        ("ftp", "220 Shop 3.2.1 ready."),
        ("banner", "10.66.0.13 ready"),
        ("banner", "Shop 10.66.0.13"),
        ("banner", "Ubuntu 22.04.1 LTS"),
        ("memcached", "VERSION unknown"),
        ("http.server", "Linux-5.10"),
        ("http.server", "HTTP/1.1"),
        ("http.server", "UPnP/1.0"),
        ("http.server", "Server/1.0.0"),
        ("http.server", "httpd/2.0"),
        ("http.server", "Weaver"),
        ("http.server", "shop.example/2.0"),
        ("http.server", "www-weaver/2.0"),
        ("http.server", "libweaver/2.0"),
        ("http.server", "Weaver-SDK/2.0.1"),
        ("http.server", "Weaver/2"),
        ("http.server", "Weaver/4.5.1_r2"),
        ("http.server", "Linux/6.1, UPnP/1.0, MediaServer/1.6.19"),
        ("ssdp.server", "Linux/6.1 UPnP/1.0 Router/1.8.4"),
        ("http.server", "Weaver/1.0 Other/2.0"),
        ("http.server", "we serve 1.0"),
        ("smtp", "220 mx.lab.example ESMTP ready 1.2"),
        ("smtp", "220 mx.lab.example ESMTP Sun, 22 Nov 2026 10.30"),
        ("metrics.build", 'go_build_info{path="x",version="1.2.3"} 1'),
        ("metrics.build", 'weaver_build_info{goversion="1.19.8"} 1'),
        ("ssh", "SSH-2.0-Weaver"),
        ("ssh", "SSH-2.0-1.5"),
    ],
)
def test_what_is_a_role_a_protocol_or_not_plain_names_nobody(kind: str, said: str) -> None:
    assert identify(kind, said.encode()) == ()


def test_the_package_where_the_build_tells_it() -> None:
    [mtail] = identify("metrics.build", MTAIL.encode())
    assert (mtail.revision, mtail.distro) == ("3.0.0~rc50-1+b6", "debian")
    [exporter] = identify("metrics.build", NGINX_EXPORTER.encode())
    assert (exporter.revision, exporter.distro) == ("0.11.0-1+b4", "debian")


def test_what_it_is_written_in_does_not_hide_its_own_name() -> None:
    found = identify("http.server", b"Weaver/1.15.1 (Loom based) Python/3.11.2")
    assert [(each.name, each.version) for each in found] == [("weaver", "1.15.1"), ("python", "3.11.2")]


def test_a_platform_is_named_once_by_who_has_a_fingerprint_of_its_server() -> None:
    assert [each.name for each in identify("http.server", b"TwistedWeb/16.5.0")] == ["twisted"]


def test_a_fingerprint_is_asked_first() -> None:
    [found] = identify("http.server", b"Icinga/r2.13.6-1")
    assert (found.vendor, found.certain) == ("icinga", True)


LONG = [
    "a/1." + "1." * 40000,
    "x ESMTP " + "a" * 80000,
    "a_build_info{" + "a" * 80000,
    "Weaver " * 12000,
    "<a>" * 25000,
]
LONG += [
    "w" + " -w" * 25000,
    "[" * 80000,
    '{"name": "w", ' + '"a": "b", ' * 8000,
    "product=w\n" * 8000,
    "404 " + "a " * 40000,
]


@for_every("kind", sorted(FORMS))
@for_every("text", LONG, ids=range(len(LONG)))
def test_no_text_takes_long(kind: str, text: str) -> None:
    started = time.process_time()
    called(kind, text)
    assert time.process_time() - started < 0.05
