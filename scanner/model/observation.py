"""Facts: one observation is one thing that one probe saw. They are stored; everything else is computed from them.

`at` is seconds since the epoch, by the laptop's clock. Observations are a tagged union (`kind` in JSON).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from scanner.model.addresses import AddressSet
from scanner.model.base import Frozen, Port, Transport

State = Literal["open", "closed", "rejected", "unreachable", "silent"]
"""What came back, before anybody judges it.

open         SYN-ACK, completed connect, UDP payload, echo reply
closed       RST, or ICMP port-unreachable (whoever sent it: `source` and `ttl` say)
rejected     ICMP administratively prohibited (IPv4 type 3 code 9, 10, 13; IPv6 type 1 code 1, 5, 6)
unreachable  ICMP network or host unreachable, time exceeded
silent       nothing, after `tries` tries
"""


Via = str
"""How a probe was dressed, so that another rule of a fence may let it pass: a flow of its own.

""             plainly
sport-N        from source port N (53, 20, 88, 123), which a careless rule trusts
fragments      in IP fragments
by-ADDRESS     handed to that neighbour of the own link instead of to the router
"""


class HostSeen(Frozen, frozen=True, tag="host", tag_field="kind"):
    """An address gave a sign of life to this vantage."""

    address: str
    how: Literal[
        "arp",
        "ndp",
        "echo-reply",
        "icmp-error",
        "tcp",
        "udp",
        "mdns",
        "llmnr",
        "netbios",
        "neighbour-table",
        "named",
        "gateway",
        "self",
    ]
    """`gateway`: the next hop out of this zone answered ARP or NDP. `self`: the laptop's own address. `named`: no sign
    of life, but what somebody else (a DNS server, a neighbour) calls an address that gave one."""
    at: float
    mac: str | None = None
    """`aa:bb:cc:dd:ee:ff`; only ever of a host on the vantage's own link."""
    ttl: int | None = None
    rtt_ms: float | None = None
    names: tuple[str, ...] = ()
    said_by: str | None = None
    """Who gave the names, where it was not the host: `dns 10.20.20.53`."""


class PortState(Frozen, frozen=True, tag="port", tag_field="kind"):
    """What ports of one address answered. Equal answers are one row: `ports` is a ranges text (`1-21,23`)."""

    address: str
    transport: Transport
    ports: str
    state: State
    reason: str
    """The packet: `syn-ack`, `rst`, `udp-reply`, `echo-reply`, `connected`, `refused`, `no-response`,
    or `icmp-TYPE-CODE` / `icmp6-TYPE-CODE`."""
    at: float
    ttl: int | None = None
    """TTL or hop limit of the answer as it arrived; None where the engine cannot see it (connect)."""
    source: str | None = None
    """Who answered. None where the engine cannot see it; differs from `address` for a router's ICMP error."""
    window: int | None = None
    """TCP window of a SYN-ACK or RST."""
    rtt_ms: float | None = None
    """Of the last probe that was answered; the slowest of a row of several ports."""
    tries: int = 1
    via: Via = ""
    """How it was asked, if not plainly."""


class Alive(Frozen, frozen=True, tag="alive", tag_field="kind"):
    """All of these addresses gave the same answer to a discovery probe: the bulk of a sweep in one row."""

    addresses: str
    """A ranges text."""
    transport: Transport
    port: Port
    """For icmp the type of the request."""
    reason: str
    at: float
    ttl: int | None = None
    rtt_ms: float | None = None
    """The slowest."""
    tries: int = 1

    def rows(self) -> Iterator[PortState | HostSeen]:
        """The same, an address at a time: an answered ping is a flow, any other answer a sign of life."""
        for each in AddressSet.parse(self.addresses):
            if self.reason in ("echo-reply", "timestamp-reply"):
                yield PortState(
                    each, "icmp", str(self.port), "open", self.reason, self.at, self.ttl, each, None, self.rtt_ms,
                    self.tries,
                )  # fmt: skip
            else:
                how = "icmp-error" if self.transport == "icmp" else self.transport
                yield HostSeen(each, how, self.at, None, self.ttl, self.rtt_ms)


class Silence(Frozen, frozen=True, tag="silence", tag_field="kind"):
    """None of these addresses answered anything on any of these ports: the bulk of a sweep in one row."""

    addresses: str
    """A ranges text: `10.0.0.2-10.0.0.9,10.0.0.11`."""
    transport: Transport
    ports: str
    tries: int
    at: float
    via: Via = ""

    @property
    def solicited(self) -> bool:
        """Whether it is of IPv6 addresses on the own link that were guessed, and where nobody is: no flow."""
        return self.transport == "icmp" and self.ports == SOLICITATION


SOLICITATION = "135"
"""The ICMPv6 type of a neighbour solicitation."""


class Arrival(Frozen, frozen=True, tag="arrival", tag_field="kind"):
    """A canary on the far side saw signed probes of ours arrive. Equal arrivals are one row."""

    address: str
    """Where they arrived: an address of the canary's own."""
    transport: Transport
    ports: str
    """As they arrived, a ranges text; for icmp the type."""
    nonce: str
    """`Scan.nonce` of the scan that sent them."""
    source: str
    """Whom they came from, as the canary saw it: another address than the vantage's was translated on the way."""
    how: Literal["packet", "connection"]
    """`packet`: seen on the link, whatever became of it. `connection`: accepted, and the far side signed its data, so
    that the way back is open, too."""
    at: float
    via: Via = ""
    asked: str = ""
    """The port as it was asked, where the fence translated it."""


class Listening(Frozen, frozen=True, tag="listening", tag_field="kind"):
    """A canary listened on these ports from `since` to `at`, and its own link worked at `at`. The newest row of equal
    `since` counts."""

    addresses: str
    transport: Transport
    ports: str
    how: Literal["packets", "sockets"]
    """`packets`: sees whatever arrives. `sockets`: a TCP probe whose answer is lost on the way back is not seen."""
    since: float
    at: float


class Reading(Frozen, frozen=True, cache_hash=True):
    """A piece of a conversation worth identifying: `kind` as `scanner.identify.identify` takes it, the bytes raw."""

    kind: str
    raw: bytes


Outcome = Literal["answered", "silent", "reset", "refused", "timeout", "failed", "withheld"]
"""How a conversation went. `withheld`: nothing may be written to this port, and nothing was sent."""


class Conversation(Frozen, frozen=True, tag="conversation", tag_field="kind"):
    """One probe talked, or tried to, with one open port."""

    address: str
    transport: Transport
    port: Port
    probe: str
    outcome: Outcome
    at: float
    readings: tuple[Reading, ...] = ()
    tls: bool = False
    detail: str = ""
    received: int = 0
    """Bytes that the far side sent: proof that a handshake was more than a SYN proxy's."""


class Refused(Frozen, frozen=True, tag="refused", tag_field="kind"):
    """The plan left something out or the guard stopped it: nothing was sent. Coverage names it."""

    addresses: str
    transport: Transport
    ports: str
    reason: str
    at: float


class Limitation(Frozen, frozen=True, tag="limitation", tag_field="kind"):
    """Something that this session could not see at all (no raw socket: no TTL, no ICMP). Coverage names it."""

    what: str
    reason: str
    at: float


MISSING = "arrivals beyond what is kept"
"""`Limitation.what` where a canary kept nothing of what arrived from then on, until it ended."""
SHUT_OUT = "whether silence after the port scan is the fence's"
"""`Limitation.what` where the laptop lost what it reached before: a ban or a pulled cable looks like a fence."""


UNSIGNED = "TCP probes that reach a canary and whose answer is lost on the way back"
"""`Limitation.what` of a scan whose SYNs could not be signed: that a canary saw none proves nothing."""


NOT_CAPTURED = "packets are missing from the capture"
"""`Limitation.what` of evidence that is incomplete: what was asked and answered is known all the same."""


class Progress(Frozen, frozen=True, tag="progress", tag_field="kind"):
    """How far a stage is. Never journalled; screens and the log draw it."""

    stage: Literal["sweep", "knock", "converse"]
    done: int
    total: int
    at: float
    rate: float = 0.0
    """Packets a second, over the last while."""
    round: int = 0
    """Which time it is that what has not answered is asked, from 1; 0 where that is not counted."""
    about: str = ""
    """Who is asked, in a few words: a zone's name, the canary."""
    unit: str = ""
    """The unit of work that this is of, as `Outlook` and the journal name it."""


class Work(Frozen, frozen=True):
    """A unit of the port scan."""

    unit: str
    questions: tuple[tuple[str, int], ...]
    """How many ports of how many addresses are asked in each zone; zone `""` for addresses of none."""
    done: bool = False
    """Done before, by the scan that is gone on with."""


class Outlook(Frozen, frozen=True, tag="outlook", tag_field="kind"):
    """The port scan's units, as soon as it is known who is there. Never journalled; it tells how much is to come."""

    units: tuple[Work, ...]
    at: float


Observation = HostSeen | PortState | Alive | Silence | Conversation | Refused | Limitation | Arrival | Listening
Event = Observation | Progress | Outlook


class Vantage(Frozen, frozen=True):
    """Where the laptop stood."""

    zone: str
    interface: str
    address: str
    """The interface's address inside the zone."""
    address6: str | None = None


class Item(Frozen, frozen=True, array_like=True):
    """One piece of software that an inventory names."""

    name: str
    """As the inventory writes it: a package's name, or what Windows shows among the installed programs."""
    version: str = ""
    """Of a Debian package whole; of an RPM with its epoch where the inventory shows epochs (`0:` included)."""
    vendor: str = ""
    distro: str = ""
    """Who built it, where that is known: `debian:12`, `el:8`, `windows`."""
    package: bool = False
    """Whether name and version are a package's of that distribution, so that its advisories hold for it."""
    source: str = ""
    """The source package that it was built from, where the inventory says."""


class Shown(Frozen, frozen=True, array_like=True):
    """What another scanner made of a service: the `<service>` element of Nmap's XML."""

    transport: Transport
    port: Port
    raw: bytes


class Installed(Frozen, frozen=True, tag="installed", tag_field="kind"):
    """What one inventory says of one machine. Nobody stood anywhere to see it: it belongs to no vantage."""

    names: tuple[str, ...]
    addresses: tuple[str, ...]
    macs: tuple[str, ...]
    """`aa:bb:cc:dd:ee:ff`."""
    source: str
    """The file's name and its format: `servers.csv (RMM export)`."""
    format: str
    """`rmm-csv`: of several inventories of a machine the newest of each format counts."""
    taken: float
    """When the machine was asked: seconds since the epoch."""
    items: tuple[Item, ...] = ()
    os: str = ""
    os_version: str = ""
    shown: tuple[Shown, ...] = ()
    """Not installed, but seen over the network, by somebody who does not say from where."""


Purpose = Literal["scan", "verify", "canary", "inventory", "import"]
"""`verify` asks again what one finding rests on, and leaves open what it did not ask; `canary` only listens;
`inventory` is a file that was imported, and no session; `import` is another tool's session that asked a part of what a
scan asks: it adds answers, and neither shows who is there nor takes the place of a scan."""


class Scan(Frozen, frozen=True):
    """One vantage session: its observations belong to it in the store."""

    id: str
    vantage: Vantage
    engine: str
    plan: str
    """Digest of the plan; `--resume` goes on with the same plan only."""
    started: float
    ended: float | None = None
    complete: bool = False
    version: str = ""
    purpose: Purpose = "scan"
    nonce: str = ""
    """What its probes to a canary are signed with: 4 hexadecimal digits; empty where none was asked."""


class Session(Frozen, frozen=True):
    """A scan with what it saw: what `assess` takes, one for each vantage session."""

    scan: Scan
    observations: tuple[Observation, ...]
