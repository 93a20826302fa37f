"""Where a link leads: the path on this very host, port and scheme, or nowhere that we go."""

from __future__ import annotations

import re

from scanner.model.probe import Peer
from scanner.probes.http_message import authority

_TARGET = re.compile(
    rb"(?:(?P<scheme>[A-Za-z]{1,8}:)?//(?P<authority>[!-.0-~]{1,300}))?(?P<path>[!\"$-~][!-\"$-~]{0,1000})?(?:#.{0,1000})?"
)
"""A link: its fragment stays here, and a space or a control character makes it none."""


def here(link: bytes, peer: Peer, tls: bool, page: str = "/") -> str:
    """The path that a link on `page` leads to on this very host and port, `""` if it leads away or nowhere."""
    found = _TARGET.fullmatch(link)
    if found is None:
        return ""
    named, path = found["authority"], (found["path"] or b"").decode()
    if named is None:
        # A word with a colon in it may be a scheme that we do not speak.
        return path if path.startswith("/") else "" if ":" in path.partition("?")[0] else _beside(page, path)
    scheme = b"https:" if tls else b"http:"
    host = peer.address.partition("%")[0]
    with_port = f"[{host}]:{peer.port}" if ":" in host else f"{host}:{peer.port}"
    same = named.decode().lower() in (authority(peer, 443 if tls else 80).lower(), with_port.lower())
    return path or "/" if same and (found["scheme"] or scheme).lower() == scheme else ""


def _beside(page: str, path: str) -> str:
    """A relative path as a whole one. It cannot lead above the root."""
    if path.startswith("?") or not path:
        return page.partition("?")[0] + path
    plain, mark, query = path.partition("?")
    steps = page.partition("?")[0].split("/")[1:-1]
    for step in plain.split("/"):
        if step == "..":
            del steps[-1:]
        elif step != ".":
            steps.append(step)
    return "/" + "/".join(steps) + mark + query
