"""YAML text to a value of ours. Every mistake in it is one sentence with the file, the line and the key."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
import yaml

from scanner.errors import BadInput

T = TypeVar("T")

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LIMIT = 8 * 1024 * 1024
_HARMLESS = 2_000
_DEEPEST = 100


def read_document(text: str, kind: type[T], name: str) -> T:
    """`text` as a `kind`; `name` is the file's, for the message. BadInput says file, line, key and what is wrong."""
    if len(text) > _LIMIT:
        raise BadInput(f"{name}: larger than {_LIMIT >> 20} MiB; this is no file of ours")
    root: yaml.Node | None = None
    try:
        if _too_deep(text):
            raise RecursionError
        root = yaml.compose(text, Loader=_Loader)
        if root is None:
            raise BadInput(f"{name}: the file is empty; `fencewalk schema` prints what it may hold")
        _refuse_aliases_and_duplicates(root, name)
        loader = _Loader("")
        try:
            value = loader.construct_document(root)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        from scanner.importers import mistakes  # costs time that a good file need not spend

        line, what = mistakes.syntax(error, text)
        raise BadInput(f"{name}:{line}: {what}" if line else f"{name}: {what}") from None
    except ValueError as error:
        if root is None:
            raise BadInput(f"{name}: not YAML: {error}") from None
        line, what = _unreadable(root, error)
        raise BadInput(f"{name}:{line}: {what}") from None
    except RecursionError:
        raise BadInput(f"{name}: nested too deeply to be a file of ours") from None
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        from scanner.importers import mistakes

        path, what = mistakes.sentence(str(error), root, kind)
        shown = path.removeprefix("$").removeprefix(".")
        raise BadInput(f"{name}:{mistakes.line(root, path)}: {f'{shown}: ' if shown else ''}{what}") from None


def _too_deep(text: str) -> bool:
    """Whether it is nested beyond any file of ours. The reader written in C follows it with its own stack, and takes
    the whole process along where that ends; events need none."""
    opening = text.count("[") + text.count("{")
    if opening <= _HARMLESS and max(map(len, text.splitlines()), default=0) <= _HARMLESS:
        return False  # brackets, and columns for blocks: it cannot be deeper than that, which the stack bears
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                return True
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return False


def document_text(value: object) -> str:
    """A value of ours as YAML that `read_document` reads back, keys in their order, defaults left out."""
    return str(yaml.safe_dump(msgspec.to_builtins(value), sort_keys=False, allow_unicode=True, width=120))


def _unreadable(root: yaml.Node, error: ValueError) -> tuple[int, str]:
    """The line (from 1) of the first scalar that looks like a date or a number and is none."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.MappingNode):
            waiting.extend(value for _, value in reversed(node.value))
        elif isinstance(node, yaml.SequenceNode):
            waiting.extend(reversed(node.value))
        else:
            loader = _Loader("")
            try:
                loader.construct_document(node)
            except ValueError:
                what = "no day of the calendar" if node.tag.endswith(":timestamp") else "too long for a number"
                shown = node.value if len(node.value) <= 60 else f"{node.value[:59]}…"
                return node.start_mark.line + 1, f"{shown} is {what}"
            finally:
                loader.dispose()
    return root.start_mark.line + 1, f"a value cannot be read: {error}"


def _refuse_aliases_and_duplicates(root: yaml.Node, name: str) -> None:
    """A key given twice would silently lose one of its values; an alias can blow a small file up without bound."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.ScalarNode):
            continue
        if id(node) in seen:
            raise BadInput(f"{name}:{node.start_mark.line + 1}: YAML aliases (&, *) are not used here; write it out")
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise BadInput(f"{name}:{key.start_mark.line + 1}: a key has to be plain text")
                if key.value in keys:
                    raise BadInput(f"{name}:{key.start_mark.line + 1}: {key.value}: this key is given twice")
                keys.add(key.value)
                waiting.append(value)
        elif isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)
