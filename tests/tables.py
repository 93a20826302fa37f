"""Tables of input and truth, each gone through by one test.

What pytest does around a test costs several times what a row of such a table does. A row that fails keeps no other from
being tried, and each one that failed is named.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet

Test = Callable[..., None]
Ids = Iterable[object] | Callable[[Any], object] | None


def for_every(names: str | Sequence[str], rows: Iterable[object], *, ids: Ids = None) -> Callable[[Test], Test]:
    """As `pytest.mark.parametrize`, in one test. What it takes besides its row it takes once for all rows."""
    keys = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    table = list(_named(rows, ids, alone=len(keys) == 1))
    if not table:
        raise ValueError(f"no row of {names} to try: the test could not fail")

    def whole_of(test: Test) -> Test:
        def whole(**given: object) -> None:
            failed: list[Exception] = []
            for name, values in table:
                with _Kept(failed, name):
                    test(**dict(zip(keys, values, strict=True)), **given)
            if len(failed) == 1:
                raise failed[0]
            if failed:
                raise ExceptionGroup(f"{len(failed)} of {len(table)} rows failed", failed)

        signature = inspect.signature(test)
        others = [each for name, each in signature.parameters.items() if name not in keys]
        if len(others) + len(keys) != len(signature.parameters):
            raise ValueError(f"{test.__name__} does not take each of {names}")
        whole.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
        for said in ("__name__", "__qualname__", "__module__", "__doc__", "pytestmark"):
            if hasattr(test, said):
                setattr(whole, said, getattr(test, said))
        return whole

    return whole_of


def _named(rows: Iterable[object], ids: Ids, *, alone: bool) -> Iterator[tuple[str, tuple[object, ...]]]:
    given = None if ids is None or callable(ids) else list(ids)
    for place, row in enumerate(rows):
        values = row
        name: object = None if given is None else given[place]
        if isinstance(row, ParameterSet):
            if row.marks:
                raise ValueError(f"row {place} is marked, which only a test of its own can be")
            values, name = row.values, row.id or name
        elif alone:
            values = (row,)
        assert isinstance(values, Iterable)
        whole = tuple(values)
        if name is None:
            name = "-".join(str(ids(each)) if callable(ids) else f"{each!r:.200}" for each in whole)
        yield f"row {place}: {name}", whole


class _Kept:
    """Keeps what a row fails by, whatever it is."""

    def __init__(self, failed: list[Exception], name: str) -> None:
        self._failed, self._name = failed, name

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, trace: TracebackType | None) -> bool:
        if isinstance(error, pytest.fail.Exception):
            error = AssertionError(str(error)).with_traceback(trace)
        if not isinstance(error, Exception):
            return False
        error.add_note(self._name)
        self._failed.append(error)
        return True
