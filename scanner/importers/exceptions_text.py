"""An exception added to the text of `exceptions.yaml`, put in an older one's place, or taken out; all else stays."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import yaml

from scanner.errors import BadInput
from scanner.importers.document import read_document
from scanner.importers.site_text import last_line
from scanner.model.accepted import Exception_, Exceptions
from scanner.model.text import visible


def read_exceptions(text: str, name: str) -> Exceptions:
    """None where the file holds nothing but comments."""
    if all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines()):
        return ()
    return read_document(text, Exceptions, name)


def with_exception(text: str, added: Exception_, name: str) -> str:
    """`with_exceptions` of one."""
    return with_exceptions(text, (added,), name)


def with_exceptions(text: str, added: Sequence[Exception_], name: str) -> str:
    """The text with `added`: instead of what accepted the very same until now, else at the end. BadInput where the
    text cannot be changed safely."""
    before = read_exceptions(text, name)
    end = "\r\n" if "\r\n" in text else "\n"
    new = {(each.finding, each.match): each for each in added}
    places = [index for index, each in enumerate(before) if (each.finding, each.match) in new]
    replaced = set(places)
    kept = [each for index, each in enumerate(before) if index not in replaced]
    changed = _without(text, places, name) if before else text
    # An empty list in brackets, or in no brackets at all, holds nothing that would be lost.
    changed += "" if not changed or changed.endswith("\n") else end
    lines = [_line(each) for each in new.values()]
    changed += "".join(line + end for line in lines)
    try:
        same = list(read_exceptions(changed, name)) == [*kept, *new.values()]
    except BadInput:
        same = False
    if not same:
        more = f" (and {len(lines) - 1:,} like it)" if len(lines) > 1 else ""
        raise BadInput(
            f"{name}: its layout is unusual, so nothing is added to it; add this line by hand{more}: {lines[0]}"
        )
    return changed


def without_exception(text: str, about: str, name: str) -> str:
    """The text without what accepts exactly `about` (`Exception_.about`). BadInput where nothing does, or where the
    text cannot be changed safely."""
    before = read_exceptions(text, name)
    places = [index for index, each in enumerate(before) if each.about == about]
    if not places:
        raise BadInput(f"{name}: holds no exception about {visible(about)}; it may have been taken out already")
    changed = _without(text, places, name)
    kept = [each for index, each in enumerate(before) if index not in places]
    try:
        same = list(read_exceptions(changed, name)) == kept
    except BadInput:
        same = False
    if not same:
        raise BadInput(f"{name}: its layout is unusual, so nothing is taken out of it; remove the entry by hand")
    return changed


def _without(text: str, places: list[int], name: str) -> str:
    """The text without these entries."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.SequenceNode) or root.flow_style:
        raise BadInput(f"{name}: the whole file is in brackets; write an entry a line, each after a dash")
    lines = text.splitlines(keepends=True)
    for index in sorted(places, reverse=True):
        first = root.value[index].start_mark.line
        last = last_line(root.value[index])
        del lines[first : last + 1]
    return "".join(lines)


def _line(added: Exception_) -> str:
    found = msgspec.to_builtins(added, builtin_types=(type(added.until),))
    text = yaml.safe_dump(found, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
    return f"- {text.strip()}"
