"""A pack of a site: its report, what it rests on, and what its maker puts beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scanner.errors import BadInput
from scanner.files import real
from scanner.model.report import Report
from scanner.model.text import visible
from scanner.pack.archive import LARGER, MOST_BYTES, MOST_FILES
from scanner.pack.contents import contents
from scanner.pack.manifest import MANIFEST, SIGNATURE, manifest_of, signed, written
from scanner.pack.questions import Beyond

_LARGEST = 64 << 20
"""Bytes of an attachment or a site file."""
_CAPTURE = 512 << 20


def gathered(
    report: Report, site: Path, exceptions: Path, captures: Iterable[Path], known: Beyond | None = None
) -> tuple[dict[str, bytes], list[str]]:
    """All files but the manifest, and what is missing, a sentence each: an attestation's file that is not there is no
    reason to make no pack."""
    files = {"inputs/site.yaml": _bytes(site, _LARGEST)}
    lacking, left_out = [], set()
    if exceptions.exists():
        files["inputs/exceptions.yaml"] = _bytes(exceptions, _LARGEST)
    for each in report.attestations:
        if not each.attachment:
            continue
        path = site.parent / each.attachment
        inside = real(path).is_relative_to(real(site.parent))
        if not inside or not path.is_file():
            why = "is not beside the site file" if not inside else "is not there"
            lacking.append(f"{visible(each.attachment)}, attached to “{visible(each.statement)}”, {why}")
            left_out.add(each.attachment)
            continue
        files[f"attachments/{each.attachment}"] = _bytes(path, _LARGEST)
    for number, capture in enumerate(captures, 1):
        files[f"captures/{number:02}-{_plain(capture.name)}"] = _bytes(capture, _CAPTURE)
    files |= contents(report, (known or Beyond())._replace(lacking=frozenset(left_out)))
    if sum(map(len, files.values())) > MOST_BYTES or len(files) > MOST_FILES:
        raise BadInput(f"the pack would be {LARGER}; leave captures out of it, or a part of them")
    return files, lacking


def sealed(report: Report, files: Mapping[str, bytes], key: Ed25519PrivateKey) -> dict[str, bytes]:
    """The files with their manifest and its signature, in the order of the archive."""
    manifest = written(manifest_of(report.client, report.site, report.generated, files))
    return {
        SIGNATURE: written(signed(manifest, key)),
        MANIFEST: manifest,
        **{name: files[name] for name in sorted(files)},
    }


def _bytes(path: Path, most: int) -> bytes:
    if path.exists() and not path.is_file():
        raise BadInput(f"{path}: is no ordinary file; nothing else can be put into a pack")
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > most:
        raise BadInput(f"{path}: is larger than {most >> 20} MB; leave it out of the pack, or a part of it")
    return data


def _plain(name: str) -> str:
    return "".join(each if each.isascii() and (each.isalnum() or each in "._-") else "_" for each in name) or "capture"
