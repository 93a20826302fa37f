"""What a refusal of the kernel to send or receive means to the person at the keyboard."""

from __future__ import annotations

import errno

from scanner.errors import NetworkFailed

_GONE = frozenset({errno.ENETDOWN, errno.ENODEV, errno.ENXIO})


def gone(name: str) -> NetworkFailed:
    """The interface was switched off or taken away."""
    return NetworkFailed(f"{name} is down or gone; plug it in again and go on with --resume")


def failure(name: str, error: OSError) -> NetworkFailed:
    """What to raise for an error of a socket on interface `name`."""
    if error.errno in _GONE:
        return gone(name)
    return NetworkFailed(f"{name} cannot be used: {error.strerror}")
