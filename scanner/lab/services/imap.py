"""An IMAP server; nobody can log in.

Options: `greeting` (all after `* OK `; default a capability list and `ready.`), `capability` (default
`IMAP4rev1 ID IDLE STARTTLS LOGINDISABLED`), `id` (a mapping that the command ID answers with; default none).
"""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker
from scanner.lab.services.lines import Reply, lines

_CAPABILITY = "IMAP4rev1 ID IDLE STARTTLS LOGINDISABLED"


def _start(options: Options) -> Conversation:
    capability = str(options.get("capability", _CAPABILITY))
    known = " ".join(f'"{key}" "{value}"' for key, value in dict(options.get("id", {})).items())

    def answer(line: str) -> Reply:
        tag, _, command = line.partition(" ")
        verb = command.split(" ")[0].upper()
        if not tag or not verb:
            return "* BAD Error in IMAP command\r\n", False
        if verb == "CAPABILITY":
            return f"* CAPABILITY {capability}\r\n{tag} OK Capability completed.\r\n", False
        if verb == "ID":
            return f"* ID {f'({known})' if known else 'NIL'}\r\n{tag} OK ID completed.\r\n", False
        if verb == "NOOP":
            return f"{tag} OK NOOP completed.\r\n", False
        if verb == "LOGOUT":
            return f"* BYE Logging out\r\n{tag} OK Logout completed.\r\n", True
        if verb in ("LOGIN", "AUTHENTICATE"):
            return f"{tag} NO [PRIVACYREQUIRED] Plaintext authentication disallowed.\r\n", False
        return f"{tag} BAD Error in IMAP command {verb}: Unknown command.\r\n", False

    return lines(f"* OK {options.get('greeting', f'[CAPABILITY {capability}] ready.')}\r\n", answer)


SERVICE = Speaker(title="IMAP", start=_start, options=("greeting", "capability", "id"))
