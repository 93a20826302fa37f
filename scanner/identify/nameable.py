"""The names of products that our fingerprints can give."""

from __future__ import annotations

from functools import cache
from importlib import resources

_FIELD = ".product"


@cache
def product_names() -> frozenset[str]:
    """Every name that a fingerprint of ours says outright, as baselines go by it."""
    from defusedxml.ElementTree import fromstring

    folder = resources.files(__package__) / "fingerprints"
    files = (each.read_bytes() for each in folder.iterdir() if each.name.endswith(".xml"))
    roots = (fromstring(each, forbid_dtd=True) for each in files)
    params = (param.attrib for root in roots for param in root.iter("param"))
    return frozenset(each["value"] for each in params if each["name"].endswith(_FIELD) and each.get("value"))
