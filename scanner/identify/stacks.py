"""What the TCP stack itself gives away: with which TTL it starts, and which window it offers to a bare SYN.

A hint, and no more: an administrator may set both, appliances borrow stacks, a firewall answers for others. So it only
ever stands among the evidence, speaks against a banner that says otherwise, and names no system by itself.

Windows are multiples of the segment size that the probe offered (1460), or a stack's fixed default.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Stack = tuple[int, int]
"""(TTL, window) of a SYN-ACK as it arrived from a neighbour."""
Family = Literal["windows", "linux", "bsd", "network"]

_KNOWN: dict[tuple[int, int], tuple[Family, str]] = {
    **dict.fromkeys([(64, 44 * 1460), (64, 20 * 1460), (64, 10 * 1460), (64, 4 * 1460)], ("linux", "Linux")),
    (64, 65535): ("bsd", "a BSD or macOS"),
    **dict.fromkeys([(128, 8192), (128, 44 * 1460), (128, 65535), (128, 16384), (128, 65392)], ("windows", "Windows")),
    (255, 4128): ("network", "Cisco IOS"),
}
"""Linux: `tcp_rmem` and initial windows of 2.6 (4 segments), 3.x (10 and 20) and since 4.20 (44). 65535 is FreeBSD's
`net.inet.tcp.recvspace`, 8192 that of Windows 7 to 2019 without window scaling, 4128 IOS' `ip tcp window-size`."""


def stack_hint(stacks: Iterable[Stack]) -> tuple[Family | None, str]:
    """(family, evidence in words) if all answers look like the same known stack; (None, "") otherwise."""
    found = {_KNOWN.get(each) for each in stacks}
    if len(found) != 1 or (known := found.pop()) is None:
        return None, ""
    return known[0], f"its TCP answers look like {known[1]}'s"
