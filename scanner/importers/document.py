"""YAML text to a value of ours. Every mistake in it is one sentence with the file, the line and the key."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
import yaml

from scanner.errors import BadInput

T = TypeVar("T")

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_AT = re.compile(r" - at `(\$[^`]*)`$")
_PATH = re.compile(r"\$\.?|\.?([^.\[\]]+)|\[(\d+)\]")
_LIMIT = 8 * 1024 * 1024


def read_document(text: str, kind: type[T], name: str) -> T:
    """`text` as a `kind`; `name` is the file's, for the message. BadInput says file, line, key and what is wrong."""
    if len(text) > _LIMIT:
        raise BadInput(f"{name}: larger than {_LIMIT >> 20} MiB; this is no file of ours")
    try:
        root = yaml.compose(text, Loader=_Loader)
        if root is None:
            raise BadInput(f"{name}: the file is empty")
        _refuse_aliases_and_duplicates(root, name)
        loader = _Loader(text)
        try:
            value = loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadInput(f"{name}:{line}: not YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise BadInput(f"{name}: not YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise BadInput(f"{name}: nested too deeply to be a file of ours") from None
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise BadInput(_sentence(str(error), root, name)) from None


def document_text(value: object) -> str:
    """A value of ours as YAML that `read_document` reads back, keys in their order, defaults left out."""
    return str(yaml.safe_dump(msgspec.to_builtins(value), sort_keys=False, allow_unicode=True, width=120))


def _sentence(message: str, root: yaml.Node, name: str) -> str:
    found = _AT.search(message)
    path = found[1] if found else "$"
    if found:
        message = message[: found.start()]
    own = re.match(r"(\$[^:\s]*): ", message)  # a relation between keys names its path itself
    if own:
        path, message = own[1], message[own.end() :]
    key = re.search(r"unknown field `([^`]+)`", message)
    if key:
        path = f"{path}.{key[1]}"
        message = f"{key[1]!r} is no key that is known here"
    shown = path.removeprefix("$").removeprefix(".") or "the file"
    return f"{name}:{_line(root, path)}: {shown}: {message[:1].lower()}{message[1:]}"


def _line(node: yaml.Node, path: str) -> int:
    """The line (from 1) of the key at a msgspec path, or of the nearest one above it that exists."""
    line = node.start_mark.line
    for name, index in _PATH.findall(path):
        if name and isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == name:
                    node, line = value, key.start_mark.line
                    break
        elif index and isinstance(node, yaml.SequenceNode) and int(index) < len(node.value):
            node = node.value[int(index)]
            line = node.start_mark.line
    return int(line) + 1


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
