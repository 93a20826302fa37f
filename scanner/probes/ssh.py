"""SSH: the identification line, the server's algorithms, and its host key, which names the machine. Nobody logs in."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import classify, listen
from scanner.probes.ssh_text import KEXINIT, LARGEST, algorithms, fingerprint, hello, host_key, packet, weaknesses

IDENTIFICATION = b"SSH-2.0-fencewalk\r\n"


def _steps(peer: Peer) -> Steps:
    data = yield from listen(8.0)
    readings = classify(data, peer.port)
    if not readings or not readings[0].raw.startswith((b"SSH-2.0-", b"SSH-1.99-")):
        return readings
    yield Send(IDENTIFICATION)
    line_end = data.find(b"\n", data.find(b"SSH-"))
    received = data[line_end + 1 :] if line_end >= 0 else b""
    early = received
    if not packet(early, KEXINIT)[0]:
        received += yield Read(enough=lambda more: bool(packet(early + more, KEXINIT)[0]), limit=LARGEST, seconds=3.0)
    lists, rest = packet(received, KEXINIT)
    if not lists:
        return readings
    readings = (*readings, Reading("ssh.kex", lists))
    if offered := algorithms(lists):
        readings = (*readings, Reading("ssh.algorithms", fingerprint(offered)))
        if weak := weaknesses(offered):
            readings = (*readings, Reading("ssh.weak", weak))
    if ours := hello(lists):
        yield Send(ours)
        rest += yield Read(enough=lambda more: bool(host_key(rest + more)), limit=LARGEST, seconds=3.0)
        if key := host_key(rest):
            return (*readings, Reading("ssh.hostkey", key))
    return readings


PROBE = Probe(name="ssh", transport="tcp", ports=(22, 2222, 22022, 2022, 830, 8022, 22222), writes=True, steps=_steps)
