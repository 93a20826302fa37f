"""A pair of interfaces joined by a wire, in a network of the test's own that goes with it."""

from __future__ import annotations

import contextlib
import ctypes
import socket
import time
from collections.abc import Iterator

from netns import shell

from scanner.lab.kernel import entering
from scanner.net.packets.ring import Ring
from scanner.net.packets.transmit import widen

_NEW_NETWORK = 0x40000000
ETH_ALL = 3
OURS, THEIRS = "fwpair0", "fwpair1"
OUR_MAC = "02:00:00:00:00:aa"


@contextlib.contextmanager
def own_network() -> Iterator[None]:
    """This thread (and what it starts) is in a network namespace of its own that holds OURS and THEIRS."""
    with entering():
        if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "this kernel gives no network namespaces")
        shell(f"ip link add {OURS} address {OUR_MAC} type veth peer name {THEIRS}")
        for name in (OURS, THEIRS):
            # No address and no IPv6: nobody but the test sends.
            shell(f"sysctl -qw net.ipv6.conf.{name}.disable_ipv6=1", check=False)
            shell(f"ip link set {name} up")
        for name in (OURS, THEIRS):
            _wait_for(name)
        yield


def _wait_for(name: str) -> None:
    """Until the kernel has seen the carrier: what is sent before vanishes without an error."""
    end = time.monotonic() + 60
    while "state UP" not in shell(f"ip link show {name}"):
        if time.monotonic() > end:
            raise RuntimeError(f"{name} does not come up")
        time.sleep(0.005)
    shell(f"ip link set {name} up")  # waits its turn behind what the kernel does about the carrier


@contextlib.contextmanager
def ring_on(name: str, frames: int = 1024, size: int = 256) -> Iterator[Ring]:
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as sock:
        ring = Ring(sock, frames, size)
        try:
            sock.bind((name, ETH_ALL))
            yield ring
        finally:
            ring.close()


def sending_socket() -> socket.socket:
    """A packet socket that hears nothing, to send with."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, 0)
    widen(sock)
    return sock
