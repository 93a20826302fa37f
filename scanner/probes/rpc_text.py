"""Sun RPC (RFC 5531): a call without credentials, its answer, and the few programs that we ask."""

from __future__ import annotations

import struct

XID = 0x46570000
PORTMAPPER, NFS, MOUNT = 100000, 100003, 100005
_REPLY, _ACCEPTED = 1, 0
SUCCESS, PROGRAM_UNAVAILABLE, VERSION_MISMATCH = 0, 1, 2
_LAST = 0x80000000


def call(program: int, version: int, procedure: int, number: int = 0) -> bytes:
    """A call without arguments, as AUTH_NONE. `number` tells the answers apart."""
    return struct.pack("!10I", XID + number, 0, 2, program, version, procedure, 0, 0, 0, 0)


def record(message: bytes) -> bytes:
    """The message as TCP carries it: one last fragment."""
    return struct.pack("!I", _LAST | len(message)) + message


def whole(seen: bytes) -> bool:
    return len(unfragmented(seen)[0]) > 0 and unfragmented(seen)[1]


def unfragmented(data: bytes) -> tuple[bytes, bool]:
    """What has come of a record, and whether it is all of it."""
    parts: list[bytes] = []
    at = 0
    for _ in range(64):
        if len(data) < at + 4:
            break
        head = int.from_bytes(data[at : at + 4], "big")
        size = head & ~_LAST
        parts.append(data[at + 4 : at + 4 + size])
        if head & _LAST:
            return b"".join(parts), len(parts[-1]) == size
        at += 4 + size
    return b"".join(parts), False


def result(message: bytes, number: int = 0) -> tuple[int, bytes] | None:
    """How an accepted call fared, and what it returned; None for what is no answer to ours, or a denial."""
    if len(message) < 24:
        return None
    xid, kind, accepted, _, size = struct.unpack_from("!5I", message)
    at = 20 + (size + 3 & ~3)
    if (xid, kind, accepted) != (XID + number, _REPLY, _ACCEPTED) or size > 400 or len(message) < at + 4:
        return None
    return int.from_bytes(message[at : at + 4], "big"), message[at + 4 :]


_NAMES = {
    100000: "portmapper", 100001: "rstatd", 100002: "rusersd", 100003: "nfs", 100004: "ypserv", 100005: "mountd",
    100007: "ypbind", 100008: "walld", 100009: "yppasswdd", 100011: "rquotad", 100012: "sprayd", 100020: "llockmgr",
    100021: "nlockmgr", 100024: "status", 100026: "bootparam", 100028: "ypupdated", 100068: "cmsd",
    100083: "ttdbserver", 100133: "nsm_addrand", 100227: "nfs_acl", 100232: "sadmind", 150001: "pcnfsd",
    300598: "dmispd", 390109: "nsrd", 391002: "sgi_fam", 14398519: "glusterd", 24007: "glusterd",
}  # fmt: skip


def programs(body: bytes) -> bytes:
    """The portmapper's DUMP as lines `nfs 100003 v3,4 tcp/2049`; at most 256 entries, each once. Never raises."""
    held: dict[tuple[int, int, int], list[int]] = {}
    at = 0
    for _ in range(256):
        if len(body) < at + 20 or body[at : at + 4] != b"\0\0\0\1":
            break
        program, version, protocol, port = struct.unpack_from("!4I", body, at + 4)
        versions = held.setdefault((program, protocol, port), [])
        if version not in versions:
            versions.append(version)
        at += 20
    lines = []
    for (program, protocol, port), versions in held.items():
        transport = {6: "tcp", 17: "udp"}.get(protocol, str(protocol))
        shown = ",".join(map(str, sorted(versions)))
        lines.append(f"{_NAMES.get(program, 'rpc')} {program} v{shown} {transport}/{port}".encode())
    return b"\n".join(lines)


def exports(body: bytes) -> bytes:
    """mountd's EXPORT as lines `/srv 10.0.0.0/8 host`; nobody behind a folder means everybody. Never raises."""
    lines: list[bytes] = []
    at = 0
    for _ in range(256):
        if body[at : at + 4] != b"\0\0\0\1":
            break
        folder, at = _string(body, at + 4)
        groups: list[bytes] = []
        while body[at : at + 4] == b"\0\0\0\1" and len(groups) < 64:
            group, at = _string(body, at + 4)
            groups.append(group)
        at += 4
        lines.append(b" ".join([folder, *groups]))
    return b"\n".join(line for line in lines if line)


def _string(body: bytes, at: int) -> tuple[bytes, int]:
    size = int.from_bytes(body[at : at + 4], "big")
    return body[at + 4 : at + 4 + min(size, 1024)], at + 4 + (size + 3 & ~3)
