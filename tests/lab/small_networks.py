"""Small topologies, each for a few behaviours of routers and hosts."""

from __future__ import annotations


class NoWait:
    """A pace that never waits: nothing is sent."""

    rate = 1e6

    def take(self, packets: int) -> None:
        pass


TWO_ZONES = """
name: two-zones
title: Two zones and a firewall
today: 2026-11-20
networks:
  - {name: user, subnets: [10.1.0.0/24, "fd01::/64"]}
  - {name: core, subnets: [10.2.0.0/24, "fd02::/64"]}
routers:
  - name: fw
    legs: {user: [10.1.0.1, "fd01::1"], core: [10.2.0.1, "fd02::1"]}
    forward:
      - {action: accept, from: user, to: 10.2.0.10, services: [tcp/22, tcp/80, udp/53, udp/54, udp/123, icmp]}
      - {action: accept, from: user, to: "fd02::10", services: [any]}
      - {action: accept, from: user, to: 10.2.0.99, services: [tcp/22]}
      - {action: accept, from: user, to: "fd02::99", services: [tcp/22]}
      - {action: accept, from: user, to: 10.2.0.11, services: [any]}
      - {action: accept, to: core, services: [tcp/443], source_port: 53}
      - {action: accept, to: 10.2.0.10, services: [tcp/8080], family: ip6}
      - {action: reject-rst, to: core, services: [tcp/113, udp/113]}
      - {action: reject-admin, to: core, services: [tcp/135-139, icmp]}
      - {action: reject-host, to: core, services: [tcp/445]}
    local:
      - {action: accept, services: [tcp/22, tcp/23, icmp]}
      - {action: reject-admin, services: [tcp/24]}
    services: [{port: tcp/22, speaks: banner}]
hosts:
  - name: web
    legs: {core: [10.2.0.10, "fd02::10"]}
    mac: "00:11:22:33:44:55"
    services:
      - {port: tcp/22, speaks: banner}
      - {port: udp/53, speaks: banner, options: {wait: true}}
      - {port: udp/123, speaks: silent}
  - {name: hidden, legs: {core: [10.2.0.11]}, ping: false, closed: drop, services: [{port: tcp/22, speaks: banner}]}
  - {name: pc, legs: {user: [10.1.0.20]}}
site:
  client: Test
  site: lab
  zones: [{name: user, subnets: [10.1.0.0/24, "fd01::/64"]}, {name: core, subnets: [10.2.0.0/24, "fd02::/64"]}]
"""


STATELESS = TWO_ZONES.replace("    forward:\n", "    stateful: false\n    forward:\n")

DUAL_HOMED = """
name: dual-homed
title: A host with a leg on both sides
today: 2026-11-20
networks: [{name: user, subnets: [10.1.0.0/24]}, {name: core, subnets: [10.2.0.0/24]}]
routers:
  - name: fw
    legs: {user: [10.1.0.1], core: [10.2.0.1]}
    forward:
      - {action: accept, from: user, to: 10.2.0.7, services: [tcp/22]}
      - {action: accept, from: core, to: 10.1.0.7, services: [tcp/22]}
      - {action: accept, from: user, to: 10.2.0.8, services: [tcp/22]}
hosts:
  - {name: both, legs: {user: [10.1.0.7], core: [10.2.0.7]}, services: [{port: tcp/22, speaks: banner}]}
  - {name: lost, legs: {core: [10.2.0.8]}, gateway: 10.2.0.7, services: [{port: tcp/22, speaks: banner}]}
site:
  client: Test
  site: lab
  zones: [{name: user, subnets: [10.1.0.0/24]}, {name: core, subnets: [10.2.0.0/24]}]
"""


CHAIN = """
name: chain
title: Three segments in a row, and a shortcut back
today: 2026-11-20
networks:
  - {name: a, subnets: [10.1.0.0/24]}
  - {name: b, subnets: [10.2.0.0/24]}
  - {name: c, subnets: [10.3.0.0/24]}
routers:
  - {name: r1, legs: {b: [10.2.0.1], a: [10.1.0.1]}, default: accept}
  - name: r2
    legs: {b: [10.2.0.2], c: [10.3.0.1]}
    forward:
      - {action: reject-admin, to: 10.3.0.9}
      - {action: reject-rst, to: 10.3.0.8}
    default: accept
    local_default: accept
  - {name: r3, legs: {c: [10.3.0.3], a: [10.1.0.3]}, DEFAULT}
hosts:
  - {name: far, legs: {c: [10.3.0.10]}, services: [{port: tcp/22, speaks: banner}], GATEWAY}
site:
  client: Test
  site: lab
  zones: [{name: a, subnets: [10.1.0.0/24]}, {name: c, subnets: [10.3.0.0/24]}]
"""


def chain(shortcut: str, gateway: str = "10.3.0.1") -> str:
    """`shortcut`: more keys of r3; `gateway`: of the far host, r2 or r3."""
    return CHAIN.replace("DEFAULT", shortcut).replace("GATEWAY", f"gateway: {gateway}")


SERVICES = """
name: services
title: One host of many protocols, some where nobody expects them
today: 2026-11-20
networks: [{name: lan, subnets: [10.1.0.0/24]}]
hosts:
  - name: busy
    legs: {lan: [10.1.0.5]}
    services:
      - {port: tcp/21, speaks: ftp}
      - {port: tcp/22, speaks: ssh, options: {key: busy}}
      - {port: tcp/23, speaks: telnet, options: {banner: "hello\\r\\n"}}
      - {port: tcp/25, speaks: smtp}
      - {port: tcp/80, speaks: http, options: {server: nginx/1.18.0}}
      - {port: tcp/443, speaks: http, tls: true, options: {cn: busy.example}}
      - {port: tcp/445, speaks: silent}
      - {port: tcp/515, speaks: banner}
      - {port: tcp/993, speaks: imap, tls: true}
      - {port: tcp/2222, speaks: ssh}
      - {port: tcp/3306, speaks: mysql}
      - {port: tcp/3389, speaks: rdp}
      - {port: tcp/5432, speaks: postgres}
      - {port: tcp/6379, speaks: redis}
      - {port: tcp/6380, speaks: redis, options: {auth: true}}
      - {port: tcp/8000, speaks: http, tls: true}
      - {port: tcp/8443, speaks: http}
      - {port: tcp/9100, speaks: jetdirect}
      - {port: tcp/12345, speaks: garbage, options: {close: true}}
      - {port: tcp/12346, speaks: banner, options: {hex: "", close: true}}
      - {port: udp/53, speaks: dns, options: {version: "9.18.24"}}
      - {port: udp/123, speaks: silent}
      - {port: udp/5060, speaks: sip}
site:
  client: Test
  site: lab
  zones: [{name: lan, subnets: [10.1.0.0/24]}]
"""
