"""Small editions of each feed, written by hand in the shapes of their publishers."""

from __future__ import annotations

import gzip
import json
from typing import Any

from scanner.importers.archive import packed


def kev(day: str = "2026-11-20", count: int = 3, said: int | None = None) -> bytes:
    entries = [
        {"cveID": f"CVE-2026-{1000 + n}", "product": "Thing", "dateAdded": "2026-11-02", "dueDate": "2026-11-23"}
        for n in range(count)
    ]
    whole = {"catalogVersion": day, "dateReleased": f"{day}T15:00:00.0Z", "count": count if said is None else said}
    return json.dumps({**whole, "vulnerabilities": entries}).encode()


def epss(day: str = "2026-11-21", rows: str = "CVE-2026-1000,0.91234,0.99871\nCVE-1999-0001,0.0046,0.1\n") -> bytes:
    text = f"#model_version:v2025.03.14,score_date:{day}T12:00:00Z\ncve,epss,percentile\n{rows}"
    return gzip.compress(text.encode(), mtime=0)


def cycle(name: str, latest: str | None = None, eol: str | None = None, **more: Any) -> dict[str, Any]:
    release = {"name": name, "isEol": False, "eolFrom": eol, "latest": None, "custom": None}
    if latest is not None:
        release["latest"] = {"name": latest, "date": "2026-11-10", "link": None}
    return {**release, **more}


def endoflife(*products: dict[str, Any], day: str = "2026-11-20") -> bytes:
    whole = {"schema_version": "1.2.1", "generated_at": f"{day}T00:00:00+00:00", "total": len(products)}
    return json.dumps({**whole, "result": list(products)}).encode()


def product(name: str, *releases: dict[str, Any], cpe: str = "", category: str = "server-app") -> dict[str, Any]:
    identifiers = [{"type": "cpe", "id": f"cpe:2.3:a:{cpe}"}] if cpe else []
    return {
        "name": name,
        "label": name.title(),
        "category": category,
        "identifiers": identifiers,
        "releases": list(releases),
    }


def releases(**products: dict[str, str]) -> bytes:
    files = {
        f"release-data-main/releases/{name}.json": json.dumps(
            {"releases": {}, "versions": {v: {"name": v, "date": day} for v, day in versions.items()}}
        ).encode()
        for name, versions in products.items()
    }
    return packed({**files, "release-data-main/report.json": b'{"other": 1}'})


def builds(dataset: str, *rows: dict[str, Any], day: str = "2026-11-18") -> bytes:
    moment = f"{day}T06:00:00Z"
    head = {"dataset": dataset, "recordCount": len(rows), "lastModified": moment, "lastCollected": moment}
    return json.dumps({"metadata": head, "data": list(rows)}).encode()


def window(version: str, day: str, kind: str = "Standard", os: str = "server", name: str = "2022") -> dict[str, Any]:
    kb = f"KB5{version.rpartition('.')[2]}"
    return {
        "full_version": version,
        "build": version.removeprefix("10.0."),
        "os_type": os,
        "major_version": 2022,
        "windows_version": name,
        "release_date": day,
        "kb_article": kb,
        "release_type": kind,
        "is_expired": False,
        "article_url": f"https://support.microsoft.com/help/{kb[2:]}",
    }


def sql(version: str, day: str, kind: str, name: str = "SQL Server 2022") -> dict[str, Any]:
    return {
        "sql_version": name,
        "major_version": 2022,
        "build": version,
        "service_pack": None,
        "update_type": kind,
        "kb_article": "KB5000001",
        "release_date": day,
        "article_url": "https://support.microsoft.com/help/5000001",
    }


def exchange(version: str, day: str, name: str, release: str = "2019") -> dict[str, Any]:
    return {
        "product_name": name,
        "exchange_version": release,
        "build": version,
        "build_long": version,
        "release_date": day,
    }


def advisory(
    id: str, ecosystem: str, fixed: dict[str, str], cves: tuple[str, ...] = (), summary: str = "", **more: Any
) -> bytes:
    affected = [
        {
            "package": {"ecosystem": ecosystem, "name": name},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": version}]}],
        }
        for name, version in fixed.items()
    ]
    day = "2026-11-19T10:00:00Z"
    whole = {"id": id, "summary": summary, "affected": affected, "related": list(cves)}
    return json.dumps({**whole, "published": day, "modified": day, **more}).encode()


def osv(*advisories: bytes) -> bytes:
    return packed({f"{json.loads(each)['id']}.json": each for each in advisories})


def recog(count: int = 2) -> bytes:
    prints = "".join(f'<fingerprint pattern="^a{n}"><description>A</description></fingerprint>' for n in range(count))
    text = f'<?xml version="1.0"?><fingerprints matches="ssh.banner">{prints}</fingerprints>'
    return packed({"recog-main/xml/ssh_banners.xml": text.encode(), "recog-main/pom.xml": b"<project/>"})
