"""JSON of a feed to a type that names what is used of it. A publisher may add keys; one that is missing is said."""

from __future__ import annotations

import datetime
from typing import TypeVar

import msgspec

from scanner.errors import BadInput

T = TypeVar("T")


class Loose(msgspec.Struct, frozen=True, gc=False):
    """Base of what others write: keys that we do not know are nothing to us."""


def decoded(data: bytes, kind: type[T], name: str) -> T:
    """BadInput says what is wrong, and where in the file."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise BadInput(f"{name}: not what this feed's file looks like: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{name}: not JSON: {error}; fetch it again") from None
    except RecursionError:
        raise BadInput(f"{name}: nested too deeply to be a feed's file") from None


def looks_like(data: bytes, kind: type[T]) -> T | None:
    """`data` as a `kind`; None where it is something else."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def day(text: str | None) -> datetime.date | None:
    """The day of `2026-08-22` or of a moment that begins with it; None for anything else."""
    try:
        return datetime.date.fromisoformat((text or "")[:10])
    except ValueError:
        return None


def known_day(text: str | None, name: str, what: str) -> datetime.date:
    """BadInput where there is none."""
    found = day(text)
    if found is None:
        raise BadInput(f"{name}: {what}: {text!r} is no day (such as 2026-08-22)")
    return found


def newest(days: set[datetime.date], today: datetime.date) -> datetime.date | None:
    """The last day that has come: release plans name days ahead."""
    return max((each for each in days if each <= today), default=None)
