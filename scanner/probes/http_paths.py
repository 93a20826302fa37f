"""Where a product says its version over HTTP: which path to ask, and what must have been heard before it is asked.

Data. All of these are reads that their makers publish without a login.
"""

from __future__ import annotations

import re

import msgspec


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One question. It is put when `seen` is found in what was heard, or when the port is one of `ports`."""

    path: str
    kind: str
    """Of the reading that its answer's body is."""
    wanted: re.Pattern[bytes]
    """What the body must hold to be that reading, which begins there."""
    lines: bool = False
    """The reading is the lines in which `wanted` is found, wherever they stand, and nothing between them."""
    seen: re.Pattern[bytes] | None = None
    """Looked for in every head and page of this connection so far."""
    ports: frozenset[int] = frozenset()
    """Where it is put even though nothing was seen, if `/` gave no page."""
    method: str = "GET"
    headers: str = ""
    body: bytes = b""


def _words(text: str) -> re.Pattern[bytes]:
    return re.compile(text.encode(), re.IGNORECASE)


_BUILD = _words(
    r"(?m)^(?!go_)(?:[a-z_]{1,64}_build_info|[a-z_]{1,64}_exporter_info|cs_info|etcd_server_version|vm_app_version)\{[^\n]{0,1024}"
)
"""Lines in which whoever serves metrics tells its own build. `go_build_info` is the language's."""
EXPOSED = re.compile(rb"(?:\A|\n)# (?:HELP|TYPE) [a-zA-Z_:]")
"""A page of metrics (Prometheus's text format)."""

_SERVICE_CONTENT = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    b'<RetrieveServiceContent xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this>'
    b"</RetrieveServiceContent></soap:Body></soap:Envelope>"
)

ASKS: tuple[Ask, ...] = (
    Ask(
        path="/sdk",
        kind="vmware.about",
        seen=_words(r"VMware ESX|ID_EESX_Welcome|ID_VC_Welcome|vSphere|vmware-vpx"),
        wanted=_words(r"<fullName>VMware"),
        method="POST",
        headers='Content-Type: text/xml; charset=utf-8\r\nSOAPAction: "urn:vim25/6.0"\r\n',
        body=_SERVICE_CONTENT,
        ports=frozenset({902}),
    ),
    Ask(
        path="/xmldata?item=all",
        kind="ilo.xmldata",
        seen=_words(r"HP(?:E)?-iLO-Server|Integrated Lights-Out|\biLO ?[2-7]\b"),
        wanted=_words(r"<FWRI>"),
    ),
    Ask(
        path="/api/health",
        kind="grafana.health",
        seen=_words(r"<title>\s*Grafana|grafana_session|grafanaBootData"),
        wanted=_words(r'"database"\s*:'),
    ),
    Ask(
        path="/api/v1/status/buildinfo",
        kind="prometheus.buildinfo",
        seen=_words(r"Prometheus Time Series|Location: (?:/graph|/query|/classic/graph)\b"),
        wanted=_words(r'"application":\s*"|"data":\{"version":"|"version":"[^"]{1,64}","revision"'),
    ),
    Ask(
        path="/api/v2/status",
        kind="alertmanager.status",
        seen=_words(r"<title>Alertmanager"),
        wanted=_words(r'"versionInfo"'),
    ),
    Ask(
        path="/metrics",
        kind="metrics.build",
        seen=_words(r"href=[\"']?/?metrics\b|<title>[^<]{0,40}(?:exporter|pushgateway)"),
        wanted=_BUILD,
        lines=True,
        ports=frozenset({8404, 8405, 15692}),
    ),
    Ask(
        path="/version",
        kind="kubernetes.version",
        seen=_words(r'"kind":\s?"Status",\s*"apiVersion":\s?"v1"'),
        wanted=_words(r'"gitVersion"'),
    ),
    Ask(
        path="/version",
        kind="docker.version",
        seen=_words(
            r'Server: Docker/|\{"message":"page not found"\}|Server: Libpod|Libpod-Api-Version|\ANot Found\n\Z'
        ),
        wanted=_words(r'\{"Platform":\{|"Components":|\{"Version":"[^"]{1,64}","ApiVersion"'),
        ports=frozenset({2375, 2376}),
    ),
    Ask(
        path="/status/v1/services",
        kind="puppetserver.status",
        wanted=_words(r'"puppet-profiler"\s?:'),
        ports=frozenset({8140}),
    ),
    Ask(
        path="/status",
        kind="strelaysrv.status",
        ports=frozenset({22070}),
        wanted=_words(r'"numPendingSessionKeys"|"kbps10s1m5m15m30m60m"'),
    ),
    Ask(
        path="/version",
        kind="etcd.version",
        seen=_words(r"\A404 page not found\s*\Z"),
        wanted=_words(r'"etcdserver"'),
        ports=frozenset({2379}),
    ),
    Ask(
        path="/jsonrpc?method=aria2.getVersion&id=1",
        kind="aria2.version",
        wanted=_words(r'"enabledFeatures"'),
        ports=frozenset({6800}),
    ),
    Ask(
        path="/v1/sys/health",
        kind="vault.health",
        seen=_words(r"<title>(?:Vault|OpenBao)|X-Vault"),
        wanted=_words(r'"sealed"'),
        ports=frozenset({8200}),
    ),
    Ask(
        path="/v1/agent/self",
        kind="consul.agent",
        seen=_words(r"Consul Agent|<title>Consul"),
        wanted=_words(r'"Config"'),
        ports=frozenset({8500}),
    ),
    Ask(
        path="/v1/agent/self",
        kind="nomad.agent",
        seen=_words(r"<title>Nomad"),
        wanted=_words(r'"Version"\s*:\s*\{'),
        ports=frozenset({4646}),
    ),
    Ask(
        path="/api/status",
        kind="kibana.status",
        seen=_words(r"kbn-name|<title>(?:Kibana|Elastic)|kbn-injected-metadata|/spaces/enter"),
        wanted=_words(r'"version":\{"number"'),
    ),
    Ask(
        path="/status.php",
        kind="nextcloud.status",
        seen=_words(r"Nextcloud|ownCloud|nc_sameSiteCookie|oc_sessionPassphrase"),
        wanted=_words(r'"versionstring"'),
    ),
    Ask(
        path="/cgi-bin/authLogin.cgi",
        kind="qnap.login",
        seen=_words(r"QNAP|/cgi-bin/(?:QTS|login\.html|html/login)|Location: /cgi-bin/"),
        wanted=_words(r"<QDocRoot"),
    ),
    Ask(
        path="/api/v1/version",
        kind="gitea.version",
        seen=_words(r"i_like_gitea|i_like_forgejo|Powered by Gitea|Powered by Forgejo|content=\"Gitea"),
        wanted=_words(r'\{"version"'),
    ),
    Ask(
        path="/api/v2/app/version",
        kind="qbittorrent.version",
        seen=_words(r"<title>qBittorrent"),
        wanted=_words(r"\A\s*v\d+\.\d"),
    ),
    Ask(
        path="/service/rest/swagger.json",
        kind="nexus.version",
        seen=_words(r"Nexus Repository Manager|Server: Nexus/$"),
        wanted=_words(r'"version"\s*:\s*"\d'),
    ),
    Ask(
        path="/api/system/status",
        kind="portainer.status",
        seen=_words(r"<title>Portainer|ng-app=\"portainer\""),
        wanted=_words(r'"Version"'),
    ),
    Ask(
        path="/janus/info",
        kind="janus.info",
        seen=_words(
            r"404 Not Found\r\n(?:[DC][^\r\n]{1,99}\r\n){0,3}"
            r"Access-Control-Allow-Origin: \*\r\nAccess-Control-Max-Age: 86400"
        ),
        wanted=_words(r'"janus":\s?"server_info"'),
    ),
    Ask(
        path="/api",
        kind="jupyter.api",
        seen=_words(r"<title>(?:Jupyter Server|Jupyter Notebook|JupyterLab)<"),
        wanted=_words(r'\A\s*\{"version":\s?"\d'),
    ),
    Ask(
        path="/system",
        kind="orthanc.system",
        seen=_words(r"<title>Orthanc Explorer"),
        wanted=_words(r'\{\s{0,8}"ApiVersion"\s?:'),
    ),
    Ask(
        path="/description.xml",
        kind="upnp.description",
        seen=_words(r"<title>(?:Gerbera|MediaTomb)"),
        wanted=_words(r"<modelName>"),
    ),
    Ask(
        path="/json/version",
        kind="inspector.version",
        seen=_words(r"\AWebSockets request was expected\s*\Z"),
        wanted=_words(r'"Browser":\s?"'),
    ),
    # A bare page of Go's own: what serves nothing at `/` often has metrics, and they name it.
    Ask(
        path="/metrics",
        kind="metrics.build",
        seen=_words(r"\A404 page not found\s*\Z"),
        wanted=_BUILD,
        lines=True,
    ),
)
