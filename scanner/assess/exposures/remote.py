"""Remote-access tools that the site file does not approve of, known by what they answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.assess.exposures.rule import Exposure, Host, Rule, Scene, Service
from scanner.identify.tls import certificate
from scanner.model.base import Severity

_PRODUCTS = {
    # Named by our own fingerprints.
    "screenconnect": "ScreenConnect", "anydesk": "AnyDesk", "teamviewer": "TeamViewer", "rustdesk_server": "RustDesk",
    "meshcentral": "MeshCentral", "guacamole": "Guacamole", "dameware_mini_remote_control": "DameWare",
    "radmin": "Radmin", "nomachine": "NoMachine",
    # They listen, but their handshakes are not documented: only a second opinion (recog, Nmap) names them. What
    # never listens (Zoho Assist, DWService, RemotePC, Parsec, Chrome Remote Desktop) cannot be found by a scan.
    "connectwise_control": "ScreenConnect", "rustdesk": "RustDesk", "splashtop": "Splashtop",
    "splashtop_streamer": "Splashtop", "logmein": "LogMeIn", "dameware": "DameWare", "simplehelp": "SimpleHelp",
    "remote_support": "BeyondTrust", "bomgar": "BeyondTrust", "supremo": "Supremo", "ammyy_admin": "Ammyy Admin",
    "netsupport_manager": "NetSupport",
}  # fmt: skip
"""Names as identification gives them -> as people say, and as the site file has them."""
_KINDS = {
    "vnc": "VNC", "teamviewer": "TeamViewer", "rustdesk": "RustDesk", "radmin": "Radmin", "nomachine": "NoMachine",
    "dameware": "DameWare", "guacd": "Guacamole",
}  # fmt: skip
"""First words of readings' kinds that only the tool itself gives."""
_CERTIFICATES = (
    (re.compile(r"^AnyDesk Client$"), "AnyDesk"),
    (re.compile(r"^MeshCentralRoot-"), "MeshCentral"),
    (re.compile(r"^Splashtop Inc\. Self CA$"), "Splashtop"),
    (re.compile(r"^TeamViewer"), "TeamViewer"),
)


def _find(scene: Scene, host: Host) -> Iterator[Exposure]:
    given = scene.site.approved
    approved = {_plain(each) for each in given.remote_access} if given else set()
    severity: Severity = "medium" if given else "low"
    for service in host.services:
        for tool, evidence in _tools(service):
            if _plain(tool) in approved:
                continue
            yield Exposure(
                f"remote-access-{_plain(tool)}", "remote-access", severity,
                f"{tool} is a remote-access tool that the site file does not approve of",
                f"Take {tool} off, or name it in the site file under `approved.remote_access`.", service, evidence,
                subject="",
            )  # fmt: skip


def _tools(service: Service) -> Iterator[tuple[str, str]]:
    """Each tool once, with what shows it."""
    found: dict[str, str] = {}
    for reading in service.readings:
        if tool := _KINDS.get(reading.kind.partition(".")[0]):
            found.setdefault(tool, service.shown(reading.kind))
        if reading.kind == "tls.cert" and (seen := certificate(reading.raw)):
            for pattern, tool in _CERTIFICATES:
                if pattern.search(seen.subject) or pattern.search(seen.issuer):
                    evidence = f"{service.label} tls.cert: {seen.subject}, issued by {seen.issuer}"
                    found.setdefault(tool, evidence)
    for product in service.products:
        if tool := _PRODUCTS.get(product.name):
            named = f"{service.label} {product.name} {product.version or ''}".rstrip()
            found.setdefault(tool, f"{named} ({product.rule})")
    yield from found.items()


def _plain(name: str) -> str:
    """`Screen Connect` and `screenconnect` are one name."""
    return "".join(char for char in name.lower() if char.isalnum())


RULE = Rule(_find, weighs=frozenset({"tls.cert"}))
