"""What is wrong with a YAML file of ours, in words: what was expected there, and what stands there.

msgspec says where a value does not fit; what fits is read off the type itself, with the examples that the type gives.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

import yaml
from msgspec import inspect

_AT = re.compile(r" - at (?:`key` in )?`(\$[^`]*)`$")
_OWN = re.compile(r"\$?((?:\.[\w-]+|\[\d+\])+): ")
_PATH = re.compile(r"\$\.?|\.?([^.\[\]]+)|\[(\d+)\]")
_TABBED = re.compile(r" *\t")
_SHOWN = 60

_SYNTAX = (
    (r"cannot start any token", "text that starts with %, @ or ` has to be in quotes"),
    (r"scanning an (alias|anchor)|alphabetic or numeric|undefined alias|expected alphabetic",
     'text that starts with * or & has to be in quotes, like from: "*"'),
    (r"mapping values are not allowed",
     "either this line is indented otherwise than the ones around it, or a text that holds ': ' is not in quotes"),
    (r"could not find expected ':'", "a ':' is missing after a key, here or in the line before"),
    (r"expected ',' or '[]}]'", "a list [...] or a mapping {...} is not closed, or a comma is missing in it"),
    (r"expected (the )?node content", "a list [...] or a mapping {...} is not closed"),
    (r"unexpected ':'", "a key has no value, or a text that holds ':' is not in quotes"),
    (r"while scanning a quoted scalar|unexpected end of stream", "a quotation mark is not closed"),
    (r"expected <block end>|did not find expected key|did not find expected '-' indicator",
     "this line is indented otherwise than the ones around it, or a quoted text goes on after its closing quote"),
    (r"sequence entries are not allowed", "a list entry (-) stands on the line of its key; begin a new line"),
    (r"single document", "a second document (---) begins; a file holds one"),
    (r"constructor for the tag|tag handle|tag directive|scanning a tag", "text that starts with ! has to be in quotes"),
    (r"unknown escape character", "in \"...\" a backslash begins an escape; use '...' instead"),
)  # fmt: skip


def syntax(error: yaml.YAMLError, text: str) -> tuple[int | None, str]:
    """The line (from 1) of what is no YAML, where it is known, and what it is."""
    if isinstance(error, yaml.MarkedYAMLError):
        said = " ".join(filter(None, (error.context, error.problem)))
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        if line and any(_TABBED.match(each) for each in text.splitlines()[max(0, line - 2) : line]):
            return line, "not YAML: a line begins with a tab; indent with spaces"
        words = next((words for pattern, words in _SYNTAX if re.search(pattern, said)), said)
        return line, f"not YAML: {words}"
    if isinstance(error, yaml.reader.ReaderError):
        found = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
        line = text.count("\n", 0, found.start()) + 1 if found else None
        return line, "not YAML: a control character stands here; delete it"
    return None, f"not YAML: {' '.join(str(error).split())}"


def sentence(message: str, root: yaml.Node, kind: Any) -> tuple[str, str]:
    """Where and what: the path of the key at fault, and msgspec's `message` about it in words."""
    found = _AT.search(message)
    path = found[1] if found else "$"
    keys = "`key` in" in message
    path = _which(root, path, kind)
    if found:
        message = message[: found.start()]
    own = _OWN.match(message)  # what concerns one key of several names it, from where it stands
    if own:
        return path + own[1], message[own.end() :]
    expected, node = _type(inspect.type_info(kind), path), _node(root, path)
    if name := re.match(r"Object contains unknown field `([^`]+)`", message):
        return f"{path}.{name[1]}", _unknown(name[1], _fields(expected))
    if name := re.match(r"Object missing required field `([^`]+)`", message):
        wanted = next(each.type for each in _fields(expected) if each.encode_name == name[1])
        return path, f"the key {name[1]!r} is missing; write {name[1]}: {_example(wanted) or '...'}"
    if keys and isinstance(node, yaml.MappingNode) and isinstance(_bare(expected), inspect.DictType):
        return _name(path, node, _bare(expected))
    if keys and isinstance(node, yaml.MappingNode):
        strange = next((k for k, _ in node.value if k.tag != "tag:yaml.org,2002:str"), None)
        if strange is not None:
            return f"{path}.{strange.value}", _unknown(strange.value, _fields(expected))
    if re.match(r"Expected |Invalid ", message) and node is not None:
        return path, f"expected {_words(expected)}, found {_found(node)}{_mend(expected, node, path)}"
    return path, message[:1].lower() + message[1:]


def _which(root: yaml.Node, path: str, kind: Any) -> str:
    """A path with the name that msgspec leaves out (`[...]`): the first one whose value does not fit."""
    before, gap, after = path.partition("[...]")
    node = _node(root, before)
    if not gap or not isinstance(node, yaml.MappingNode):
        return path
    for key, _ in node.value:
        full = f"{before}.{key.value}{after}"
        found = _node(root, full)
        if found is not None and not _suits(found, _type(inspect.type_info(kind), full)):
            return full
    return path


def _suits(node: yaml.Node, found: inspect.Type) -> bool:
    """Whether a node may be a value of a type that is a list of texts or a text; True of any other type."""
    bare = _bare(found)
    if isinstance(bare, inspect.VarTupleType):
        return isinstance(node, yaml.SequenceNode) and len(node.value) >= (bare.min_length or 0)
    if isinstance(bare, inspect.StrType):
        return node.tag == "tag:yaml.org,2002:str" and re.search(bare.pattern or "", node.value) is not None
    return True


def _name(path: str, node: yaml.MappingNode, found: inspect.Type) -> tuple[str, str]:
    """The first key of a mapping from names that is no such name."""
    assert isinstance(found, inspect.DictType)
    strange = next((key for key, _ in node.value if not _suits(key, found.key_type)), node.value[0][0])
    return path, f"expected {_words(found.key_type)}, found {_found(strange)}{_mend(found.key_type, strange, path)}"


def line(root: yaml.Node, path: str) -> int:
    """The line (from 1) of the key at a msgspec path, or of the nearest one above it that exists."""
    return _walk(root, path)[1] + 1


def _node(root: yaml.Node, path: str) -> yaml.Node | None:
    node, _, whole = _walk(root, path)
    return node if whole else None


def _walk(node: yaml.Node, path: str) -> tuple[yaml.Node, int, bool]:
    at, whole = int(node.start_mark.line), True
    for name, index in _PATH.findall(path):
        if name and isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == name:
                    node, at = value, int(key.start_mark.line)
                    break
            else:
                whole = False
        elif index and isinstance(node, yaml.SequenceNode) and int(index) < len(node.value):
            node = node.value[int(index)]
            at = int(node.start_mark.line)
        elif name or index:
            whole = False
    return node, at, whole


def _type(found: inspect.Type, path: str) -> inspect.Type:
    """The type of the value at a path."""
    for name, index in _PATH.findall(path):
        found = _bare(found)
        if name and isinstance(found, inspect.StructType):
            found = next((each.type for each in found.fields if each.encode_name == name), inspect.AnyType())
        elif isinstance(found, inspect.DictType) and (name or index):
            found = found.value_type
        elif index and isinstance(found, inspect.VarTupleType | inspect.ListType | inspect.CollectionType):
            found = found.item_type
        elif index and isinstance(found, inspect.TupleType) and int(index) < len(found.item_types):
            found = found.item_types[int(index)]
    return found


def _bare(found: inspect.Type) -> inspect.Type:
    """Without annotations, and of `X | None` the X."""
    if isinstance(found, inspect.Metadata):
        return _bare(found.type)
    if isinstance(found, inspect.UnionType):
        some = [each for each in found.types if not isinstance(each, inspect.NoneType)]
        return _bare(some[0]) if len(some) == 1 else found
    return found


def _said(found: inspect.Type, key: str) -> Any:
    """An annotation of the type: its `description` or its `examples`."""
    if isinstance(found, inspect.UnionType):
        return next(filter(None, (_said(each, key) for each in found.types)), None)
    if not isinstance(found, inspect.Metadata):
        return None
    own = (found.extra_json_schema or {}).get(key)
    return own if own is not None else _said(found.type, key)


def _fields(found: inspect.Type) -> tuple[inspect.Field, ...]:
    bare = _bare(found)
    return bare.fields if isinstance(bare, inspect.StructType) else ()


def _unknown(name: str, fields: Iterable[inspect.Field]) -> str:
    known = [each.encode_name for each in fields]
    near = difflib.get_close_matches(name.lower().replace("-", "_"), known, 1)
    mend = f"did you mean {near[0]!r}?" if near else f"the keys here are {', '.join(known)}"
    return f"{_short(name)!r} is no key that is known here; {mend}"


def _words(found: inspect.Type) -> str:
    """What a value of this type looks like, to whoever writes one."""
    bare = _bare(found)
    said, example = _said(found, "description"), _example(found)
    such = f" such as {example}" if example else ""
    if said:
        return f"{said},{such}" if such else str(said)
    match bare:
        case inspect.StructType():
            return f"a mapping{such}"
        case inspect.DictType():
            return "a mapping (name: value)"
        case inspect.VarTupleType() | inspect.ListType() | inspect.CollectionType():
            return f"a list{' with at least one entry' if bare.min_length else ''}{such}"
        case inspect.StrType():
            return f"a text{such}"
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            if bare.ge is not None and bare.le is not None:
                return f"a whole number from {bare.ge} to {bare.le}{such}"
            return f"a whole number{'' if bare.ge is None else f' of at least {bare.ge}'}{such}"
        case inspect.FloatType():
            return "a number"
        case inspect.DateType():
            return "a date such as 2026-12-31"
        case inspect.LiteralType():
            return f"one of {', '.join(map(str, bare.values))}"
        case inspect.UnionType():
            return " or ".join(_words(each) for each in bare.types if not isinstance(each, inspect.NoneType))
        case _:
            return "something else"


def _example(found: inspect.Type) -> str:
    """How a value of this type is written, in one line; empty where there is no telling."""
    given = _said(found, "examples")
    if given:
        return _flow(given[0])
    bare = _bare(found)
    match bare:
        case inspect.StructType():
            shown = [each for each in bare.fields if each.required] or list(bare.fields[:2])
            return "{" + ", ".join(f"{each.encode_name}: {_example(each.type) or '...'}" for each in shown) + "}"
        case inspect.VarTupleType() | inspect.ListType() | inspect.CollectionType():
            inner = _example(bare.item_type)
            return f"[{inner}]" if inner else ""
        case inspect.DateType():
            return "2026-12-31"
        case inspect.LiteralType():
            return str(bare.values[0])
        case _:
            return ""


def _flow(value: object) -> str:
    dumped = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
    return dumped.removesuffix("\n").removesuffix("...").rstrip()


def _found(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping" if node.value else "an empty mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list" if node.value else "an empty list"
    value, tag = _short(node.value), node.tag.rpartition(":")[2]
    if tag == "null":
        return "nothing"
    if tag == "str":
        return f"the text {value!r}" if value else "an empty text"
    words = {"int": "the number", "float": "the number", "bool": "the yes-or-no value", "timestamp": "the time"}
    if tag == "timestamp" and len(value) <= len("2026-12-31"):
        return f"the date {value}"
    return f"{words.get(tag, 'the value')} {value}"


def _mend(found: inspect.Type, node: yaml.Node, path: str) -> str:
    """Where one stroke of the pen is enough, that one."""
    bare, text = _bare(found), isinstance(node, yaml.ScalarNode) and bool(node.value)
    if not text:
        return ""
    tag = node.tag.rpartition(":")[2]
    literal = isinstance(bare, inspect.LiteralType) and node.value in map(str, bare.values)
    if tag not in ("str", "null") and (literal or (isinstance(bare, inspect.StrType) and not path.endswith("]"))):
        return f'; put it in quotes: "{_short(node.value)}"'
    if tag == "str" and isinstance(bare, inspect.BoolType | inspect.IntType) and _fits(node.value, found):
        return "; write it without quotes"
    if isinstance(bare, inspect.VarTupleType | inspect.ListType) and _fits(_plain(node), bare.item_type):
        return f"; write [{_short(node.value)}]"
    return ""


def _plain(node: yaml.Node) -> object:
    return int(node.value) if node.tag.endswith(":int") and node.value.isdecimal() else node.value


def _fits(value: object, found: inspect.Type) -> bool:
    bare = _bare(found)
    if isinstance(bare, inspect.BoolType):
        return value in ("true", "false", "yes", "no", "on", "off")
    if isinstance(bare, inspect.IntType):
        low, high = bare.ge or 0, bare.le if bare.le is not None else float("inf")
        return str(value).isdecimal() and low <= int(str(value)) <= high
    return isinstance(bare, inspect.StrType) and isinstance(value, str)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
