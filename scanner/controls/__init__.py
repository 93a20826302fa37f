"""Which requirements of which framework a finding bears on, as data: one framework a YAML file.

The identifiers are the frameworks' own, the titles are our words. A finding that maps to a control shows a failing of
it; nothing here says that a control without findings is met.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from scanner.importers.document import read_document
from scanner.model.attested import Answer
from scanner.model.base import Frozen, Text
from scanner.model.baseline import DeadlinePolicy, Requirement

_DEADLINES = "deadlines.yaml"


class Framework(Frozen, frozen=True):
    """One framework in one version."""

    framework: Text
    version: Text
    url: Text
    titles: dict[str, Text]
    """Identifier -> what it asks for, in our own words."""
    findings: dict[str, tuple[str, ...]]
    """Finding kind, or kind and aspect (`exposure:cleartext`) -> identifiers. An aspect stands instead of its kind."""
    attested: dict[Answer, tuple[str, ...]] = {}
    """What no network can show -> identifiers."""
    hints: tuple[str, ...] = ()
    """Identifiers that a finding speaks against, and that nothing seen speaks for: the clocks of hosts whose logs do
    arrive may still disagree."""

    def __post_init__(self) -> None:
        for key, mapped in (("findings", self.findings), ("attested", self.attested), ("", {"hints": self.hints})):
            for kind, identifiers in mapped.items():
                for each in identifiers:
                    if each not in self.titles:
                        raise ValueError(f"{f'$.{key}'.rstrip('.')}.{kind}: {each!r} has no title")

    @property
    def name(self) -> str:
        """`PCI DSS 4.0.1`."""
        return f"{self.framework} {self.version}"


@cache
def frameworks() -> tuple[Framework, ...]:
    """Every framework, by the name of its file."""
    found = sorted(
        (each for each in files(__name__).iterdir() if each.name.endswith(".yaml") and each.name != _DEADLINES),
        key=lambda each: each.name,
    )
    return tuple(read_document(each.read_text("utf-8"), Framework, each.name) for each in found)


class Deadlines(Frozen, frozen=True):
    """`deadlines.yaml`: who wants fixes to be in by when."""

    deadlines: tuple[DeadlinePolicy, ...]


@cache
def deadlines() -> tuple[DeadlinePolicy, ...]:
    """Every policy of deadlines that a site may name."""
    text = (files(__name__) / _DEADLINES).read_text("utf-8")
    return read_document(text, Deadlines, _DEADLINES).deadlines


def bundled() -> dict[str, dict[str, tuple[str, ...]]]:
    """Finding kind (or `kind:aspect`) -> framework and version -> identifiers."""
    mapped: dict[str, dict[str, tuple[str, ...]]] = {}
    for framework in frameworks():
        for kind, identifiers in framework.findings.items():
            mapped.setdefault(kind, {})[framework.name] = identifiers
    return mapped


@cache
def requirements() -> tuple[Requirement, ...]:
    """Every requirement of every framework, as the files have them."""
    return tuple(
        Requirement(
            framework=each.framework,
            version=each.version,
            id=identifier,
            title=words,
            url=each.url,
            kinds=tuple(kind for kind, identifiers in each.findings.items() if identifier in identifiers),
            answers=tuple(answer for answer, identifiers in each.attested.items() if identifier in identifiers),
            hint=identifier in each.hints,
        )
        for each in frameworks()
        for identifier, words in each.titles.items()
    )


def title(framework: str, identifier: str) -> str | None:
    """What a control asks for, in our own words; `framework` with its version."""
    return next((each.titles.get(identifier) for each in frameworks() if each.name == framework), None)
