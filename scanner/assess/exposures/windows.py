"""SMB: version 1, and signing that is not required."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.assess.exposures.rule import Exposure, Host, Rule, Scene, told

_ONE = frozenset({"1", "1.0", "smb1", "nt lm 0.12", "cifs"})
_SPOKEN = frozenset({"enabled", "spoken", "offered", "yes", "supported", "nt lm 0.12"})


def _find(scene: Scene, host: Host) -> Iterator[Exposure]:
    for service in host.services:
        if told(service.raw("smb.dialect")) in _ONE or told(service.raw("smb1", "smb.v1")) in _SPOKEN:
            yield Exposure(
                "smb1", "weak-protocol", "high", "speaks SMB 1", "Turn SMB 1 off.", service,
                service.shown("smb1", "smb.v1", "smb.dialect"), subject="",
                replay="nmap -Pn -p {p} --script smb-protocols {a}",
            )  # fmt: skip
        if told(service.raw("smb.signing")) == "not-required":
            # Whoever relays a login to a server gets what it guards; of a workstation, less.
            guarded = host.critical or host.trust in ("critical", "management")
            yield Exposure(
                "smb-signing", "weak-protocol", "medium" if guarded else "low", "SMB signing is not required",
                "Require SMB signing (Windows: `RequireSecuritySignature`; Samba: `server signing = mandatory`).",
                service, service.shown("smb.signing", "smb.dialect"), subject="",
                replay="nmap -Pn -p {p} --script smb2-security-mode {a}",
            )  # fmt: skip


RULE = Rule(_find, frozenset({"smb.dialect", "smb1", "smb.v1", "smb.signing"}))
