"""Subjects of the certificates that devices come with: on every device of a model, or each device's own."""

from __future__ import annotations

import re

SAME_ON_ALL = re.compile(
    r"(?x) ^(?i:localhost(?:\.localdomain)?)$ | ^(?i:TRAEFIK\ DEFAULT\ CERT)$ | ^Kubernetes\ Ingress\ Controller\ Fake"
    r"| ^FortiGate$ | ^192\.168\.168\.168$ | ^(?i:QNAP\ NAS)$ | ^(?i:synology(?:\.com)?)$ | ^(?i:unifi(?:\.local)?)$"
    r"| ^OPNsense | ^idracdefault | ^(?i:Plesk)$ | ^(?i:Vigor\ Router)$ | ^SonicWALL | ^MikroTik | ^(?i:ubnt)$"
    r"| ^(?i:(?:www\.)?hikvision\.com)$ | ^(?i:(?:www\.)?routerlogin\.(?:net|com))$ | ^Lantronix$ | ^WatchGuard$"
)
"""Names that say nothing of the one device: its key, too, may be the firmware's."""
EACH_ITS_OWN = re.compile(
    r"(?x) ^IOS-Self-Signed-Certificate- | ^FGT?[0-9A-Z]{10,}$ | ^UBNT- | ^pfSense-[0-9a-f]{8,} | ^idrac-"
    r"| ^ILO[0-9A-Z]{8,}$"
)
"""Names with a serial number or a random part: made on the device, and no other has it."""


def came_with_device(subject: str) -> bool:
    """Whether a device gave itself this name. A Windows or printer certificate with the host's own name is none."""
    return bool(SAME_ON_ALL.search(subject) or EACH_ITS_OWN.search(subject))
