"""What an inventory says runs on a machine: its items as products that can be judged."""

from __future__ import annotations

import datetime
from typing import Literal

import msgspec

from scanner.model.observation import Item
from scanner.model.product import Product


class InstalledProduct(msgspec.Struct, frozen=True, gc=False):
    """A product that an inventory names, of which a baseline or an advisory speaks.

    `product` is as a banner's would be: `version` upstream's, `revision` the package's without its epoch, `distro` who
    built it. `item` is what the inventory wrote, the epoch included.
    """

    product: Product
    item: Item
    taken: datetime.date
    where: str
    """The inventory: `servers.csv (RMM export)`."""
    packages: tuple[str, ...] = ()
    """What the distribution's advisories may call it, the likeliest first: its source package, its own name. Empty
    unless it is the distribution's own package."""
    seen_by: Literal["inventory"] = "inventory"

    @property
    def evidence(self) -> str:
        return f"inventory {self.where} of {self.taken}: {self.item.name} {self.item.version}".rstrip()
