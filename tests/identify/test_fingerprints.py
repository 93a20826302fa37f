"""Our own fingerprints: each carries examples, and each example is matched by its own fingerprint first."""

from __future__ import annotations

from tables import for_every

from scanner.identify import database, identify, kinds
from scanner.identify.matcher import Database

FILES = [database(kind) for kind in sorted(kinds())]
KINDS = {
    *("ssh", "http.server", "http.powered-by", "mysql", "smtp", "ftp", "imap", "pop3"),
    *("dns.version", "snmp.sysdescr", "telnet"),
}


def test_the_agreed_kinds_are_there() -> None:
    assert kinds() >= KINDS


@for_every("found", FILES, ids=lambda each: each.name)
def test_examples(found: Database) -> None:
    for fingerprint in found.fingerprints:
        assert fingerprint.description
        assert fingerprint.examples, fingerprint.description
        for example in fingerprint.examples:
            match = found.match(example.text)
            assert match is not None, example
            assert match.description == fingerprint.description, example
            for name, value in example.fields.items():
                assert match.fields[name] == value, example


@for_every("found", FILES, ids=lambda each: each.name)
def test_every_group_is_shown_by_an_example(found: Database) -> None:
    """A version that a pattern captures and no example expects would be a claim without proof."""
    for fingerprint in found.fingerprints:
        captured = {name for group, name, _ in fingerprint.params if group}
        shown = {name for example in fingerprint.examples for name in example.fields}
        assert captured <= shown, fingerprint.description


@for_every("kind", sorted(kinds()))
def test_examples_are_identified_through_the_front_door(kind: str) -> None:
    for fingerprint in database(kind).fingerprints:
        for example in fingerprint.examples:
            products = identify(kind, example.text)
            assert products, example
            assert any(product.rule == f"{kind}.xml: {fingerprint.description}" for product in products), example
