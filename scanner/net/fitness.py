"""What makes a scan fast, and whether this laptop has it. Nothing is sent."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.metadata
import os
import socket
import struct
import sys

from scanner.model.base import Frozen

_SOL_PACKET, _RX_RING, _VERSION, _TPACKET_V2 = 263, 5, 10, 1


class Fitness(Frozen, frozen=True):
    """Each can be absent without harm to the result; scans are slower then."""

    numpy: str
    """Its version; empty where it is not installed."""
    scapy: str
    sendmmsg: bool
    """Many packets with one call of the system."""
    ring: bool | None
    """Packets read from shared memory. None: it cannot be tried without the right to raw packets."""
    cores: int
    """Processors that this process may run on."""


def fitness() -> Fitness:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Fitness(
        numpy=_version("numpy"), scapy=_version("scapy"), sendmmsg=_has_sendmmsg(), ring=_has_ring(), cores=cores
    )


def _version(distribution: str) -> str:
    """From its metadata: importing it would take longer than all the rest."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _has_sendmmsg() -> bool:
    return sys.platform == "linux" and hasattr(ctypes.CDLL(None), "sendmmsg")


def _has_ring() -> bool | None:
    if not hasattr(socket, "AF_PACKET"):
        return False
    with contextlib.ExitStack() as opened:
        try:
            sock = opened.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0))
        except OSError:
            return None
        try:
            sock.setsockopt(_SOL_PACKET, _VERSION, _TPACKET_V2)
            sock.setsockopt(_SOL_PACKET, _RX_RING, struct.pack("@IIII", 4096, 1, 256, 16))
        except OSError:
            return False
    return True
