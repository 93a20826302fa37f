"""What every type of ours shares: frozen, and unknown keys refused, so that a value that exists is a valid one."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec


class Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """Base of input and fact types. `omit_defaults` keeps the journal small; reports write every key instead.

    What cannot change cannot come to hold itself: the collector of cycles need not look at millions of them.
    """


Transport = Literal["tcp", "udp", "icmp"]
"""For icmp the port is the ICMP type of the request: 8 (echo), or 128 for ICMPv6."""

Severity = Literal["info", "low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")
"""Least to most severe."""

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Text = Annotated[str, msgspec.Meta(min_length=1)]
"""A string that has to say something."""
