"""Findings about machines that stand on the wrong side of a fence, or on both sides of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.assess.findings.make import finding
from scanner.assess.findings.port_forwards import Forward
from scanner.assess.machines.identity import Link
from scanner.assess.machines.inventory import Inventory, Machine
from scanner.assess.policies.policy import Policy
from scanner.model.base import Severity, Transport
from scanner.model.baseline import Knowledge
from scanner.model.report import FindingRow
from scanner.model.site import Site

_SHOWN = 12


def flat(site: Site, knowledge: Knowledge, inventory: Inventory) -> Iterator[FindingRow]:
    """A critical system that stands among users' devices is behind no fence at all."""
    for critical in site.critical:
        machines = {m.id: m for a in critical.hosts if (m := inventory.by_address.get(a))}
        for machine in machines.values():
            zone = site.zone(machine.zone)
            neighbours = [m for m in inventory.machines if m.zone == machine.zone and m is not machine]
            if zone is None or zone.trust in ("critical", "management") or zone.isolated or not neighbours:
                continue
            yield finding(
                "segmentation-gap",
                "critical" if zone.trust in ("user", "untrusted") else "high",
                f"{critical.name} stands in {zone.name} ({zone.trust}), among {len(neighbours)} other hosts",
                names=("flat", machine.id),
                aspect="flat",
                knowledge=knowledge,
                host=machine.id,
                from_=zone.name,
                to=zone.name,
                remedy=f"Move {critical.name} into a zone of its own behind a firewall, and allow only the services "
                "that its users need.",
                replay=f"ping -c 1 {machine.addresses[0]}  # from {zone.name}",
                evidence=f"{machine.id} and {', '.join(m.id for m in neighbours[:_SHOWN])} share the segment "
                f"{', '.join(zone.subnets)}",
            )


def dual_homed(site: Site, knowledge: Knowledge, inventory: Inventory) -> Iterator[FindingRow]:
    """A machine with legs in several zones bridges them, past every firewall."""
    told: set[frozenset[str]] = set()
    for machine in inventory.machines:
        group = frozenset((machine.id, *machine.twins))
        if len(group) < 2 or group in told:
            continue
        told.add(group)
        ids = sorted(group)
        zones = sorted(each.split("/", 1)[0] for each in ids)
        protected = any(_trust(site, zone) in ("critical", "management") for zone in zones)
        sure = all(link.confidence == "high" for link in machine.links)
        yield finding(
            "dual-homed",
            "high" if protected else "medium",
            f"{'One machine stands' if sure else 'What is probably one machine stands'} in {' and '.join(zones)}: "
            f"{', '.join(ids)}",
            names=ids,
            knowledge=knowledge,
            host=machine.id,
            from_=zones[0],
            to=zones[1],
            path=tuple(ids),
            remedy=f"Take one of its legs away ({', '.join(ids)}), and let the firewall carry what it needs.",
            replay=f"{_identity_command(ids, machine)}  # from {zones[0]}, then from {zones[1]}: the same comes back",
            evidence="; ".join(_explained(link) for link in machine.links),
        )


def port_forwards(site: Site, knowledge: Knowledge, policy: Policy, inventory: Inventory) -> Iterator[FindingRow]:
    """Ports that lead through the fence to a host of another zone, as the same identity on both sides shows."""
    for each in inventory.forwards:
        (from_, _, at), (to, _, address) = each.at.partition("/"), each.to.partition("/")
        transport: Transport = "udp" if each.port.startswith("udp") else "tcp"
        port, behind = int(each.port.partition("/")[2]), int(each.to_port.partition("/")[2])
        laptop = inventory.evidence.views[from_].address if from_ in inventory.evidence.views else at
        if policy.allows(from_, laptop, address, transport, behind):
            continue
        name = policy.critical_name(address)
        what = f"{name}, {address}" if name else address
        yield finding(
            "segmentation-gap",
            _forward_severity(site, from_, to, bool(name)),
            f"{from_} → {to}: {each.port} of {at} leads to {each.to_port} of {what}",
            names=(from_, to, at, each.port, address, each.to_port),
            aspect="port-forward",
            knowledge=knowledge,
            host=each.to,
            from_=from_,
            to=to,
            transport=transport,
            port=behind,
            path=(f"{from_} → {each.at} {each.port} → {each.to} {each.to_port} (observed)",),
            remedy=f"Take the port forward {at} {each.port} → {address} {each.to_port} away, or restrict it to those "
            f"who need it and add {from_} → {address} {each.to_port} to `allow` with its reason.",
            replay=f"{_shown_by(each, at, port)}; {_shown_by(each, address, behind)}  # the first from {from_}, the "
            f"second from {to}: the same comes back",
            evidence=f"the same {' and '.join(each.shared)} on {each.at} {each.port} and {each.to} {each.to_port}; "
            f"{each.why}",
        )


def _forward_severity(site: Site, from_: str, to: str, critical: bool) -> Severity:
    outside = _trust(site, from_) in ("untrusted", "user", "device")
    if critical and outside:
        return "critical"
    return "high" if critical or _trust(site, to) in ("critical", "management") else "medium"


def _shown_by(found: Forward, address: str, port: int) -> str:
    if any("SSH" in each for each in found.shared):
        return f"ssh-keyscan -T 5 -p {port} {address}"
    end = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    return f"timeout 5 openssl s_client -connect {end} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint"


def _explained(link: Link) -> str:
    return f"the same {' and '.join(link.shared)} on {link.left}, {link.right} ({link.confidence} confidence)"


def _identity_command(ids: Sequence[str], machine: Machine) -> str:
    """Each leg's certificate, by its fingerprint. From a leg's own zone that leg answers, the other may not."""
    kinds = {kind for link in machine.links for kind in link.kinds}
    port = next((key[2] for key, talk in machine.services.items() if talk and talk.tls), None)
    addresses = [each.split("/", 1)[1] for each in ids]
    if "tls.cert" not in kinds or port is None:
        if "ssh.hostkey" in kinds:
            return f"ssh-keyscan -T 5 {' '.join(addresses)}"
        if "mac" in kinds:
            return f"for end in {' '.join(addresses)}; do arping -c 1 $end; done"
        return f"nmap -Pn -p 445,3389 --script smb2-security-mode,rdp-ntlm-info {' '.join(addresses)}"
    ends = " ".join(f"{f'[{each}]' if ':' in each else each}:{port}" for each in addresses)
    show = "timeout 5 openssl s_client -connect $end </dev/null | openssl x509 -noout -fingerprint"
    return f"for end in {ends}; do echo $end; {show}; done 2>/dev/null"


def _trust(site: Site, zone: str) -> str:
    found = site.zone(zone)
    return found.trust if found else ""
