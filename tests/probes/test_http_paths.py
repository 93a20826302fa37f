"""The well-known paths: each can be asked, and what is cut out of its answer is what its fingerprints read."""

from __future__ import annotations

import re

from tables import for_every

from scanner.identify import database, identify
from scanner.probes.http_paths import ASKS, Ask


@for_every("ask", ASKS, ids=lambda each: each.kind)
def test_it_is_a_request_and_has_an_occasion(ask: Ask) -> None:
    assert re.fullmatch(r"/[!-~]*", ask.path)
    assert ask.seen or ask.ports
    assert not ask.headers or ask.headers.endswith("\r\n")
    assert bool(ask.body) == (ask.method == "POST")


@for_every("ask", ASKS, ids=lambda each: each.kind)
def test_the_reading_begins_where_its_fingerprints_look(ask: Ask) -> None:
    for fingerprint in database(ask.kind).fingerprints:
        for example in fingerprint.examples:
            found = ask.wanted.search(b"\n" + example.text)
            assert found, example.text
            cut = (b"\n" + example.text)[found.start() :].strip()
            assert identify(ask.kind, cut) == identify(ask.kind, example.text), example.text


def test_an_answer_is_one_product_s() -> None:
    """Where several products have one path, no example of the one is taken for the other's."""
    for ask in ASKS:
        others = [each for each in ASKS if each.path == ask.path and each.kind != ask.kind]
        for fingerprint in database(ask.kind).fingerprints:
            for example in fingerprint.examples:
                assert not any(each.wanted.search(example.text) for each in others), example.text
