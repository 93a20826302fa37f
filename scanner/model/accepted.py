"""Findings that a client accepts for a while: `exceptions.yaml` beside the site file."""

from __future__ import annotations

import datetime
from typing import Annotated

import msgspec

from scanner.model.base import Frozen
from scanner.model.report import FindingKind, FindingRow

_NEVER = datetime.date.min

ServiceText = Annotated[
    str, msgspec.Meta(pattern=r"^(tcp|udp|icmp)/[0-9]{1,5}$", description="a service", examples=["tcp/443"])
]


class Selector(Frozen, frozen=True, rename={"from_": "from"}):
    """Findings by what they are about; all keys that are given have to fit."""

    kind: FindingKind | None = None
    host: str | None = None
    """A host's id (`servers/10.20.20.10`) or its address."""
    product: str | None = None
    from_: str | None = None
    to: str | None = None
    service: ServiceText | None = None

    def __post_init__(self) -> None:
        if all(getattr(self, each) is None for each in self.__struct_fields__):
            raise ValueError(
                "name at least one of kind, host, product, from, to, service: nothing is accepted wholesale"
            )

    def fits(self, finding: FindingRow) -> bool:
        service = None if finding.transport is None else f"{finding.transport}/{finding.port}"
        host = finding.host or ""
        return (
            self.kind in (None, finding.kind)
            and self.host in (None, host, host.rpartition("/")[2])
            and self.product in (None, finding.product)
            and self.from_ in (None, finding.from_)
            and self.to in (None, finding.to)
            and self.service in (None, service)
        )

    def __str__(self) -> str:
        names = ((each.rstrip("_"), getattr(self, each)) for each in self.__struct_fields__)
        return ", ".join(f"{name} {value}" for name, value in names if value is not None)


class Exception_(Frozen, frozen=True):
    """What somebody accepted, for a while: one finding by its id, or those that a selector fits.

    `until` is the last day on which it holds. Without an owner it does not hold at all, and is named.
    """

    finding: str = ""
    owner: str = ""
    reason: str = ""
    until: datetime.date = _NEVER
    approved_by: str = ""
    match: Selector | None = None

    def __post_init__(self) -> None:
        if bool(self.finding.strip()) == (self.match is not None):
            raise ValueError("name either the id of a finding (`finding`) or what findings are about (`match`)")
        if not self.reason.strip():
            raise ValueError("`reason` is missing: say why this is accepted")
        if self.until == _NEVER:
            raise ValueError("`until` is missing: the last day on which this is accepted, as 2027-03-31")

    @property
    def about(self) -> str:
        """What it accepts, in words."""
        return self.finding or str(self.match)

    def fits(self, finding: FindingRow) -> bool:
        return finding.id == self.finding if self.match is None else self.match.fits(finding)


Exceptions = tuple[Exception_, ...]
"""What `exceptions.yaml` holds."""

# msgspec crashes where two threads are the first to read a type, so it is learnt with the module.
msgspec.json.Decoder(Exceptions)
