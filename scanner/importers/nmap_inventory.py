"""Nmap's XML as an inventory of what version detection named: products, and never what a fence lets through.

The file does not say from which zone Nmap asked, so that nothing of it is a flow. It is Nmap's word on a banner, not on
what is installed: it is added to what a scan of ours saw, and never overrules it.
"""

from __future__ import annotations

import datetime

from scanner.importers.inventory import MOST_ROWS, Bads, Format, Hints, Inventories, Listed
from scanner.importers.inventory_text import host_name, merged, nothing
from scanner.importers.nmap_run import NmapHost, read_nmap_xml
from scanner.model.addresses import ports_of
from scanner.model.observation import Shown

_MOST_SHOWN = 4096
"""Services of one host."""


def _recognises(head: bytes) -> bool:
    return b"<nmaprun" in head[:4096] or b"<!DOCTYPE nmaprun" in head[:4096]


def _read(raw: bytes, name: str, hints: Hints) -> Inventories:
    run = read_nmap_xml(raw, name)
    bads = Bads()
    machines = [machine for each in run.hosts[:MOST_ROWS] if (machine := _machine(each, run.started, bads)).shown]
    if not machines:
        raise nothing(name, "a list of services; `nmap -sV -oX FILE` names their products", bads)
    return Inventories(tuple(machines), bads, not run.complete)


def _machine(host: NmapHost, started: float | None, bads: Bads) -> Listed:
    machine = Listed(addresses=[host.address], macs=[host.mac] if host.mac else [])
    merged(machine.names, list(filter(None, map(host_name, host.names))))
    if started is not None and 0 <= started < 4_102_444_800:
        machine.taken = datetime.datetime.fromtimestamp(started, datetime.UTC).date()
    for row in host.ports:
        service = row.service
        if row.state != "open" or service is None or not service.probed or not service.product:
            continue
        for port in ports_of(row.ports):
            if len(machine.shown) < _MOST_SHOWN:
                machine.shown.append(Shown(row.transport, port, service.raw))
            else:
                bads.add(0, f"more than {_MOST_SHOWN:,} services of one host")
    return machine


INVENTORY = Format(title="services, Nmap's XML", recognises=_recognises, read=_read)
