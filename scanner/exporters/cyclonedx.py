"""Software and its known flaws as a CycloneDX 1.6 bill of materials with VEX, for Dependency-Track and its like.

A host is a device, the products seen on it are components inside. A vulnerability is a CVE that a running version
lacks the fix of, with everything that it affects; what is accepted says by whom. Only judged versions name a CVE: that
none is named proves nothing, which `verdict` of a component tells apart.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import msgspec

from scanner.exporters import Exporter
from scanner.exporters.patch_words import rows_by_finding
from scanner.model.base import SEVERITIES
from scanner.model.report import HostRow, PatchRow, Report
from scanner.model.text import visible

_OURS = uuid.UUID("6d0a8e1c-5a0e-5f0c-9a57-0f3f1c3b8a11")
"""What our serial numbers are derived in."""


def render(report: Report) -> bytes:
    """UTF-8. The serial number is made of the report's digests, so that the same report is the same document."""
    seed = "/".join((report.client, report.site, report.generated, *map(str, msgspec.structs.astuple(report.digests))))
    value: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_OURS, visible(seed, 8192))}",
        "version": 1,
        "metadata": {
            "timestamp": f"{visible(report.generated)}T00:00:00Z",
            "tools": {"components": [{"type": "application", "name": "fencewalk"}]},
            "component": {
                "type": "platform",
                "bom-ref": "site",
                "name": visible(f"{report.client}, {report.site}"),
            },
            **({"properties": [_property("what-if", each) for each in report.what_if]} if report.what_if else {}),
        },
        "components": [_host(host, rows) for host, rows in _hosts(report)],
        "vulnerabilities": list(_vulnerabilities(report)),
    }
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def _hosts(report: Report) -> Iterator[tuple[HostRow, list[PatchRow]]]:
    rows: dict[str, list[PatchRow]] = {}
    for row in report.patches:
        rows.setdefault(row.host, []).append(row)
    for host in report.hosts:
        yield host, rows.get(host.id, [])


def _host(host: HostRow, rows: list[PatchRow]) -> dict[str, Any]:
    name = host.names[0] if host.names else host.addresses[0] if host.addresses else host.id
    properties = [_property("zone", host.zone), *(_property("address", each) for each in host.addresses)]
    properties += [_property(key, value) for key, value in (("os", host.os), ("critical", host.critical)) if value]
    found: dict[str, Any] = {
        "type": "device",
        "bom-ref": _host_ref(host.id),
        "name": visible(name),
        "properties": properties,
    }
    cpes: dict[tuple[str, int | None], str] = {
        (each.product, each.port): each.cpe for each in host.services if each.product and each.cpe
    }
    # One row a product, version and port; the same product on several ports is the same component once.
    inside = {_ref(row): _component(row, cpes.get((row.product, row.port))) for row in rows}
    if inside:
        found["components"] = list(inside.values())
    return found


def _component(row: PatchRow, cpe: str | None) -> dict[str, Any]:
    properties = [_property("verdict", row.verdict), _property("reason", row.reason)]
    facts = (("required", row.required), ("end-of-support", row.eol), ("fact", row.source), ("evidence", row.evidence))
    found: dict[str, Any] = {
        "type": "application",
        "bom-ref": _ref(row),
        "name": visible(row.title or row.product),
        "properties": properties + [_property(key, value) for key, value in facts if value],
    }
    if row.version:
        found["version"] = visible(row.version, 1024)
    if cpe and cpe.startswith("cpe:2.3:"):
        found["cpe"] = visible(cpe)
    return found


def _vulnerabilities(report: Report) -> Iterator[dict[str, Any]]:
    rows: dict[str, dict[str, PatchRow]] = {}
    for row in report.patches:
        for cve in row.cves:
            rows.setdefault(cve, {}).setdefault(_ref(row), row)
    accepted = _accepted(report)
    for cve, found in sorted(rows.items()):
        every = list(found.values())
        worst = max((each.severity or "info" for each in every), key=SEVERITIES.index)
        one: dict[str, Any] = {
            "id": visible(cve),
            "source": {"name": "NVD", "url": f"https://nvd.nist.gov/vuln/detail/{visible(cve)}"},
            "ratings": [{"severity": worst, "method": "other"}],
            "affects": [_affected(ref, row) for ref, row in found.items()],
            "analysis": _analysis(every, [accepted.get(_ref(each), "") for each in every]),
        }
        if any(cve in each.kev for each in every):
            one["properties"] = [_property("known-exploited", "yes")]
        required = dict.fromkeys(filter(None, (each.required for each in every)))
        if required:
            one["recommendation"] = visible(f"Update to {' or '.join(required)}, or to later ones.")
        yield one


def _affected(ref: str, row: PatchRow) -> dict[str, Any]:
    found: dict[str, Any] = {"ref": ref}
    if row.version:
        found["versions"] = [{"version": visible(row.version, 1024), "status": "affected"}]
    return found


def _analysis(rows: list[PatchRow], accepted: list[str]) -> dict[str, Any]:
    """The fix is missing; whether the flaw can be used there nobody tried, and the state says no more than that."""
    zones = sorted({zone for row in rows for zone in row.exposed_to})
    detail = "The running version lacks the fix; whether the flaw can be exploited there was not tried."
    if zones:
        detail += f" The service is reached from {', '.join(zones)}."
    found: dict[str, Any] = {"state": "in_triage", "detail": visible(detail)}
    if all(accepted):
        found |= {"response": ["will_not_fix"], "detail": visible(f"{detail} {'; '.join(dict.fromkeys(accepted))}.")}
    else:
        found["response"] = ["update"]
    return found


def _accepted(report: Report) -> dict[str, str]:
    """Of components whose findings are accepted, by whom and until when."""
    found = {}
    versions = rows_by_finding(report)
    for finding in report.findings:
        row, exception = versions.get(finding.id), finding.exception
        if row is not None and exception is not None and not exception.expired:
            found[_ref(row)] = f"Accepted by {exception.owner} until {exception.until}: {exception.reason}"
    return found


def _host_ref(id_: str) -> str:
    return visible(f"host:{id_}")


def _ref(row: PatchRow) -> str:
    return visible(f"software:{row.host}:{row.product}:{row.version or ''}")


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": f"fencewalk:{name}", "value": visible(value)}


EXPORTER = Exporter(title="Software and its flaws (CycloneDX with VEX)", suffix=".cdx.json", render=render)
"""CycloneDX 1.6, ECMA-424."""
