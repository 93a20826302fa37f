"""Sets of ports as integers, a bit a port: 65,536 of them are joined, cut and compared in microseconds."""

from __future__ import annotations

import re
from functools import lru_cache

_RUN = re.compile("1+")


@lru_cache(maxsize=4096)
def mask_of(ports: str) -> int:
    """Of a ranges text: `1-21,23`."""
    found = 0
    for part in filter(None, ports.split(",")):
        low, _, high = part.partition("-")
        found |= (1 << int(high or low) + 1) - (1 << int(low))
    return found


def text_of(mask: int) -> str:
    """The ranges text; the inverse of `mask_of`."""
    bits = f"{mask:b}"[::-1]
    return ",".join(
        str(each.start()) if each.end() == each.start() + 1 else f"{each.start()}-{each.end() - 1}"
        for each in _RUN.finditer(bits)
    )


def lowest(mask: int) -> int:
    """The lowest port of a set that is not empty."""
    return (mask & -mask).bit_length() - 1


def ports_in(mask: int) -> list[int]:
    """Its ports, in order."""
    bits = f"{mask:b}"[::-1]
    return [number for number, bit in enumerate(bits) if bit == "1"]
