"""No version that the wire does not bear out: whatever a fingerprint says, its characters came from the service."""

from __future__ import annotations

from tables import for_every

from scanner.identify import database, identify, kinds
from scanner.identify.prepare import texts


@for_every("kind", sorted(kinds()))
def test_versions_are_read_and_not_made_up(kind: str) -> None:
    examples = [example for fingerprint in database(kind).fingerprints for example in fingerprint.examples]
    assert examples
    for example in examples:
        said = "\n".join(texts(kind, example.text))
        for product in identify(kind, example.text):
            assert product.version is None or product.version in said, (product, said)
            # A distribution's revision is put together from the version and what is behind it in the banner.
            for part in (product.revision or "").rsplit("-", 1):
                assert part.rpartition(":")[2] in said, (product, said)
