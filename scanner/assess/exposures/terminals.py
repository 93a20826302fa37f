"""Screens and shells: VNC without a password or without encryption, RDP without Network Level Authentication."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.assess.exposures.rule import Exposure, Service, each_service, told

_NO_LOGIN = 1
_UNENCRYPTED = frozenset({2, 16})
"""Security types of RFB after which everything goes in the clear: VNC authentication, and Tight."""


def _find(service: Service) -> Iterator[Exposure]:
    yield from _vnc(service)
    yield from _rdp(service)


def _vnc(service: Service) -> Iterator[Exposure]:
    kinds = service.raw("vnc.security") or b""
    if _NO_LOGIN in kinds or told(service.raw("vnc.auth")) == "none":
        yield Exposure(
            "vnc-open", "unauthenticated", "high", "VNC lets anybody in without a password",
            "Set a password for VNC, and reach it through SSH or a VPN only.", service,
            service.shown("vnc", "vnc.security", "vnc.auth"),
        )  # fmt: skip
    elif kinds and set(kinds) <= _UNENCRYPTED and not service.tls:
        yield Exposure(
            "vnc-cleartext", "cleartext", "low", "VNC carries the screen and the keyboard in the clear",
            "Require encryption of VNC (VeNCrypt, TLS), or reach it through SSH or a VPN only.", service,
            service.shown("vnc", "vnc.security"),
        )  # fmt: skip


def _rdp(service: Service) -> Iterator[Exposure]:
    """The server had Network Level Authentication offered, and chose less; or it takes who does not offer it."""
    chosen, wanted = told(service.raw("rdp.security")), told(service.raw("rdp.nla"))
    if wanted in ("required", "supported") or (not wanted and chosen not in ("rdp", "tls")):
        return
    if wanted and wanted not in ("none", "not-required", "optional"):
        return
    # Chosen when it was offered; beside the answer that it is not needed it would read as the opposite.
    kinds = ("rdp.nla", "rdp") if chosen == "nla" else ("rdp.nla", "rdp.security", "rdp")
    yield Exposure(
        "rdp-without-nla", "remote-access", "medium", "RDP without Network Level Authentication",
        "Require Network Level Authentication for Remote Desktop.", service,
        service.shown(*kinds), replay="nmap -Pn -p {p} --script rdp-enum-encryption {a}",
    )  # fmt: skip


RULE = each_service(_find, frozenset({"vnc.security", "vnc.auth", "rdp.security", "rdp.nla"}))
