"""Whether an interface is still there, asked all through a scan: silence on a line without a carrier proves nothing."""

from __future__ import annotations

import weakref

from scanner.net import netlink, portable
from scanner.net.interfaces import Interface
from scanner.net.trouble import gone

_UP, _RUNNING = 0x1, 0x40


class Carrier:
    """The line of one interface, watched from now on. Where the kernel counts, it notices an outage that is over."""

    def __init__(self, interface: Interface) -> None:
        self._name = interface.name
        self._index = interface.index
        # Kept open: a laptop that is out of descriptors has not lost its line.
        self._by = netlink.opened() if netlink.there() else None
        if self._by is not None:
            weakref.finalize(self, self._by.close)
        self._changes = self._asked()[1]

    def check(self) -> None:
        """NetworkFailed when the interface is not there, not up or without a carrier, or was so for a moment."""
        up, changes = self._asked()
        if not up or changes != self._changes:
            raise gone(self._name)

    def _asked(self) -> tuple[bool, bytes]:
        """(whether it is up and running, how often its carrier came or went so far)."""
        if self._by is None:
            return any(each.name == self._name and each.up for each in portable.interfaces()), b""
        try:
            flags, found = netlink.link(self._index, self._by)
        except OSError:
            return False, b""
        running = flags & (_UP | _RUNNING) == _UP | _RUNNING
        return running, found.get(netlink.IFLA_CARRIER_CHANGES, b"")
