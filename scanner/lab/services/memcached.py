"""A memcached server's text protocol: `version`, `stats`, empty answers to `get`.

Options: `version` (default `1.6.18`).
"""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker
from scanner.lab.services.lines import Reply, lines


def _start(options: Options) -> Conversation:
    version = str(options.get("version", "1.6.18"))

    def answer(line: str) -> Reply:
        verb = line.split(" ")[0]
        if verb == "version":
            return f"VERSION {version}\r\n", False
        if verb == "stats":
            return f"STAT pid 1\r\nSTAT uptime 86400\r\nSTAT version {version}\r\nEND\r\n", False
        if verb in ("get", "gets"):
            return "END\r\n", False
        return ("", True) if verb == "quit" else ("ERROR\r\n", False)

    return lines("", answer)


SERVICE = Speaker(title="memcached", start=_start, options=("version",))
