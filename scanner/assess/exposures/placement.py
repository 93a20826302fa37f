"""Management interfaces and backup systems within reach of user and guest zones.

What policy forbids and still crosses is a segmentation gap, and what a rule names is the client's own decision. Left
are: devices that stand among the users, and flows that pass only since a rule names no port.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.assess.exposures.rule import PEOPLE, Exposure, Host, Rule, Scene, Service
from scanner.assess.exposures.words import appliance, backup, console, of_appliance, of_storage, storage
from scanner.identify.tls import certificate
from scanner.model.base import Severity

_SHELLS = frozenset({"ssh", "telnet", "winbox", "ipmi", "rmcp", "asf-rmcp", "snmp", "rlogin", "rsh", "rexec"})
"""Services that on a network device are there to manage it."""
_LOGINS = frozenset({"ftp", "vmware-auth"})
"""Others that an appliance has for its administrators only."""
_SESSIONS = frozenset({"ssh", "telnet", "ms-wbt-server", "wsman", "wsmans", "winrm", "vnc", "winbox"})
"""Services that administrators use on any host."""
_CONTROLLERS = frozenset({"ipmi", "winbox", "ilo", "idrac"})
"""Protocols that only management controllers and routers speak; RMCP alone, PCs answer as well."""
_WEB = frozenset({"http", "https"})
_STORES = frozenset({"iscsi", "ndmp", "veeam", "bacula", "bareos", "acronis"})
"""Services that move backups, or whole disks."""
_BACKUP_MODULE = re.compile(rb"backup", re.IGNORECASE)
"""rsync copies anything; a module with such a name says what for."""
_BACKUP_CERTIFICATES = ("Veeam Backup Server Certificate", "Acronis")

_MOVE = "Move management interfaces into the management zone, or close them to users on the device itself."
_NARROW = "Name in `allow` which services are meant, and let the firewall pass no others."
_APART = "Keep backup systems in a zone of their own, which only the backed-up servers reach."


def _find(scene: Scene, host: Host) -> Iterator[Exposure]:
    near = host.trust in PEOPLE
    whole, disks = appliance(host), storage(host)
    for service in host.services:
        if not near and all(zone == host.machine.zone or scene.trust(zone) not in PEOPLE for zone in service.zones):
            continue
        device, store = _device(host, service, whole), _store(service, disks)
        session = service.speaks(_SESSIONS) and host.trust in ("critical", "management")
        if not device and not store and not session:
            continue
        backs = store and not device
        if host.trust in PEOPLE and (device or store) and host.machine.zone in service.zones:
            yield _exposure(service, host.trust, host.machine.zone, backs, _APART if backs else _MOVE)
        for zone in service.zones:
            trust = scene.trust(zone)
            if zone == host.machine.zone or trust not in PEOPLE:
                continue
            if any(scene.unnamed(zone, (each, service.transport, service.port)) for each in service.addresses):
                yield _exposure(service, trust, zone, backs, _NARROW)


def _exposure(service: Service, trust: str, zone: str, store: bool, remedy: str) -> Exposure:
    severity: Severity = "high" if trust == "untrusted" else "medium"
    what = "a backup system" if store else "a management interface"
    return Exposure(
        "backup-reachable" if store else "management-reachable",
        "backup" if store else "management",
        severity,
        f"{what} within reach of {zone}",
        remedy,
        service,
        _evidence(service),
        replay="nc -vz -w 3 {a} {p}",
        subject=zone,
    )


def _device(host: Host, service: Service, whole: bool) -> bool:
    """A device's management: the device is known by a product of its own (`whole`), or as the next hop out of its
    zone."""
    if console(service):
        return True
    if whole:
        return service.speaks(_SHELLS | _WEB | _LOGINS)
    if host.router:
        return service.speaks(_SHELLS) or (service.speaks(_WEB) and _asks_for_login(service))
    return service.speaks(_CONTROLLERS)


def _asks_for_login(service: Service) -> bool:
    body = service.raw("http.body") or b""
    return service.raw("http.www-authenticate") is not None or b'type="password"' in body.lower()


def _store(service: Service, disks: bool) -> bool:
    if disks:
        return service.speaks(_WEB | _SHELLS | _STORES | {"rsync"})
    if backup(service) or service.speaks(_STORES) or _BACKUP_MODULE.search(service.raw("rsync.modules") or b""):
        return True
    seen = (certificate(each.raw) for each in service.every("tls.cert"))
    return any(each is not None and each.subject.startswith(_BACKUP_CERTIFICATES) for each in seen)


def _evidence(service: Service) -> str:
    named = ", ".join(f"{each.name} {each.version or ''}".rstrip() for each in service.products)
    first = next((each for each in service.readings if not each.kind.startswith("tls.")), None)
    quoted = service.quoted(first) if first else service.label
    return f"{quoted}{f' ({named})' if named else ''}"


def _concerns(service: Service) -> bool:
    """A device or a storage is known by one of its services, and then others of them count as well."""
    return (
        console(service)
        or of_appliance(service)
        or of_storage(service)
        or service.speaks(_CONTROLLERS)
        or _store(service, disks=False)
    )


RULE = Rule(_find, weighs=frozenset({"tls.cert", "rsync.modules"}), concerns=_concerns)
