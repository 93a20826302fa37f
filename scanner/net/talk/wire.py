"""One connection as a probe's steps need it: write, read with bounds, go over to TLS. asyncio underneath.

Whatever the peer does is a value here: after an error reads give `b""`, writes do nothing, and `fault` says why.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
from collections.abc import Callable
from typing import Literal

from scanner.errors import NetworkFailed
from scanner.model.observation import Vantage
from scanner.model.probe import Elsewhere
from scanner.net.route import index_of
from scanner.net.sockets.opening import SO_BINDTODEVICE
from scanner.net.talk.tls import TlsError, TlsLayer

CONNECT_SECONDS = 3.0
TLS_SECONDS = 5.0
MOST_BYTES = 256 * 1024
_CHUNK = 16384
_HELLO = 1024
_OURS = frozenset({errno.ENETDOWN, errno.ENODEV, errno.EADDRNOTAVAIL, errno.EMFILE, errno.ENFILE})
"""Errors that are about this laptop and not about the peer: no statement about the network may come of them."""

Fault = Literal["refused", "reset", "timeout", "failed", "closed"]


class Wire:
    """A TCP connection, or a UDP socket that talks with one peer only. `deadline` is in the loop's time.

    `elsewhere`: UDP whose answers come from another port of the peer than the one that is asked.
    """

    def __init__(self, udp: bool, deadline: float, elsewhere: Elsewhere | None = None) -> None:
        self.fault: Fault | None = None
        self.detail = ""
        self.received = 0
        """Bytes off the wire, TLS records included."""
        self.raw_head = b""
        """The first bytes off the wire, as they came."""
        self.tls: TlsLayer | None = None
        self._udp = udp
        self._elsewhere = elsewhere if udp else None
        self._target: tuple[str | int, ...] = ()
        self._deadline = deadline
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._pending = bytearray()
        self._last_sent = b""
        self._to: tuple[str, int, Vantage] | None = None
        self.spoke_tls = False
        """On this connection or on one before it."""
        self.connections = 0
        self.server_hello = b""
        """The first bytes of the peer's last handshake, as they came."""

    @property
    def dropped(self) -> bool:
        """The peer ended the connection before it said a byte."""
        return self.fault in ("reset", "closed") and not self.received

    async def connect(self, address: str, port: int, vantage: Vantage) -> bool:
        """Whether the connection stands; else `fault` says why not. NetworkFailed: this laptop could not even try."""
        self._to = address, port, vantage
        self.connections += 1
        host, _, scope = address.partition("%")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        kind = socket.SOCK_DGRAM if self._udp else socket.SOCK_STREAM
        try:
            elsewhere = self._elsewhere
            self._socket = _socket(family, kind, host, vantage, elsewhere.own if elsewhere is not None else 0)
            rest = (0, _scope_id(host, scope, vantage)) if family == socket.AF_INET6 else ()
            self._target = (host, port, *rest)
            if elsewhere is None or elsewhere.source:
                # Of two sockets that share a port of ours, each gets what its own peer sends.
                source = self._target if elsewhere is None else (host, elsewhere.source, *rest)
                async with asyncio.timeout_at(min(self._deadline, self._loop.time() + CONNECT_SECONDS)):
                    await self._loop.sock_connect(self._socket, source)
        except TimeoutError:
            self._broken("timeout", f"no connection within {CONNECT_SECONDS:g} s")
        except OSError as error:
            self._failed(error, connecting=True)
        return self.fault is None

    async def reconnect(self) -> bool:
        """Close, and connect to the same port once more; what was received before still counts."""
        assert self._to is not None
        self.close()
        self.fault, self.detail, self.tls = None, "", None
        self._pending.clear()
        return await self.connect(*self._to)

    def give_up(self) -> None:
        """No more of this conversation: reads give nothing from now on."""
        self.close()
        self._pending.clear()
        self._broken("closed", f"more than {self.connections} connections: left")

    async def send(self, data: bytes) -> None:
        if self.fault is not None or not data:
            return
        self._last_sent = data
        try:
            if self.tls is not None:
                self.tls.encrypt(data)
                await self._flush()
            else:
                await self._write(data)
        except TlsError as error:
            self._broken("closed", f"TLS: {error}")

    async def read(self, enough: Callable[[bytes], bool], limit: int, seconds: float) -> bytes:
        """All that came until `enough` of it did, `limit` bytes, the peer's end, or `seconds`. Never raises."""
        start = self._loop.time()
        until = min(self._deadline, start + seconds)
        # A datagram may be lost once; what was asked is asked again in the middle of the wait.
        again = start + (until - start) / 2 if self._udp and self._last_sent else until
        got = bytearray(self._pending[:limit])
        del self._pending[:limit]
        while len(got) < limit and not (got and enough(bytes(got))):
            piece = await self._piece(min(again, until) if not got else until, limit - len(got))
            if piece:
                got += piece
            elif self.fault is not None or self._loop.time() >= until:
                break
            elif not got and again < until:
                again = until
                await self._write(self._last_sent)
        self._pending[:0] = got[limit:]
        return bytes(got[:limit])

    async def start_tls(self, alpn: str = "") -> bytes:
        """The peer's leaf certificate after a handshake; `b""`, and `fault` says why, if there was none.

        `alpn`: the protocol that the peer has to agree to.
        """
        if self.fault is not None or self._udp:
            return b""
        layer = TlsLayer(alpn)
        until = min(self._deadline, self._loop.time() + TLS_SECONDS)
        try:
            if self._pending:
                layer.feed(bytes(self._pending))
                self._pending.clear()
            self.server_hello = b""
            while not layer.shake():
                await self._write(layer.outgoing())
                data = await self._recv(until)
                self.server_hello = (self.server_hello + data[:_HELLO])[:_HELLO]
                if not data:
                    self._broken("failed", "TLS: the handshake did not finish")
                    return b""
                layer.feed(data)
            await self._write(layer.outgoing())
        except TlsError as error:
            with contextlib.suppress(OSError):
                await self._write(layer.outgoing())
            self._broken("failed", f"TLS: {error}")
            return b""
        self.tls = layer
        self.spoke_tls = True
        return layer.certificate()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    async def _piece(self, until: float, limit: int) -> bytes:
        """Some bytes of the conversation; `b""`: none till then, or none any more."""
        if self.tls is None:
            return await self._recv(until)
        try:
            while True:
                plain = self.tls.decrypt(limit)
                if plain:
                    return plain
                if plain == b"":
                    self._broken("closed", "TLS: closed by the peer")
                    return b""
                await self._flush()
                data = await self._recv(until)
                if not data:
                    return b""
                self.tls.feed(data)
        except TlsError as error:
            self._broken("closed", f"TLS: {error}")
            return b""

    async def _recv(self, until: float) -> bytes:
        assert self._socket is not None
        if self.fault is not None:
            return b""
        if self.received >= MOST_BYTES:
            self._broken("closed", f"more than {MOST_BYTES >> 10} KiB: left")
            return b""
        await asyncio.sleep(0)  # sock_recv does not yield while bytes lie ready, and others have to live, too
        try:
            async with asyncio.timeout_at(until):
                data = await self._received()
        except TimeoutError:
            return b""
        except OSError as error:
            self._failed(error)
            return b""
        if not data and not self._udp:
            self._broken("closed", "closed by the peer")
        self.received += len(data)
        if len(self.raw_head) < 1024:
            self.raw_head += data[:1024]
        return data

    async def _received(self) -> bytes:
        assert self._socket is not None
        if self._elsewhere is None or self._elsewhere.source:
            return await self._loop.sock_recv(self._socket, 65535 if self._udp else _CHUNK)
        peer = ipaddress.ip_address(str(self._target[0]))
        while True:
            data, sender = await self._loop.sock_recvfrom(self._socket, 65535)
            if ipaddress.ip_address(sender[0].partition("%")[0]) == peer:
                return data
            await asyncio.sleep(0)  # somebody else's, of whom there may be no end

    async def _flush(self) -> None:
        assert self.tls is not None
        await self._write(self.tls.outgoing())

    async def _write(self, data: bytes) -> None:
        assert self._socket is not None
        if not data or self.fault is not None:
            return
        try:
            async with asyncio.timeout_at(self._deadline):
                if self._elsewhere is None:
                    await self._loop.sock_sendall(self._socket, data)
                else:
                    await self._loop.sock_sendto(self._socket, data, self._target)
        except TimeoutError:
            self._broken("timeout", "the peer takes no more bytes")
        except BrokenPipeError:
            # What the peer said before it closed may still lie in the receive buffer, so reading goes on.
            pass
        except OSError as error:
            self._failed(error)

    def _failed(self, error: OSError, connecting: bool = False) -> None:
        if error.errno in _OURS:
            raise NetworkFailed(f"this laptop's side of the network failed: {error.strerror}") from None
        if isinstance(error, ConnectionRefusedError):
            self._broken("refused", "refused" if connecting or not self._udp else "ICMP port unreachable")
        elif isinstance(error, ConnectionResetError):
            self._broken("reset", "reset by the peer")
        else:
            self._broken("failed", error.strerror or str(error))

    def _broken(self, fault: Fault, detail: str) -> None:
        if self.fault is None:
            self.fault, self.detail = fault, detail


def _socket(family: int, kind: int, host: str, vantage: Vantage, port: int = 0) -> socket.socket:
    """A socket that speaks from the vantage: on a laptop with two networks the other one would be another vantage."""
    made = socket.socket(family, kind)
    made.setblocking(False)
    if SO_BINDTODEVICE:
        with contextlib.suppress(PermissionError):
            made.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, vantage.interface.encode() + b"\0")
    own = vantage.address6 if family == socket.AF_INET6 else vantage.address
    if not own or (":" in own) != (family == socket.AF_INET6) or _link_local(own) or _link_local(host):
        own = ""
    try:
        if port:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if own or port:
            made.bind((own.partition("%")[0], port))
    except OSError:
        made.close()
        raise
    return made


def _link_local(address: str) -> bool:
    return address.lower().startswith(("fe8", "fe9", "fea", "feb")) and ":" in address


def _scope_id(host: str, scope: str, vantage: Vantage) -> int:
    if not _link_local(host):
        return 0
    return int(scope) if scope.isdecimal() else index_of(scope or vantage.interface)
