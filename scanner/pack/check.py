"""Whether a pack is what was signed, and by whom."""

from __future__ import annotations

from pathlib import Path

import msgspec

from scanner.errors import BadInput
from scanner.model.text import plural, visible
from scanner.pack.archive import Broken, is_zip, laid_out, read, zipped
from scanner.pack.manifest import MANIFEST, SIGNATURE, Manifest, Signature, flipped, holds, written


class Checked(msgspec.Struct, frozen=True):
    """`troubles`: a sentence each, the first one first; empty: it is what was signed with the key `fingerprint`."""

    troubles: tuple[str, ...]
    fingerprint: str
    about: str


def check(path: Path, trusted: str | None = None) -> Checked:
    """`trusted`: the fingerprint that the key has to have; without it anybody's key will do, and it is for whoever
    asked to compare it."""
    if not path.exists():
        raise BadInput(f"{path}: there is no such pack; name the folder or the .zip that `fencewalk pack` wrote")
    if not is_zip(path):
        return _judged(path, read(path), trusted)
    data = path.read_bytes()
    laid = laid_out(data, (SIGNATURE, MANIFEST), _sizes)
    try:
        files = read(path)
    except Broken:
        if not laid[SIGNATURE].startswith(b"{"):
            raise
        files = laid
    found = _judged(path, files, trusted)
    if found.troubles:
        # One byte of a zip's own records, and its files are read from elsewhere: they may still be where they were put.
        by_place = found if files == laid else _judged(path, laid, trusted)
        if by_place.troubles:
            return found
        found = by_place
    manifest = msgspec.json.decode(laid[MANIFEST], type=Manifest)
    whole = zipped({name: laid[name] for name in (SIGNATURE, MANIFEST, *manifest.files)})
    if data == whole:
        return found
    return msgspec.structs.replace(found, troubles=(f"the zip around the files: {_first(data, whole)}",))


def _judged(path: Path, files: dict[str, bytes], trusted: str | None) -> Checked:
    if SIGNATURE not in files or MANIFEST not in files:
        raise BadInput(f"{path}: has no {MANIFEST} and {SIGNATURE}; name what `fencewalk pack` wrote")
    try:
        signature = msgspec.json.decode(files[SIGNATURE], type=Signature)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Checked((f"{SIGNATURE} was changed: it can no longer be read",), "", "")
    if not holds(signature):
        return Checked((f"{SIGNATURE} was changed, or made for something else: the signature does not fit",), "", "")
    key = signature.fingerprint
    troubles = []
    if written(signature) != files[SIGNATURE]:
        troubles.append(f"{SIGNATURE}: {_first(files[SIGNATURE], written(signature))}")
    if trusted is not None and _same(trusted) != _same(key):
        troubles.append(f"signed with the key {key}, and not with {visible(trusted)}")
    if where := flipped(files[MANIFEST], signature.manifest):
        # What the manifest says of the others counts for nothing then.
        return Checked((*troubles, f"{MANIFEST}: {where}"), key, "")
    manifest = msgspec.json.decode(files[MANIFEST], type=Manifest)
    for name, wanted in manifest.files.items():
        if name not in files:
            troubles.append(f"{visible(name)} is missing")
        elif where := flipped(files[name], wanted):
            troubles.append(f"{visible(name)}: {where}")
    extra = sorted(files.keys() - manifest.files.keys() - {MANIFEST, SIGNATURE})
    troubles += [f"{visible(name)} was added: nobody signed it" for name in extra]
    about = f"{manifest.client}, {manifest.site}, {manifest.generated}: {plural(len(manifest.files), 'file')}"
    return Checked(tuple(troubles), key, visible(about))


def _sizes(files: dict[str, bytes]) -> dict[str, int]:
    try:
        manifest = msgspec.json.decode(files[MANIFEST], type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}
    return {name: each.size for name, each in manifest.files.items()}


def _first(found: bytes, wanted: bytes) -> str:
    at = next((n for n, (a, b) in enumerate(zip(found, wanted, strict=False)) if a != b), min(len(found), len(wanted)))
    return f"byte {at:,} is the first that differs"


def _same(text: str) -> str:
    return text.replace("-", "").replace(":", "").strip().lower()
