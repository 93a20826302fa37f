"""A POP3 server; nobody can log in.

Options: `greeting` (all after `+OK `; default `ready.`), `capabilities` (a list that CAPA answers with).
"""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker
from scanner.lab.services.lines import Reply, lines

_CAPABILITIES = ("CAPA", "TOP", "UIDL", "USER")


def _start(options: Options) -> Conversation:
    capabilities = [str(each) for each in options.get("capabilities", _CAPABILITIES)]

    def answer(line: str) -> Reply:
        verb = line.split(" ")[0].upper()
        if verb == "CAPA":
            return "".join(f"{each}\r\n" for each in ("+OK", *capabilities, ".")), False
        if verb == "USER":
            return "+OK\r\n", False
        if verb == "PASS":
            return "-ERR [AUTH] Authentication failed.\r\n", False
        if verb == "QUIT":
            return "+OK Logging out.\r\n", True
        return "-ERR Unknown command.\r\n", False

    return lines(f"+OK {options.get('greeting', 'ready.')}\r\n", answer)


SERVICE = Speaker(title="POP3", start=_start, options=("greeting", "capabilities"))
