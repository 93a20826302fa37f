"""Names by real packets: avahi as it is, the others with answers that real name services gave."""

from __future__ import annotations

import os
import shlex
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from live_lab import Lab
from responders import Daemons

from scanner.model.observation import HostSeen, Vantage
from scanner.net.raw.names import Names
from scanner.net.route import interface_named

pytestmark = [pytest.mark.lab]

VANTAGE = Vantage("front", "eth0", "10.91.1.10", "fd91:1::10")
NEAR, NEAR6, ROUTER, FAR, DEAD = "10.91.1.20", "fd91:1::20", "10.91.1.1", "10.91.2.10", "10.91.1.78"
GROUPS = {"224.0.0.251", "224.0.0.252", "ff02::fb", "ff02::1:3"}
KERNELS_OWN = {"ff02::2", "ff02::16"}
"""Where the laptop's kernel sends on its own account, beside the groups of neighbour discovery."""
AVAHI = """
[server]
host-name=Büro-NAS
enable-dbus=no
[publish]
publish-workstation=yes
"""
SERVICE = """<?xml version="1.0"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>Upstairs 2.1 copier</name><service><type>_ipp._tcp</type><port>631</port></service></service-group>
"""
Told = tuple[list[HostSeen], list[str], int]


class Meter:
    """A pace that grants at once and counts."""

    rate = 5000.0

    def __init__(self) -> None:
        self.taken = 0

    def take(self, packets: int) -> None:
        self.taken += packets


def asking(addresses: list[str], link: bool = True) -> Callable[[], Told]:
    def run() -> Told:
        meter = Meter()
        found: list[HostSeen] = []
        end = time.monotonic() + 60
        with Names(interface_named("eth0"), VANTAGE, meter) as names:
            if link:
                names.ask_link()
            for each in addresses:
                names.ask(each)
            while not names.done and time.monotonic() < end:
                found += names.hear(0.05)
            assert names.done, "it never ends"
            revealed = names.revealed()
            assert not names.revealed(), "each is revealed once"
        return found, list(revealed), meter.taken

    return run


def called(found: list[HostSeen]) -> dict[tuple[str, str], tuple[str, ...]]:
    return {(each.address, each.how): each.names for each in found}


@pytest.fixture
def avahi(lab: Lab, daemons: Daemons, tmp_path: Path) -> None:
    program = shutil.which("avahi-daemon", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("there is no avahi-daemon here")
    tmp_path.joinpath("avahi.conf").write_text(AVAHI)
    tmp_path.joinpath("copier.service").write_text(SERVICE)
    folder = shlex.quote(str(tmp_path))
    daemons.start(
        "near",
        "mkdir /run/avahi-daemon && mount -t tmpfs none /etc/avahi && mkdir /etc/avahi/services && "
        f"cp {folder}/copier.service /etc/avahi/services && "
        f"exec {program} -f {folder}/avahi.conf --no-drop-root --no-chroot --no-rlimits",
    )

    def settled() -> bool:
        found, _, _ = asking([])()
        return any("Upstairs 2.1 copier" in each.names for each in found)

    end = time.monotonic() + 120
    while not lab.run("laptop", settled):
        assert time.monotonic() < end, "avahi does not answer"


@pytest.mark.usefixtures("avahi")
def test_a_host_that_speaks_mdns_tells_its_names_and_addresses(lab: Lab) -> None:
    by_link, revealed, _ = lab.run("laptop", asking([]))
    names = ("Büro-NAS.local", "Upstairs 2.1 copier")
    assert called(by_link) == {(NEAR, "mdns"): names, (NEAR6, "mdns"): names}
    assert revealed == []
    asked, revealed, _ = lab.run("laptop", asking([NEAR], link=False))
    assert called(asked) == {(NEAR, "mdns"): ("Büro-NAS.local",)}
    assert revealed == [NEAR6], "its other address is a candidate, and no host yet"
    assert {(each.mac, each.ttl) for each in asked} == {(None, None)}, "255 is no host's usual TTL"


def test_netbios_and_llmnr_name_those_that_were_asked(lab: Lab, daemons: Daemons) -> None:
    daemons.answer("near", "nbstat", NEAR)
    found, _, _ = lab.run("laptop", asking([NEAR, DEAD]))
    assert called(found) == {(NEAR, "netbios"): ("FRONTPC", "HARBOR\\FRONTPC")}
    unprivileged, _, _ = lab.run("laptop", asking([NEAR]), user=65534)
    assert called(unprivileged) == called(found)
    daemons.close()
    daemons.answer("near", "llmnr", NEAR)
    found, _, _ = lab.run("laptop", asking([NEAR]))
    assert called(found) == {(NEAR, "llmnr"): ("resnear",)}


def test_nobody_is_asked_but_the_groups_and_those_named(lab: Lab) -> None:
    lab.run("laptop", asking([NEAR, NEAR6, FAR]))  # the router is resolved
    lab.sent_to()
    lab.nft("router", COUNTED)
    _, _, taken = lab.run("laptop", asking([NEAR, DEAD, NEAR6, FAR]))
    to = {each for each in lab.sent_to() if not each.startswith("ff02::1:ff")} - KERNELS_OWN
    assert to == {*GROUPS, NEAR, DEAD, NEAR6, FAR} | (to & {ROUTER, "fd91:1::1"})
    sent = lab.counter("router", "netdev names", "sent")
    undelivered = 4  # the kernel asks in vain for the MAC of the dead one, and keeps what was for it
    assert taken == sent + undelivered
    assert {each: lab.counter("router", "netdev names", each) for each in ("far", "low")} == {"far": 2, "low": 0}


COUNTED = f"""
table netdev names {{
  counter sent {{ }}
  counter far {{ }}
  counter low {{ }}
  chain from-laptop {{
    type filter hook ingress device to-laptop priority 1;
    meta l4proto udp counter name sent
    ip daddr {FAR} udp dport 137 counter name far
    ip ttl < 255 meta l4proto udp counter name low
    ip6 hoplimit < 255 meta l4proto udp counter name low
  }}
}}
"""
"""All datagrams of the laptop, those to another segment, and those that might have crossed a router."""


def test_junk_makes_nobody(lab: Lab, daemons: Daemons) -> None:
    daemons.answer("near", "junk", NEAR)
    found, revealed, _ = lab.run("laptop", asking([NEAR]))
    assert (found, revealed) == ([], [])


def test_what_others_say_of_a_host_names_nobody(lab: Lab, daemons: Daemons) -> None:
    daemons.answer("router", "mdns", ROUTER)
    found, revealed, _ = lab.run("laptop", asking([ROUTER]))
    assert called(found) == {(ROUTER, "mdns"): ()}, "a reflector is there, and has another's answer"
    assert set(revealed) == {NEAR, NEAR6}


def test_nobody_has_more_than_a_few_names(lab: Lab, daemons: Daemons) -> None:
    daemons.answer("router", "crowd", ROUTER)
    found, _, _ = lab.run("laptop", asking([ROUTER]))
    assert found[-1].names == tuple(f"{each:063d}.{each:063d}.local" for each in range(8))
