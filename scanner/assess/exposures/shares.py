"""What is handed out to whoever asks: SNMP's community `public`, NFS exports, rsync modules, recursion of DNS, IPMI."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from scanner.assess.exposures.rule import Exposure, Host, Rule, Scene, Service, told
from scanner.model.observation import Reading
from scanner.model.text import plural

_EVERYONE = frozenset({"*", "(everyone)", "everyone", "0.0.0.0/0", "::/0", "0.0.0.0/0.0.0.0"})
_CUT_OFF = 8192
_RECURSION = frozenset({"available", "offered", "yes", "open", "none", "true", "1"})
_ACCEPTED = frozenset({"accepted", "open", "yes", "enabled", "none", "offered"})


def _find(scene: Scene, host: Host) -> Iterator[Exposure]:
    for service in host.services:
        yield from _snmp(service)
        yield from _nfs(service)
        yield from _lists(service)
        yield from _ipmi(service)
        yield from _resolver(scene, host, service)


def _snmp(service: Service) -> Iterator[Exposure]:
    """Asked only where the site file allows it, and with this one community: an answer is the proof."""
    if service.raw("snmp.sysdescr") or told(service.raw("snmp.community")) == "public":
        yield Exposure(
            "snmp-public", "default-credentials", "medium", "SNMP answers the community `public`",
            "Use SNMP version 3 with encryption, or a community of your own and only from the monitoring host.",
            service, service.shown("snmp.community", "snmp.sysdescr"), subject="",
            replay="snmpget -v2c -c public {a} 1.3.6.1.2.1.1.1.0",
        )  # fmt: skip


def _nfs(service: Service) -> Iterator[Exposure]:
    """A line an export: the path, then who may mount it."""
    lists = [each.raw for each in service.every("nfs.exports")]
    # A long list was cut off, and its last line may lack those who may mount it.
    lines = [line for raw in lists for line in raw.splitlines()[: -1 if len(raw) >= _CUT_OFF else None]]
    open_ = [line for line in lines if _to_everyone(line)]
    if open_:
        yield Exposure(
            "nfs-everyone", "unauthenticated", "high",
            f"NFS exports {plural(len(open_), 'directory', 'directories')} to everyone",
            "Name the hosts that may mount each NFS export.", service,
            service.quoted(Reading("nfs.exports", b" | ".join(open_[:8]))), replay="showmount -e {a}", subject="",
        )  # fmt: skip


def _to_everyone(line: bytes) -> bool:
    """Nobody behind the path means everybody, as `showmount` says it."""
    path, *who = line.decode("utf-8", "replace").replace(",", " ").split() or [""]
    return path.startswith("/") and (not who or any(each.lower() in _EVERYONE for each in who))


def _lists(service: Service) -> Iterator[Exposure]:
    """What lists its wares to anybody; whether each of them wants a login is not tried."""
    for kind, cause, what, remedy, replay in (
        (
            "rsync.modules", "rsync-modules", "rsync lists its modules to anybody",
            "Set `list = no`, `auth users` and `hosts allow` for rsync's modules.", "rsync rsync://{h}:{p}/",
        ),
        (
            "iscsi.targets", "iscsi-targets", "iSCSI lists its disks to anybody",
            "Require CHAP for iSCSI's discovery, and keep it in a network of its own.",
            "iscsiadm -m discovery -t sendtargets -p {h}:{p}",
        ),
        (
            "nbd.exports", "nbd-exports", "NBD lists its disks to anybody",
            "Require TLS certificates of NBD's clients, and turn `allowlist` off.", "nbd-client -l {a} -p {p}",
        ),
    ):  # fmt: skip
        if (service.raw(kind) or b"").strip() not in (b"", b"(none)"):
            yield Exposure(cause, "unauthenticated", "low", what, remedy, service, service.shown(kind), replay=replay)


def _ipmi(service: Service) -> Iterator[Exposure]:
    if told(service.raw("ipmi.cipher0", "ipmi.cipher-zero")) in _ACCEPTED:
        yield Exposure(
            "ipmi-cipher0", "unauthenticated", "high", "IPMI offers cipher suite 0, with which any password will do",
            "Turn IPMI's cipher suite 0 off, and keep IPMI in the management zone.", service,
            service.shown("ipmi.cipher0", "ipmi.cipher-zero"), subject="",
        )  # fmt: skip


def _resolver(scene: Scene, host: Host, service: Service) -> Iterator[Exposure]:
    """A resolver is there to resolve for its own network: open is one that does so for strangers.

    That is, at a public address; or for an untrusted zone that no rule of the policy names.
    """
    if told(service.raw("dns.recursion")) not in _RECURSION:
        return
    public = any(ipaddress.ip_address(each.partition("%")[0]).is_global for each in service.addresses)
    strangers = [
        zone
        for zone in service.zones
        if zone != host.machine.zone
        and scene.trust(zone) == "untrusted"
        and any(scene.unnamed(zone, (each, service.transport, service.port)) for each in service.addresses)
    ]
    if public or strangers:
        whom = "anybody" if public else ", ".join(strangers)
        yield Exposure(
            "open-resolver", "management", "medium", f"the DNS server resolves any name for {whom}",
            "Let DNS servers recurse for their own networks only (`allow-recursion`).", service,
            service.shown("dns.recursion", "dns.version"), replay="dig +recurse @{a} -p {p} example.com", subject="",
        )  # fmt: skip


_READS = frozenset(
    {"snmp.sysdescr", "snmp.community", "nfs.exports", "rsync.modules", "iscsi.targets", "nbd.exports"}
    | {"ipmi.cipher0", "ipmi.cipher-zero", "dns.recursion"}
)


def _concerns(service: Service) -> bool:
    """Whether a resolver is open is said by its address, too."""
    return not _READS.isdisjoint(service.kinds)


RULE = Rule(_find, _READS, concerns=_concerns)
