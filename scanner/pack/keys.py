"""The key that packs are signed with: made at the first pack, and readable to nobody but its user."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from scanner.errors import BadInput
from scanner.feeds.cache import data_folder

_LARGEST = 16_384


def default_key() -> Path:
    return data_folder() / "keys" / "pack.pem"


def signing_key(path: Path | None) -> tuple[Ed25519PrivateKey, Path, bool]:
    """The key in `path` (PEM, PKCS #8), or the user's own. True with it: it was made just now."""
    where = path or default_key()
    if path is None and not where.exists():
        return _made(where), where, True
    try:
        if not where.is_file():
            raise BadInput(f"{where}: {'is no ordinary file' if where.exists() else 'cannot be read: there is none'}")
        with where.open("rb") as file:
            text = file.read(_LARGEST)
    except OSError as error:
        raise BadInput(f"{where}: the key cannot be read: {error.strerror}") from None
    try:
        key = load_pem_private_key(text, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadInput(f"{where}: is no key without a password (PEM); make one by leaving --key out") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(f"{where}: is no Ed25519 key; `openssl genpkey -algorithm ed25519` makes one")
    return key, where, False


def _made(where: Path) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        where.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(where, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
    except OSError as error:
        raise BadInput(f"{where}: no key can be kept there: {error.strerror}; name one with --key") from None
    return key
