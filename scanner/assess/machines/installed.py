"""What an inventory says runs on a machine: its items as products that can be judged."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from msgspec.structs import replace

from scanner.identify.installed import of_linux, packaged, product_of, source_of, system_of
from scanner.model.baseline import Knowledge
from scanner.model.observation import Installed, Item
from scanner.model.product import Product
from scanner.model.report import SoftwareRow
from scanner.versions import compare

_BITS = re.compile(r" ?\((?:x64|x86|64-bit|32-bit|x86_64|amd64|arm64)(?: [a-z]{2}(?:-[A-Z]{2})?)?\)")
_SUPERSEDED = {"sql_server": "mssql"}
"""Products of which Windows lists every update that was ever installed -> their scheme: the newest is what runs."""

_ENGINE = re.compile(r"SQL Server 20\d\d(?: R2)? Database Engine Services\b")
"""Listed once for each instance."""
_Judged = tuple[Product, tuple[str, ...]]


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


class Recognising:
    """Items as software and as products that can be judged. Asked about each once: machines of a site are alike."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._packages = knowledge.packages
        self._known = {each.product for each in knowledge.baselines}
        self._products: dict[Item, _Judged | None] = {}
        self._names: dict[Item, str] = {}

    def software(self, inventory: Installed, source: str) -> Iterator[SoftwareRow]:
        """Every item, the system first."""
        if inventory.os:
            yield SoftwareRow(inventory.os, inventory.os_version, source)
        for each in inventory.items:
            name = self._names.get(each)
            if name is None:
                name = self._names[each] = plain_name(each)
            yield SoftwareRow(name, each.version, source)

    def products(self, inventory: Installed, where: str, taken: datetime.date) -> list[InstalledProduct]:
        """What a baseline or an advisory speaks of."""
        found: list[InstalledProduct] = []
        system = system_of(inventory.os, inventory.os_version)
        if system is not None and system.name in self._known:
            item = Item(inventory.os, inventory.os_version)
            found.append(InstalledProduct(system, item, taken, where))
        for each in inventory.items:
            judged = self._products[each] if each in self._products else self._new(each)
            if judged is not None:
                found.append(InstalledProduct(judged[0], each, taken, where, judged[1]))
        return _running(found, _instances(inventory.items))

    def _new(self, item: Item) -> _Judged | None:
        product = product_of(item)
        packages = self._advised(item)
        if product is None and packages:
            product = packaged(item, "", item.name)
        judged = (product, packages) if product is not None and (packages or product.name in self._known) else None
        self._products[item] = judged
        return judged

    def _advised(self, item: Item) -> tuple[str, ...]:
        """The names under which the distribution's advisories know a package. Debian's name sources, Red Hat's what
        is installed."""
        advised = self._packages.get(item.distro)
        if not item.package or not advised or not of_linux(item):
            return ()
        if item.distro.startswith(("debian:", "ubuntu:", "raspbian:")):
            names = (item.source or source_of(item) or item.name,)
        else:
            names = (item.name,)
        return tuple(each for each in names if each in advised)


def _instances(items: Iterable[Item]) -> set[str]:
    """Lines of SQL Server (`15`) of which the machine has instances that differ."""
    engines = {each.version for each in items if each.version and _ENGINE.match(each.name)}
    return {line for line, count in Counter(each.partition(".")[0] for each in engines).items() if count > 1}


def _running(found: list[InstalledProduct], several: set[str]) -> list[InstalledProduct]:
    """Without what a newer update of the same line replaced, and without a version where another entry has one.

    Of which instance an update is no list says: where instances of a line differ (`several`), one more is there whose
    version nobody knows.
    """
    versioned = {each.product.name for each in found if each.product.version}
    best: dict[tuple[str, str], InstalledProduct] = {}
    for each in found:
        scheme = _SUPERSEDED.get(each.product.name)
        if scheme is None or not each.product.version:
            continue
        line = _line(each)
        before = best.get(line)
        if before is None or compare(scheme, before.product.version or "", each.product.version) == -1:
            best[line] = each
    kept = {id(each) for each in best.values()}
    running: list[InstalledProduct] = []
    for each in found:
        if not each.product.version:
            if each.product.name not in versioned:
                running.append(each)
        elif each.product.name not in _SUPERSEDED:
            running.append(each)
        elif id(each) in kept:
            running.append(each)
            if _line(each)[1] in several:
                running.append(replace(each, product=replace(each.product, version=None, cpe=None)))
    return running


def _line(each: InstalledProduct) -> tuple[str, str]:
    return each.product.name, (each.product.version or "").partition(".")[0]


def plain_name(item: Item) -> str:
    """An item's name without its version and the width of its numbers: `7-Zip` of `7-Zip 23.01 (x64)`."""
    name = _BITS.sub("", item.name)
    if item.version and name.endswith(f" {item.version}"):
        name = name[: -len(item.version)].rstrip(" -")
    return name or item.name
