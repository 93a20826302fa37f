"""Finding extensions: one file in a folder, one constant in the file. No list is edited to add one."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def collect(package: ModuleType, constant: str, kind: type[T]) -> dict[str, T]:
    """Every module's `constant` in `package`, by module name, in the order of the names.

    A module without the constant is a helper and is passed over. A constant of another type than `kind` is a bug in
    that module and raises TypeError naming it.
    """
    found: dict[str, T] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        extension = getattr(module, constant, None)
        if extension is None:
            continue
        if not isinstance(extension, kind):
            raise TypeError(f"{module.__name__}.{constant} is a {type(extension).__name__}, not a {kind.__name__}")
        found[info.name] = extension
    return found
