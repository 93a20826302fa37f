"""Rules and zones added to the text of a site file; all else stays as it stands: comments, order, blanks."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import yaml

from scanner.errors import BadInput
from scanner.importers.document import read_document
from scanner.model.site import Rule, Site, Zone


def rules_text(key: str, rules: Sequence[Rule | Zone]) -> str:
    """A block of YAML: the key, and a line a rule."""
    return "".join([f"{key}:\n", *(f"  {_line(each)}\n" for each in rules)])


def with_rules(text: str, key: str, rules: Sequence[Rule], name: str) -> str:
    """The site file's text with more rules under a key. BadInput where they cannot be put there safely."""
    if not rules:
        return text
    before = read_document(text, Site, name)
    added = _inserted(text, key, rules, name)
    wanted = [*(each.rule for each in before.written(key)), *rules]
    try:
        after = read_document(added, Site, name)
        same = [each.rule for each in after.written(key)] == wanted and _rest(after, key) == _rest(before, key)
    except BadInput:
        same = False
    if not same:
        raise _by_hand(name, key, "its layout is unusual")
    return added


def zones_text(zones: Sequence[Zone]) -> str:
    """A block of YAML: `zones`, and a line a zone."""
    return "".join(["zones:\n", *(f"  {_line(each)}\n" for each in zones)])


def with_zones(text: str, zones: Sequence[Zone], name: str) -> str:
    """The site file's text with more zones. BadInput where they cannot be put there safely, or contradict it."""
    before = read_document(text, Site, name)
    added = _inserted(text, "zones", zones, name)
    after = read_document(added, Site, name)
    wanted = (*before.zones, *zones)
    if after.zones != wanted or msgspec.structs.replace(after, zones=before.zones) != before:
        raise _by_hand(name, "zones", "its layout is unusual")
    return added


def _inserted(text: str, key: str, rules: Sequence[Rule | Zone], name: str) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise _by_hand(name, key, "the whole file is in braces")
    value = next((value for at, value in root.value if at.value == key), None)
    lines = text.splitlines(keepends=True)
    if value is None:
        if any(line.rstrip() in ("...", "---") for line in lines[1:]):
            raise _by_hand(name, key, "the file ends in the middle")
        block = rules_text(key, rules).replace("\n", end)
        return f"{text}{'' if text.endswith(end) else end}{end}{block}"
    if not isinstance(value, yaml.SequenceNode) or value.flow_style or not value.value:
        raise _by_hand(name, key, f"line {value.start_mark.line + 1} has it in brackets")
    first = lines[value.value[0].start_mark.line]
    indent = first[: len(first) - len(first.lstrip())]
    last = last_line(value.value[-1])
    if last >= len(lines):
        raise _by_hand(name, key, "its layout is unusual")
    if not lines[last].endswith("\n"):
        lines[last] += end
    lines[last + 1 : last + 1] = [f"{indent}{_line(each)}{end}" for each in rules]
    return "".join(lines)


def last_line(node: yaml.Node) -> int:
    """The line on which a value ends; of a block, that of its last entry: comments after it belong to nobody."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(node, yaml.MappingNode) else last
    return int(node.end_mark.line)


def _line(rule: Rule | Zone) -> str:
    found = msgspec.to_builtins(rule)
    text = yaml.safe_dump(found, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
    return f"- {text.strip()}"


def _rest(site: Site, key: str) -> Site:
    return msgspec.structs.replace(site, **{key: ()})


def _by_hand(name: str, key: str, why: str) -> BadInput:
    return BadInput(f"{name}: {key}: it cannot be added to without risk, {why}; paste them by hand (no --write)")
