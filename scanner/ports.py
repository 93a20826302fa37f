"""Which ports, and in which order: `--ports` in Nmap's syntax, and our own list for client networks.

The order of the list is a judgement, not a count of the Internet: what stands on a small business's network, first what
decides about segmentation and takeover (remote management, file sharing, databases, backups), then what carries
versions worth knowing, then the rest of the usual equipment (printers, cameras, phones, storage, hypervisors).
"""

from __future__ import annotations

from scanner.errors import BadInput
from scanner.model.addresses import ports_of
from scanner.model.base import Frozen

_TCP = (
    # management and file sharing
    "22,445,3389,443,80,23,21,139,135,5985,8080,8443,5900,5986,25,53,"
    # databases and caches
    "3306,5432,1433,6379,27017,1521,9200,11211,"
    # mail and directories
    "389,636,88,110,143,993,995,587,465,464,3268,3269,"
    # logs, backup, virtualisation, storage, containers
    "6514,514,902,8006,2049,111,873,9392,10000,5000,5001,2375,2376,6443,10250,2379,3260,6160,8200,9401,"
    # web consoles of appliances
    "8000,8888,81,88,4443,9443,10443,8081,8082,8083,8089,8090,8181,8008,8009,9090,9000,7443,7080,4433,"
    # printers, cameras, phones, remote support
    "515,631,9100,554,8554,37777,34567,5060,5061,2000,113,1720,5555,5938,7070,5902,5901,5800,2222,8291,8728,"
    # other services of servers and desktops
    "1883,8883,5672,15672,1723,1194,1080,3128,548,427,49152,49153,49154,49155,62078,1900,2869,5357,3000,3001,"
    "5601,9042,50000,50070,7001,7002,4848,8161,61616,9999,1099,1090,1098,4444,4445,5555,6000,6001,512,513,79,"
    "119,179,199,264,444,497,543,544,548,593,646,1025,1026,1027,1028,1029,1110,1433,1434,1494,2598,1583,1801,"
    "2101,2103,2105,2107,2121,2179,2383,2967,3050,3052,3283,3301,3333,3493,3689,3690,3702,4000,4022,4100,4567,"
    "4899,5003,5009,5051,5222,5269,5351,5353,5400,5405,5431,5480,5550,5632,5666,5722,5800,5986,6129,6346,6502,"
    "6646,6881,7000,7100,7547,7777,7778,8010,8031,8084,8085,8086,8088,8172,8222,8333,8384,8400,8444,8530,8531,"
    "8649,8800,8834,8843,8880,8899,9001,9002,9080,9091,9191,9192,9200,9300,9389,9418,9600,9876,9981,10001,10051,"
    "10162,11434,12000,12345,13722,15000,16992,16993,17988,17990,18080,19999,20005,21064,25565,27015,27018,28017,"
    "30000,31337,32400,32764,32768,33060,35500,41794,44443,47001,49156,49157,49158,50001,50050,51413,52869,54321,"
    "55443,60000,60020,64738,65000"
)
_UDP = "53,123,137,161,69,500,5060,1900,5353,111,514,623,1194,1434,3702,4500,37020,37810,5678,9999"


class Ports(Frozen, frozen=True):
    """Ports to ask, in the order of interest."""

    tcp: tuple[int, ...] = ()
    udp: tuple[int, ...] = ()


def frequent(text: str) -> tuple[int, ...]:
    """The list as ports, each once, in its order."""
    return tuple(dict.fromkeys(ports_of(text)))


TCP = frequent(_TCP)
UDP = frequent(_UDP)
DEFAULT = "top:200"


def parse_ports(spec: str) -> Ports:
    """`top:N`, `all`, `none`, or Nmap's `-p` syntax: `22,80,8000-8100,U:53,T:1-1024`, `-` for every port.

    `top:N` takes the first N of our TCP list (past its end the lowest other ports fill up) and a tenth as many of the
    UDP list, `all` every TCP port and that UDP list. BadInput names the part that cannot be read.
    """
    spec = spec.strip()
    if spec == "none":
        return Ports()
    if spec == "all":
        return Ports(tuple(range(1, 65536)), UDP)
    if spec.startswith("top:"):
        count = spec.removeprefix("top:")
        if not count.isdecimal() or len(count) > 5 or not 1 <= int(count) <= 65535:
            raise BadInput(f"--ports {spec}: write top:N with N from 1 to 65535, or all")
        ranked = tuple(dict.fromkeys((*TCP, *range(1, 65536)))) if int(count) > len(TCP) else TCP
        return Ports(ranked[: int(count)], UDP[: max(1, int(count) // 10)])
    found: dict[str, list[int]] = {"T": [], "U": []}
    protocol = "T"
    for part in spec.split(","):
        text = part.strip()
        if text[:2].upper() in ("T:", "U:"):
            protocol, text = text[0].upper(), text[2:]
        found[protocol].extend(_range(text, spec))
    return Ports(tuple(dict.fromkeys(found["T"])), tuple(dict.fromkeys(found["U"])))


def _range(text: str, spec: str) -> range:
    low, dash, high = text.partition("-")
    if (low.isdecimal() or (dash and not low)) and (high.isdecimal() or not high) and text:
        if len(low) > 5 or len(high) > 5:
            raise BadInput(f"--ports {spec[:40]}: a port has five digits at most")
        first = int(low or 1)
        last = int(high or 65535) if dash else first
        if 1 <= first <= last <= 65535:
            return range(first, last + 1)
    raise BadInput(f"--ports {spec}: {text!r} is no port or range; write 22,80,8000-8100,U:53, top:100, all or none")
