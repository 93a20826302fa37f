"""Pages of metrics: where they are looked for, what of them is kept, and whom they name."""

from __future__ import annotations

from fuzz import fuzz
from hypothesis import given
from hypothesis import strategies as st
from tables import for_every
from test_http_walk import kinds, moved, page, visit

from scanner.identify import identify
from scanner.model.probe import Peer

GO = '# TYPE go_info gauge\ngo_info{version="go1.19.8"} 1\n'
HEAD = f"# HELP go_info Information about the Go environment.\n{GO}"
NODE = 'node_exporter_build_info{branch="debian/sid",goversion="go1.19.8",revision="1.5.0-1+b6",version="1.5.0"} 1'
SQUID = (
    'squid_exporter_build_info{branch="debian/sid",goarch="amd64",goos="linux",goversion="go1.19.8",'
    'revision="1.10.3+ds-1+b6",version="1.10.3+ds"} 1'
)
VARNISH = 'varnish_version{major="7",minor="1",patch="1",revision="7cee1c5",version="7.1.1"} 1'
UNAME = 'node_uname_info{machine="x86_64",release="6.1.0-18-amd64",sysname="Linux",version="#1 SMP 6.1.76-1"} 1'
TARGETS = (
    'redis_instance_info{redis_version="7.0.15",version="7.0.15"} 1',
    'mysql_version_info{innodb_version="10.11.6",version="10.11.6-MariaDB"} 1',
    'pg_static{short_version="15.5.0",version="PostgreSQL 15.5"} 1',
    'elasticsearch_version{build_hash="a",version="7.17.0"} 1',
    'go_build_info{checksum="",path="github.com/prometheus/node_exporter",version="1.5.0"} 1',
    'python_info{implementation="CPython",major="3",minor="11",version="3.11.2"} 1',
    UNAME,
    VARNISH,
)
PUSHED = 'node_exporter_build_info{instance="web1",job="push",version="1.5.0"} 1'
GATEWAY = 'pushgateway_build_info{branch="debian/sid",goversion="go1.19.8",revision="1.5.0-1+b5",version="1.5.0"} 1'


def metrics(*lines: str) -> bytes:
    return page((HEAD + "".join(f"# TYPE x gauge\n{line}\n" for line in lines)).encode(), "Content-Type: text/plain")


LINK = page(b"<h1>It</h1><a href='/metrics'>Metrics</a>", "Content-Type: text/html")


def test_the_lines_of_the_build_are_kept_wherever_they_stand() -> None:
    readings, asked, _ = visit({"/": LINK, "/metrics": metrics(SQUID, *["x_total 1"] * 4000, UNAME, NODE)})
    assert asked[:2] == ["GET /", "GET /metrics"]
    assert kinds(readings)["metrics.build"] == [f"{SQUID}\n{NODE}".encode()]


@for_every("answers", [{"/": metrics(SQUID)}, {"/": moved("/metrics"), "/metrics": metrics(SQUID)}])
def test_a_page_of_metrics_in_place_of_a_page_is_read_itself(answers: dict[str, bytes]) -> None:
    readings, asked, _ = visit(answers)
    assert kinds(readings)["metrics.build"] == [SQUID.encode()]
    assert len(asked) == len(answers)


def test_a_page_about_metrics_is_none() -> None:
    readings, _, _ = visit({"/": page(f"<pre>\n{SQUID}\n</pre>".encode())})
    assert "metrics.build" not in kinds(readings)


def test_haproxys_own_metrics_are_asked_for_where_it_has_them() -> None:
    build = 'haproxy_process_build_info{version="2.6.12-1+deb12u3"} 1'
    readings, _, _ = visit({"/metrics": metrics(build)}, Peer("10.20.30.40", 8404))
    assert kinds(readings)["metrics.build"] == [build.encode()]


@for_every("line", TARGETS)
def test_what_is_said_of_others_names_nobody(line: str) -> None:
    readings, _, _ = visit({"/": LINK, "/metrics": metrics(line)})
    assert "metrics.build" not in kinds(readings)
    assert not any(each.name for kind, raws in kinds(readings).items() for raw in raws for each in identify(kind, raw))


NAMED = [
    (NODE, ("node_exporter", "1.5.0", "1.5.0-1+b6")),
    (SQUID, ("squid_exporter", "1.10.3", "1.10.3+ds-1+b6")),
    (f"{PUSHED}\n{GATEWAY}", ("pushgateway", "1.5.0", "1.5.0-1+b5")),
    ('haproxy_process_build_info{version="2.6.12-1+deb12u3"} 1', ("haproxy", "2.6.12", "2.6.12-1+deb12u3")),
    ('synapse_build_info{osversion="Linux",pythonversion="3.11.2",version="1.78.0"} 1', ("synapse", "1.78.0", None)),
    ('grafana_build_info{dbversion="9.9.9",edition="oss",version="10.4.1"} 1', ("grafana", "10.4.1", None)),
    ('nextcloud_exporter_info{commit="",version=""} 1', ("nextcloud_exporter", None, None)),
    ('etcd_server_version{server_version="3.4.23"} 1', ("etcd", "3.4.23", None)),
    ('vm_app_version{version="vmagent-20230407-011131-tags-v1.90.0-0-gb5d18c0d28", short_version="v1.90.0"} 1', None),
    ('vm_app_version{version="", short_version=""} 1', None),
    (PUSHED, None),
    ('loki_build_info{exported_job="x",version="2.9.0"} 1', None),
]


@for_every(("lines", "product"), NAMED)
def test_whom_the_lines_name(lines: str, product: tuple[str, str | None, str | None] | None) -> None:
    found = [(each.name, each.version, each.revision) for each in identify("metrics.build", lines.encode())]
    assert found == ([product] if product else [])


@given(
    st.lists(st.sampled_from([SQUID, NODE, UNAME, "# HELP a", "x{", "", "_build_info{" * 40]), max_size=40), st.binary()
)
@fuzz(100)
def test_any_page_is_survived_and_bounded(lines: list[str], tail: bytes) -> None:
    readings, _, _ = visit({"/": LINK, "/metrics": page("\n".join(lines).encode() + tail)})
    for raw in kinds(readings).get("metrics.build", []):
        assert len(raw) <= 4096
        identify("metrics.build", raw)
