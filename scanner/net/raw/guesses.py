"""IPv6 neighbours that nothing reveals: solicitations for the addresses that are likely to be theirs.

A host that answers no echo and no name still has to answer a solicitation, or nobody could talk to it. So whoever is
known by another address is looked for under those that `scanner.likely` makes of it. An answer for an address that
nobody can have by chance is a machine's that answers for all: it shows no host.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from scanner.likely import links
from scanner.model.addresses import AddressSet, address_text
from scanner.model.network import Pace
from scanner.model.observation import SOLICITATION, Limitation, Silence, Vantage
from scanner.net.packets.link import Link
from scanner.net.raw.resolve import Neighbour, resolve
from scanner.net.route import ways
from scanner.net.volley.congestion import Rtt

_ROOMY = 1 << 32
"""Addresses of which one at random is nobody's."""


def guess(
    guesses: AddressSet, within: AddressSet, link: Link, vantage: Vantage, tries: int, pace: Pace, rtt: Rtt
) -> Iterator[Neighbour | Silence | Limitation | None]:
    """Solicit the guesses, and in each /64 of `within` an address that is nobody's; who is there, and last who is not.

    What is not on the link is not asked. None comes now and then, to look up.
    """
    controls = AddressSet.of(each for each in _controls(within) if each not in guesses)
    hops = [
        hop.to(each)
        for part, hop in ways(guesses | controls, link.interface, vantage)
        if hop is not None and hop.kind == "on-link"
        for each in part
    ]
    found: list[Neighbour] = []
    for each in resolve(link, hops, tries, pace, rtt=rtt):
        if isinstance(each, Neighbour):
            found.append(each)
        else:
            yield None
    # Only now is it known who answers for everybody.
    liars = {each.mac: each.address for each in found if each.address in controls}
    for mac, address in liars.items():
        reason = f"{mac.hex(':')} answers solicitations for any address, {address} among them"
        yield Limitation("neighbours that IPv6 reaches and that answer no question to all", reason, time.time())
    yield from (each for each in found if each.mac not in liars)
    asked = AddressSet.of(hop.via for hop in hops) - controls
    if silent := asked - AddressSet.of(each.address for each in found):
        yield Silence(str(silent), "icmp", SOLICITATION, tries, time.time())


def _controls(within: AddressSet) -> Iterator[str]:
    """In each /64 an address that may be asked; none where there are so few that it may be a host's."""
    for link in links(within):
        part = within & AddressSet([(6, link << 64, (link + 1 << 64) - 1)])
        if part:
            _, low, high = max(part.spans, key=lambda span: span[2] - span[1])
            if high - low >= _ROOMY:
                yield address_text(6, random.randrange(low, high + 1))
