"""Whether a pack is what was signed, and by whom."""

from __future__ import annotations

from pathlib import Path

import msgspec

from scanner.errors import BadInput
from scanner.model.text import plural, visible
from scanner.pack.archive import Broken, Files, laid_out, read, whole_zip, zipped
from scanner.pack.manifest import MANIFEST, SIGNATURE, flipped, holds, manifest_in, signature_in, written

_CLOSELY = 8
"""Changed files of which the byte is looked for; of further ones the block is named."""
_SHOWN = 200
"""Characters of a name that somebody else gave."""


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
    if path.is_dir():
        return _judged(path, read(path), trusted)
    # A file is a zip of ours whatever it is called: another name is no way around what is said of the zip itself.
    data = whole_zip(path)
    laid: Files = laid_out(data, (SIGNATURE, MANIFEST), _sizes)
    by_place = _judged(path, laid, trusted)
    around = _around(data, laid)
    if not by_place.troubles and not around:
        return by_place
    try:
        found = _judged(path, read(path, data), trusted)
    except Broken:
        if not bytes(laid[SIGNATURE][:1]) == b"{":
            raise
        found = by_place
    if not by_place.troubles:
        # One byte of a zip's own records, and readers find its files elsewhere: they are still where they were put.
        found = msgspec.structs.replace(by_place, troubles=(around, *found.troubles))
    elif not found.troubles:
        found = msgspec.structs.replace(
            found, troubles=(around or "the zip around the files is not as it was written",)
        )
    return found


def _around(data: bytes, laid: Files) -> str:
    """Where a zip first differs from the one that was written around these files; empty if it does not."""
    manifest = manifest_in(laid[MANIFEST])
    if manifest is None:
        return f"the zip around the files: {_first(data, zipped({SIGNATURE: b''}))}"
    whole = zipped({name: laid[name] for name in (SIGNATURE, MANIFEST, *manifest.files)})
    return "" if data == whole else f"the zip around the files: {_first(data, whole)}"


def _judged(path: Path, files: Files, trusted: str | None) -> Checked:
    if SIGNATURE not in files or MANIFEST not in files:
        raise BadInput(f"{path}: has no {MANIFEST} and {SIGNATURE}; name what `fencewalk pack` wrote")
    signature = signature_in(files[SIGNATURE])
    if signature is None:
        return Checked((f"{SIGNATURE} was changed: it can no longer be read",), "", "")
    if not holds(signature):
        return Checked((f"{SIGNATURE} was changed, or made for something else: the signature does not fit",), "", "")
    key = signature.fingerprint
    troubles = []
    if written(signature) != files[SIGNATURE]:
        troubles.append(f"{SIGNATURE}: {_first(files[SIGNATURE], written(signature))}")
    if trusted is not None and _same(trusted) != _same(key):
        troubles.append(f"signed with the key {key}, and not with {visible(trusted, _SHOWN)}")
    if where := flipped(files[MANIFEST], signature.manifest):
        # What the manifest says of the others counts for nothing then.
        return Checked((*troubles, f"{MANIFEST}: {where}"), key, "")
    manifest = manifest_in(files[MANIFEST])
    if manifest is None:
        return Checked((*troubles, f"{MANIFEST}: is signed, and no manifest as this fencewalk writes it"), key, "")
    changed = 0
    for name, wanted in manifest.files.items():
        if name not in files:
            troubles.append(f"{visible(name, _SHOWN)} is missing")
        elif where := flipped(files[name], wanted, changed < _CLOSELY):
            changed += 1
            troubles.append(f"{visible(name, _SHOWN)}: {where}")
    extra = sorted(files.keys() - manifest.files.keys() - {MANIFEST, SIGNATURE})
    troubles += [f"{visible(name, _SHOWN)} was added: nobody signed it" for name in extra]
    about = f"{manifest.client}, {manifest.site}, {manifest.generated}: {plural(len(manifest.files), 'file')}"
    return Checked(tuple(troubles), key, visible(about))


def _sizes(files: Files) -> dict[str, int]:
    manifest = manifest_in(files[MANIFEST])
    return {} if manifest is None else {name: each.size for name, each in manifest.files.items()}


def _first(found: bytes | memoryview, wanted: bytes) -> str:
    at = next((n for n, (a, b) in enumerate(zip(found, wanted, strict=False)) if a != b), min(len(found), len(wanted)))
    return f"byte {at:,} is the first that differs"


def _same(text: str) -> str:
    return text.replace("-", "").replace(":", "").strip().lower()
