"""Who made a network card: the IEEE's registry as netaddr carries it (as old as that package is)."""

from __future__ import annotations

from functools import lru_cache

from scanner.model.text import visible

_DIGITS = frozenset("0123456789abcdefABCDEF")
_SUBDIVIDED = "IEEE Registration Authority"


def vendor(mac: str) -> str | None:
    """The registered maker of a MAC address, `aa:bb:cc:dd:ee:ff`, or None.

    None for an address that nobody registered: a multicast one; a locally administered one (virtual machines,
    containers, telephones that change their address on purpose); a prefix that is not in the registry, or that the
    registry divided among makers that it does not name. Never raises.
    """
    digits = "".join(filter(_DIGITS.__contains__, mac))
    if len(digits) != 12 or int(digits[:2], 16) & 0b11:
        return None
    return _maker(digits[:6].lower())


@lru_cache(maxsize=4096)
def _maker(prefix: str) -> str | None:
    # Late: netaddr is slow to import, and most commands never ask.
    from netaddr import OUI
    from netaddr.core import NotRegisteredError

    try:
        maker = OUI(prefix).registration().org
    except NotRegisteredError:
        return None
    return None if not maker or maker == _SUBDIVIDED else visible(maker, 128)
