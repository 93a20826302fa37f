"""The frames of a receive ring as rows of named fields."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from scanner.net.packets.ring import SENDER_AT


def own_type(size: int) -> str:
    """An address in an array: a number, or for IPv6 a string of 16 bytes."""
    return ">u4" if size == 4 else "S16"


def layout(size: int, start: int, stride: int) -> np.dtype[Any]:
    """Where the fields of a frame are whose packet begins at `start`."""
    fields: dict[str, tuple[str, int]] = {
        "kept": ("u4", 8),
        "seconds": ("u4", 16),
        "nanoseconds": ("u4", 20),
        "ethertype": (">u2", SENDER_AT + 2),
        "version": ("u1", start),
    }
    if size == 4:
        inner = {"fragment": (">u2", 6), "ttl": ("u1", 8), "protocol": ("u1", 9)}
        inner |= {"source": (">u4", 12), "target": (">u4", 16)}
    else:
        inner = {"protocol": ("u1", 6), "ttl": ("u1", 7), "source": ("S16", 8), "target": ("S16", 24)}
    body = 20 if size == 4 else 40
    inner |= {"port": (">u2", body), "local": (">u2", body + 2), "number": (">u4", body + 4)}
    inner |= {"acked": (">u4", body + 8), "flags": ("u1", body + 13), "window": (">u2", body + 14)}
    inner |= {"kind": ("u1", body), "code": ("u1", body + 1), "identifier": (">u2", body + 4)}
    inner |= {"sequence": (">u2", body + 6), "cookie": (">u4", body + 8), "attempt": ("u1", body + 12)}
    fields |= {name: (kind, start + place) for name, (kind, place) in inner.items()}
    return np.dtype(
        {
            "names": list(fields),
            "formats": [kind for kind, _ in fields.values()],
            "offsets": [place for _, place in fields.values()],
            "itemsize": stride,
        }
    )


def without_options(memory: npt.NDArray[np.uint8], start: int) -> npt.NDArray[np.uint8]:
    """The same frames with plain IPv4 headers; those are left out whose header is a lie."""
    found = []
    for row in memory:
        kept = min(int(row[8:12].copy().view(np.uint32)[0]), len(row) - start)
        length = int(row[start] & 15) * 4
        if not 20 < length <= kept:
            continue
        copy = row.copy()
        copy[start] = 0x45
        rest = kept - length
        copy[start + 20 : start + 20 + rest] = row[start + length : start + kept]
        copy[start + 20 + rest :] = 0
        copy[8:12] = np.array([20 + rest], np.uint32).view(np.uint8)
        found.append(copy)
    return np.array(found, np.uint8).reshape(-1, memory.shape[1])
