"""Just the packets of some flows, out of a capture: the evidence of one finding, to be opened and passed on alone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from scanner.errors import BadInput
from scanner.model.base import Transport
from scanner.net.evidence.dissect import ETHERNET, RAW_IP, Key, flow_keys
from scanner.net.raw.resolve import packed

Flow = tuple[str, Transport, int]
"""Address, transport, port; for icmp the type of the request."""
_RAW = frozenset({12, 14, RAW_IP})
_FILE_HEAD, _RECORD_HEAD = 24, 16
_READ = 65535
"""As much of a packet is read."""
_LONGEST = 1 << 18
"""No capture keeps more of a packet: a greater length is damage."""

Record = tuple[bytes, int, int, int]
"""Frame, seconds, nanoseconds, length on the wire."""


def excerpt(pcap: Path, flows: Iterable[Flow], out: Path) -> int:
    """Write the packets of `flows` to `out`, in their order, and return how many there are; none, and no file is made.

    Those are: both directions, ICMP errors that quote them, ARP and neighbour discovery about the addresses, and the
    further fragments of a packet. A capture that breaks off in mid-packet is read as far as it goes. BadInput: it is
    no pcap file, or of links other than Ethernet and plain IP; `out` cannot be written.
    """
    return excerpts([pcap], {out: flows})[out]


def excerpts(
    pcaps: Sequence[Path], wanted: Mapping[Path, Iterable[Flow]], tell: Callable[[str], None] = lambda lack: None
) -> dict[Path, int]:
    """`excerpt` of several captures, one after the other, into several files in one pass. `tell` gets a sentence about
    each capture that breaks off."""
    inputs = {each.resolve() for each in pcaps}
    index: dict[Key, set[Path]] = {}
    for out, flows in wanted.items():
        if out.resolve() in inputs:
            raise BadInput(f"{out}: the excerpt would replace the capture that it is made from; name another folder")
        for address, transport, port in flows:
            for key in ((packed(address), transport, port), (packed(address), "link", 0)):
                index.setdefault(key, set()).add(out)
    found: dict[Path, list[Record]] = {out: [] for out in wanted}
    linktypes = [_read(pcap, index, found, tell) for pcap in pcaps]
    if len(set(linktypes)) > 1:
        raise BadInput("the captures are of different kinds of links; make excerpts of one at a time")
    for out, records in found.items():
        if records:
            _write(out, records, linktypes[0])
    return {out: len(records) for out, records in found.items()}


def _read(
    pcap: Path, index: Mapping[Key, set[Path]], found: Mapping[Path, list[Record]], tell: Callable[[str], None]
) -> int:
    """Sort the packets of one capture into `found`; its link type."""
    import logging

    from scapy.error import Scapy_Exception
    from scapy.utils import RawPcapNgReader, RawPcapReader

    # A capture that ends in mid-packet is read as far as it goes; scapy would say so in words of its own.
    logging.getLogger("scapy.runtime").setLevel(logging.ERROR)

    try:
        reader = RawPcapReader(str(pcap))
    except (OSError, Scapy_Exception) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no pcap file"
        raise BadInput(f"--capture {pcap}: cannot be read: {why}") from None
    with reader:
        count, last, end = 0, 0, _FILE_HEAD
        if isinstance(reader, RawPcapNgReader):
            raise BadInput(f"--capture {pcap}: is pcapng; convert it with `editcap -F pcap`")
        linktype = RAW_IP if reader.linktype in _RAW else int(reader.linktype)
        if linktype not in (ETHERNET, RAW_IP):
            raise BadInput(f"--capture {pcap}: of link type {linktype}; only Ethernet and plain IP can be read")
        scale = 1 if reader.nano else 1000
        pieces: dict[Key, set[Path]] = {}
        for frame, meta in reader:
            if meta.caplen > _LONGEST or len(frame) < min(meta.caplen, _READ):
                break  # cut off when the scan was
            count, last, end = count + 1, meta.sec, end + _RECORD_HEAD + meta.caplen
            outs: set[Path] = set()
            keys = flow_keys(frame, linktype)
            for key in keys:
                outs |= index.get(key, set()) if key[1] != "fragment" else pieces.get(key, set())
            for key in keys if outs else ():
                if key[1] == "fragment":
                    pieces.setdefault(key, set()).update(outs)
            for out in outs:
                found[out].append((frame, meta.sec, meta.usec * scale, meta.wirelen))
        if reader.f.seekable() and reader.f.tell() != end:
            tell(_broken_off(pcap, count, last))
    return linktype


def _broken_off(pcap: Path, count: int, last: int) -> str:
    before = f"{pcap} breaks off in the middle of a packet, as where a scan was killed or a disk was full"
    if not count:
        return f"{before}: it is the first one, and there is nothing to make excerpts of"
    some = "the one packet" if count == 1 else f"the {count} packets"
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(last))
    return f"{before}: {some} before it, up to {until}, can be used; whatever came later is in no excerpt"


def _write(out: Path, records: Iterable[Record], linktype: int) -> None:
    """Whole or not at all, and readable for its owner only."""
    from scapy.utils import RawPcapWriter

    temporary = out.with_name(f".{out.name}.part")
    try:
        temporary.unlink(missing_ok=True)
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with RawPcapWriter(os.fdopen(file, "wb"), linktype=linktype, nano=True) as writer:
            writer.write_header(None)
            for frame, seconds, nanoseconds, length in records:
                writer.write_packet(frame, seconds, nanoseconds, wirelen=length)
        temporary.replace(out)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise BadInput(f"{out}: cannot be written: {error.strerror}") from None
