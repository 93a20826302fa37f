"""Small topologies, each for a few behaviours of routers that do more than to route and filter."""

from __future__ import annotations

TRANSLATING = """
name: translating
title: A router that hides the users, forwards two ports and answers one everywhere
today: 2026-11-20
networks:
  - {name: user, subnets: [10.1.0.0/28, "fd01::/64"]}
  - {name: core, subnets: [10.2.0.0/28, "fd02::/64"]}
routers:
  - name: fw
    legs: {user: [10.1.0.1, "fd01::1"], core: [10.2.0.1, "fd02::1"]}
    forward:
      - {action: accept, from: user, to: core, services: [tcp/22, udp/53, icmp]}
      - {action: accept, from: user, to: "fd02::11", services: [tcp/443]}
    default: reject-rst
    local: [{action: accept, services: [tcp/23, icmp]}]
    masquerade: [core]
    forwards:
      - {at: 10.1.0.1, port: tcp/8443, to: 10.2.0.10, to_port: 443}
      - {at: 10.1.0.1, port: tcp/8022, to: 10.2.0.11, to_port: 22}
      - {at: 10.1.0.1, port: tcp/8023, to: 10.2.0.11, to_port: 23}
      - {at: 10.1.0.1, port: tcp/8099, to: 10.2.0.9, to_port: 22}
      - {at: "fd01::1", port: tcp/8443, to: "fd02::10", to_port: 443}
    everywhere: [{port: tcp/2000, speaks: banner, options: {text: "portal\\r\\n"}}]
    reset_ttl: 63
hosts:
  - name: web
    legs: {core: [10.2.0.10, "fd02::10"]}
    services: [{port: tcp/22, speaks: banner}, {port: tcp/443, speaks: banner}]
  - name: astray
    legs: {core: [10.2.0.11, "fd02::11"]}
    gateway: 10.2.0.12
    services: [{port: tcp/22, speaks: banner}, {port: tcp/443, speaks: banner}]
  - name: picky
    legs: {core: [10.2.0.12]}
    trusts: [10.2.0.1, 10.2.0.2]
    services: [{port: tcp/22, speaks: banner}]
  - {name: wary, legs: {core: [10.2.0.13]}, trusts: [user], services: [{port: tcp/22, speaks: banner}]}
  - {name: pc, legs: {user: [10.1.0.5]}, trusts: [core], services: [{port: tcp/22, speaks: banner}]}
site:
  client: Test
  site: lab
  zones: [{name: user, subnets: [10.1.0.0/28, "fd01::/64"]}, {name: core, subnets: [10.2.0.0/28, "fd02::/64"]}]
"""

PROXYING = """
name: proxying
title: A SYN proxy before a firewall
today: 2026-11-20
networks:
  - {name: user, subnets: [10.1.0.0/28, "fd01::/64"]}
  - {name: transit, subnets: [10.9.0.0/28, "fd09::/64"]}
  - {name: core, subnets: [10.2.0.0/28, "fd02::/64"]}
routers:
  - name: shield
    legs: {user: [10.1.0.1, "fd01::1"], transit: [10.9.0.1, "fd09::1"]}
    syn_proxy: [tcp/20-100]
    default: accept
  - name: fw
    legs: {transit: [10.9.0.2, "fd09::2"], core: [10.2.0.1, "fd02::1"]}
    forward:
      - {action: accept, from: user, to: core, services: [tcp/22, tcp/5432]}
      - {action: reject-admin, from: user, to: core, services: [tcp/445, icmp]}
      - {action: reject-rst, from: user, to: core, services: [tcp/446]}
    default: drop
hosts:
  - name: web
    legs: {core: [10.2.0.10, "fd02::10"]}
    services: [{port: tcp/22, speaks: banner}, {port: tcp/80, speaks: banner}, {port: tcp/5432, speaks: banner}]
site:
  client: Test
  site: lab
  zones: [{name: user, subnets: [10.1.0.0/28, "fd01::/64"]}, {name: core, subnets: [10.2.0.0/28, "fd02::/64"]}]
"""

ISOLATING = """
name: isolating
title: Clients that only see their router, which answers ARP for all of them
today: 2026-11-20
networks: [{name: guest, subnets: [10.1.0.0/28], isolated: true}, {name: core, subnets: [10.2.0.0/28]}]
routers:
  - name: fw
    legs: {guest: [10.1.0.1], core: [10.2.0.1]}
    proxy_arp: [guest]
    forward:
      - {action: accept, from: guest, to: guest, services: [tcp/22, icmp]}
      - {action: reject-admin, from: guest, to: guest, services: [tcp/23]}
      - {action: accept, from: core, to: guest, services: [tcp/22]}
hosts:
  - {name: phone, legs: {guest: [10.1.0.5]}, services: [{port: tcp/22, speaks: banner}, {port: tcp/80, speaks: banner}]}
  - {name: watch, legs: {guest: [10.1.0.6]}, ping: false}
  - {name: server, legs: {core: [10.2.0.10]}, services: [{port: tcp/22, speaks: banner}]}
site:
  client: Test
  site: lab
  zones: [{name: guest, subnets: [10.1.0.0/28], isolated: true}, {name: core, subnets: [10.2.0.0/28]}]
"""
