"""What a product is called where people read of it: `Apache HTTP Server`, where a CPE says `apache:http_server`."""

from __future__ import annotations

from functools import cache
from importlib import resources

from scanner.model.product import Product


@cache
def _names() -> dict[tuple[str, str], str]:
    from defusedxml.ElementTree import fromstring

    root = fromstring(resources.files(__package__).joinpath("names.xml").read_bytes(), forbid_dtd=True)
    return {(each.attrib["vendor"], each.attrib["product"]): each.text or "" for each in root.iter("name")}


def trade_name(product: Product) -> str:
    """The name of a product; its word in a CPE where no better one is known: `web thing` of `web_thing`."""
    return _names().get((product.vendor, product.name)) or product.name.replace("_", " ")
