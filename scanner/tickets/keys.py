"""Keys and passwords of ticket systems: from the environment, or from the system's keyring. Nowhere else, ever."""

from __future__ import annotations

import os

from scanner.errors import BadInput

SERVICE = "fencewalk"
_LONGEST = 2048


def variable(name: str) -> str:
    """The environment's name of a secret: FENCEWALK_ALERTOPS_KEY of `alertops-key`."""
    return f"FENCEWALK_{name.upper().replace('-', '_')}"


def secret(name: str) -> str:
    """A secret that has to be there; BadInput says where it may be put, and never what stands there."""
    found = optional_secret(name)
    if not found:
        raise BadInput(
            f"no {name} is known: set {variable(name)} in the environment, or keep it in the system's keyring with "
            f"`keyring set {SERVICE} {name}` (needs `pip install 'fencewalk[tickets]'`)"
        )
    return found


def optional_secret(name: str) -> str:
    """The same; empty where there is none."""
    found = os.environ.get(variable(name)) or _kept(name)
    if len(found) > _LONGEST or not (found.isascii() and found.isprintable()) or found != found.strip():
        raise BadInput(f"{variable(name)}: holds a blank, a line break or another character that no key has")
    return found


def _kept(name: str) -> str:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return ""
    try:
        return keyring.get_password(SERVICE, name) or ""
    except keyring.errors.KeyringError:
        return ""  # locked, or there is none: as good as not kept
