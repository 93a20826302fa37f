"""The lab's one process: furnishes every namespace, then speaks for every host.

`python -m scanner.lab.serve` reads a Plan as one line of JSON from its standard input, and writes one line to its
standard output: `{}` when every address answers and every port listens, or `{"failed": "<one sentence>"}`.
A socket stays in the namespace where it was made, so one event loop serves them all. Unless the lab is persistent, the
process ends when its standard input does: however the owner dies, the kernel closes that pipe (a parent-death signal
would also come when no more than the thread that started us ended).
"""

from __future__ import annotations

import asyncio
import fcntl
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from scanner.errors import FencewalkError, NetworkFailed
from scanner.lab.blueprint import OURS, Room
from scanner.lab.kernel import enter, entering, tool
from scanner.lab.services import Conversation, speak
from scanner.lab.topology import Service

_SIOCGIFFLAGS = 0x8913
_IFF_RUNNING = 0x40
_UP_WITHIN = 5.0
_IDLE = 120.0
"""Seconds after which a client that says nothing is hung up on."""


class Plan(msgspec.Struct, frozen=True):
    rooms: tuple[Room, ...]
    links: tuple[str, ...]
    persistent: bool = False


class Answer(msgspec.Struct, frozen=True):
    failed: str = ""


class Listener(msgspec.Struct, frozen=True):
    socket: socket.socket
    service: Service
    owner: str


def furnish(plan: Plan) -> list[Listener]:
    """Settings, links, addresses, routes and filters of every namespace, and every socket bound. NetworkFailed."""
    listeners: list[Listener] = []
    links: list[tuple[socket.socket, str]] = []
    with entering():
        for room in plan.rooms:
            enter(room.namespace)
            for path, value in room.settings.items():
                _set(Path("/proc/sys", path), value)
    _run([tool("ip"), "-batch", "-"], "\n".join(plan.links), "veth pairs")
    with entering():
        for room in plan.rooms:
            enter(room.namespace)
            _run([tool("ip"), "-batch", "-"], "\n".join(room.commands), room.namespace)
            for path, value in room.later.items():
                _set(Path("/proc/sys", path), value)
            if room.ruleset:
                _run([tool("nft"), "-f", "-"], room.ruleset, room.namespace)
            for service in room.services:
                listeners += _listen(room, service)
            asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            links += [(asking, name) for _, name in socket.if_nameindex() if name.startswith(OURS)]
    _wait_until_up(links)
    # A switch opens a port by itself when its link comes up, so it can be closed only now.
    with entering():
        for room in plan.rooms:
            if room.unplugged:
                enter(room.namespace)
                lines = [f"link set dev {port} state 0" for port in room.unplugged]
                _run([tool("bridge"), "-batch", "-"], "\n".join(lines), room.namespace)
    return listeners


def _set(path: Path, value: str) -> None:
    try:
        path.write_text(value)
    except FileNotFoundError:  # this kernel has no such thing, so it cannot disturb either
        return


def _run(argv: list[str], text: str, where: str) -> None:
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise NetworkFailed(f"the lab could not be raised: {argv[0]} in {where}: {said}")


def _listen(room: Room, service: Service) -> list[Listener]:
    """TCP on every address at once. UDP on each for itself, so that the answer comes from the address asked."""
    made = []
    if service.transport == "tcp":
        wanted = [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]
        kind = socket.SOCK_STREAM
    else:
        wanted = [(socket.AF_INET6 if ":" in each else socket.AF_INET, each) for each in room.addresses]
        kind = socket.SOCK_DGRAM
    for family, address in wanted:
        sock = socket.socket(family, kind)
        sock.setblocking(False)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((address, service.number))
        except OSError as error:
            raise NetworkFailed(
                f"the lab could not be raised: {room.owner} cannot listen on {service.port}: {error.strerror}"
            ) from None
        if kind == socket.SOCK_STREAM:
            sock.listen(1024)
        made.append(Listener(sock, service, room.owner))
    return made


def _wait_until_up(links: list[tuple[socket.socket, str]]) -> None:
    """The kernel takes a moment from "set up" to "carries frames"; what is sent before that is lost."""
    deadline = time.monotonic() + _UP_WITHIN
    waiting = links
    while True:
        waiting = [(sock, name) for sock, name in waiting if not _running(sock, name)]
        if not waiting:
            break
        if time.monotonic() > deadline:
            raise NetworkFailed(f"the lab could not be raised: {len(waiting)} of its links do not come up")
        time.sleep(0.01)
    for sock, _ in links:
        sock.close()


def _running(sock: socket.socket, name: str) -> bool:
    reply = fcntl.ioctl(sock, _SIOCGIFFLAGS, struct.pack("16sh22x", name.encode(), 0))
    return bool(struct.unpack_from("H", reply, 16)[0] & _IFF_RUNNING)


async def serve(listeners: list[Listener], persistent: bool, ready: Callable[[], None]) -> None:
    """Speak on every socket until the owner goes; `ready` is called once all are listening."""
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    servers = []
    for each in listeners:
        if each.service.transport == "tcp":
            secure = _tls(each) if each.service.tls else None
            servers.append(await asyncio.start_server(_handler(each.service), sock=each.socket, ssl=secure))
        else:
            loop.add_reader(each.socket, _answer_datagram, each)
    if not persistent:
        loop.add_reader(sys.stdin.fileno(), gone.set)
    ready()
    await gone.wait()


def _handler(service: Service) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _converse(speak(service), reader, writer)
        except (OSError, TimeoutError):  # the client went away, or broke TLS: its own business
            return
        finally:
            writer.close()

    return handle


async def _converse(conversation: Conversation, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        said = next(conversation)
        while True:
            while said:
                writer.write(said)
                said = conversation.send(b"")
            await writer.drain()
            chunk = await asyncio.wait_for(reader.read(65536), _IDLE)
            if not chunk:
                return
            said = conversation.send(chunk)
    except StopIteration:
        await writer.drain()


def _answer_datagram(listener: Listener) -> None:
    try:
        data, sender = listener.socket.recvfrom(65535)
        conversation = speak(listener.service)
        next(conversation)
        said = conversation.send(data)
        if said:
            listener.socket.sendto(said, sender)
    except (OSError, StopIteration):  # nobody there any more, or no answer
        return


def _tls(listener: Listener) -> ssl.SSLContext:
    from scanner.lab.certificates import credential

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:  # the ssl module reads certificates from files only
        file.write(credential(listener.owner, listener.service).pem)
        file.flush()
        context.load_cert_chain(file.name)
    return context


def main() -> int:
    plan = msgspec.json.decode(sys.stdin.buffer.readline(), type=Plan)
    try:
        listeners = furnish(plan)
        asyncio.run(serve(listeners, plan.persistent, lambda: _say(Answer())))
    except FencewalkError as error:
        _say(Answer(failed=str(error)))
        return 1
    except OSError as error:
        _say(Answer(failed=f"the lab could not be raised: {error}"))
        return 1
    return 0


def _say(answer: Answer) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
