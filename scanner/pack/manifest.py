"""What is in a pack, byte for byte: digests of each file and of its blocks, signed with Ed25519.

Blocks are small, so that a check can say which byte was changed, and not only in which file.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Annotated, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scanner.pack.archive import MOST_FILES, plain_name

T = TypeVar("T")
BLOCK = 1024
"""Bytes of a block."""
MANIFEST, SIGNATURE = "MANIFEST.json", "SIGNATURE.json"
_SCHEMA = 1
_PURPOSE = b"fencewalk evidence pack 1\0"
"""What a signature is for: it holds for nothing else."""


class Digest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file."""

    size: Annotated[int, msgspec.Meta(ge=0)]
    sha256: str
    blocks: tuple[str, ...]
    """SHA-256 of each `BLOCK` bytes."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`MANIFEST.json`."""

    schema: int
    client: str
    site: str
    generated: str
    files: dict[str, Digest]


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`SIGNATURE.json`. The signature is over the purpose and the manifest's digest."""

    algorithm: str
    public_key: str
    """32 bytes, base64."""
    fingerprint: str
    """SHA-256 of the key: what both sides compare by another way, once."""
    manifest: Digest
    signature: str


def digest(data: bytes | memoryview) -> Digest:
    blocks = (data[first : first + BLOCK] for first in range(0, len(data), BLOCK))
    return Digest(
        len(data), hashlib.sha256(data).hexdigest(), tuple(hashlib.sha256(each).hexdigest() for each in blocks)
    )


def manifest_of(client: str, site: str, generated: str, files: Mapping[str, bytes]) -> Manifest:
    return Manifest(_SCHEMA, client, site, generated, {name: digest(files[name]) for name in sorted(files)})


def written(value: Manifest | Signature) -> bytes:
    """The one way in which it is written: any other bytes were changed by somebody."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def manifest_in(data: bytes | memoryview) -> Manifest | None:
    """None where it is no manifest, or not as one is written."""
    found = _decoded(data, Manifest)
    if found is None or found.schema != _SCHEMA or written(found) != data or len(found.files) > MOST_FILES:
        return None
    return found if all(map(plain_name, found.files)) and not found.files.keys() & {MANIFEST, SIGNATURE} else None


def signature_in(data: bytes | memoryview) -> Signature | None:
    """The signature, whether it holds or not; None where there is none."""
    return _decoded(data, Signature)


def _decoded(data: bytes | memoryview, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def signed(manifest: bytes, key: Ed25519PrivateKey) -> Signature:
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    found = digest(manifest)
    made = key.sign(_signed_bytes(found))
    return Signature("Ed25519", _text(public), fingerprint(public), found, _text(made))


def holds(signature: Signature) -> bool:
    """Whether the key that it names made it, for the manifest that it names."""
    try:
        public = base64.b64decode(signature.public_key, validate=True)
        if signature.algorithm != "Ed25519" or fingerprint(public) != signature.fingerprint:
            return False
        made = base64.b64decode(signature.signature, validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(made, _signed_bytes(signature.manifest))
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public: bytes) -> str:
    """In groups of four, to be read out."""
    text = hashlib.sha256(public).hexdigest()[:32]
    return "-".join(text[first : first + 4] for first in range(0, len(text), 4))


def flipped(data: bytes | memoryview, wanted: Digest, closely: bool = True) -> str:
    """Where a file first differs from what was signed, in a few words; empty if it does not. `closely`: to the byte,
    which takes a while of each file."""
    if len(data) == wanted.size and hashlib.sha256(data).hexdigest() == wanted.sha256:
        return ""
    for number, block in enumerate(wanted.blocks):
        first = number * BLOCK
        part = data[first : min(first + BLOCK, wanted.size)]
        if hashlib.sha256(part).hexdigest() != block:
            if len(part) < min(BLOCK, wanted.size - first):
                return f"ends at byte {len(data):,} of {wanted.size:,}"
            at = _single(bytes(part), block) if closely else None
            if at is not None:
                return f"byte {first + at[0]:,} was changed: it is 0x{part[at[0]]:02x} and was 0x{at[1]:02x}"
            return f"the first change is in bytes {first:,} to {first + len(part) - 1:,}"
    if len(data) > wanted.size:
        return f"byte {wanted.size:,} is the first of {len(data) - wanted.size:,} that do not belong to it"
    return "was changed"


def _single(part: bytes, block: str) -> tuple[int, int] | None:
    """The one byte that makes the block what it was, and what it was; None where more than one was changed."""
    before = hashlib.sha256()
    for at in range(len(part)):
        rest = part[at + 1 :]
        for value in range(256):
            if value != part[at]:
                tried = before.copy()
                tried.update(bytes((value,)) + rest)
                if tried.hexdigest() == block:
                    return at, value
        before.update(part[at : at + 1])
    return None


def _signed_bytes(manifest: Digest) -> bytes:
    return _PURPOSE + msgspec.json.encode(manifest)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
