"""An SSH server up to the end of the key exchange; nobody can log in.

Options: `banner` (default `OpenSSH_9.2p1 Debian-2+deb12u7`; all after `SSH-2.0-`, or the whole identification string),
`key` (names the Ed25519 host key: services that name the same one share it; default: no key exchange, the server hangs
up after the lists of algorithms), `kex`, `host_keys`, `ciphers`, `macs` (lists of algorithm names, to plant weak ones).
"""

from __future__ import annotations

import hashlib

from scanner.lab.services import Conversation, Options, Speaker

_KEXINIT, _NEWKEYS, _ECDH_INIT, _ECDH_REPLY = 20, 21, 30, 31
_ED25519 = "ssh-ed25519"
_LISTS = {
    "kex": ("curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "diffie-hellman-group14-sha256"),
    "host_keys": ("rsa-sha2-512", "rsa-sha2-256", "ecdsa-sha2-nistp256", _ED25519),
    "ciphers": ("chacha20-poly1305@openssh.com", "aes128-ctr", "aes256-ctr", "aes256-gcm@openssh.com"),
    "macs": ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256"),
}
_LARGEST = 65536


def _start(options: Options) -> Conversation:
    banner = str(options.get("banner", "OpenSSH_9.2p1 Debian-2+deb12u7"))
    ours = banner if banner.startswith("SSH-") else f"SSH-2.0-{banner}"
    said = ours.encode() + b"\r\n"
    pending = b""
    while b"\n" not in pending and len(pending) < 255:
        pending += yield said
        said = b""
    line, _, pending = pending.partition(b"\n")
    theirs = line.rstrip(b"\r")
    if not theirs.startswith((b"SSH-2.0-", b"SSH-1.99-")):
        yield b"Invalid SSH identification string.\r\n"
        return
    server_lists = _kexinit(options)
    client_lists = b""
    said = _packet(server_lists)
    while len(pending) < _LARGEST:
        pending += yield said
        said = b""
        while (found := _payload(pending)) is not None:
            payload, pending = found
            if payload[:1] == bytes([_KEXINIT]):
                client_lists = payload
            elif payload[:1] == bytes([_ECDH_INIT]) and client_lists and "key" in options:
                reply = _exchange(str(options["key"]), payload, (theirs, ours.encode(), client_lists, server_lists))
                if reply is None:
                    return
                said += _packet(reply) + _packet(bytes([_NEWKEYS]))
            elif payload[:1] != b"\x02":  # SSH_MSG_IGNORE is the one other message that is in place here
                if said:
                    yield said
                return


def _kexinit(options: Options) -> bytes:
    lists = [",".join(map(str, options.get(name, standard))) for name, standard in _LISTS.items()]
    if "key" in options:
        lists[1] = _ED25519
    kex, host_keys, ciphers, macs = lists
    names = (kex, host_keys, ciphers, ciphers, macs, macs, "none,zlib@openssh.com", "none,zlib@openssh.com", "", "")
    cookie = hashlib.sha256(b"cookie" + kex.encode()).digest()[:16]
    return bytes([_KEXINIT]) + cookie + b"".join(_string(each.encode()) for each in names) + bytes(5)


def _exchange(key_name: str, request: bytes, parts: tuple[bytes, bytes, bytes, bytes]) -> bytes | None:
    """The signed answer to an ECDH request (RFC 8731, RFC 8709); None: the client's point is no point."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    point = request[5:]
    host = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"host key " + key_name.encode()).digest())
    once = X25519PrivateKey.from_private_bytes(hashlib.sha256(b"session " + key_name.encode() + point).digest())
    try:
        shared = once.exchange(X25519PublicKey.from_public_bytes(point))
    except ValueError:
        return None
    host_key = _string(_ED25519.encode()) + _string(host.public_key().public_bytes_raw())
    ours = once.public_key().public_bytes_raw()
    secret = shared.lstrip(b"\0")
    if secret[:1] >= b"\x80":  # an mpint is signed
        secret = b"\0" + secret
    hashed = b"".join(map(_string, (*parts, host_key, point, ours, secret)))
    signature = host.sign(hashlib.sha256(hashed).digest())
    signed = _string(_ED25519.encode()) + _string(signature)
    return bytes([_ECDH_REPLY]) + _string(host_key) + _string(ours) + _string(signed)


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


def _packet(payload: bytes) -> bytes:
    padding = 8 - (5 + len(payload)) % 8
    padding += 8 if padding < 4 else 0
    return (1 + len(payload) + padding).to_bytes(4) + bytes([padding]) + payload + bytes(padding)


def _payload(data: bytes) -> tuple[bytes, bytes] | None:
    """The payload of the first whole packet, and what follows."""
    size = int.from_bytes(data[:4])
    if len(data) < 5 or len(data) < 4 + size:
        return None
    return data[5 : max(5, 4 + size - data[4])], data[4 + size :]


SERVICE = Speaker(title="SSH", start=_start, options=("banner", "key", *_LISTS))
