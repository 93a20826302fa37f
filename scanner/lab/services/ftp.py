"""An FTP server's control connection; nobody can log in.

Options: `greeting` (all after `220 `; default `(vsFTPd 3.0.5)`), `anonymous` (true: lets `anonymous` in, for SYST).
"""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker
from scanner.lab.services.lines import Reply, lines


def _start(options: Options) -> Conversation:
    user = ""
    inside = False

    def answer(line: str) -> Reply:
        nonlocal user, inside
        verb, _, rest = line.partition(" ")
        verb = verb.upper()
        if verb == "USER":
            user = rest
            return "331 Please specify the password.\r\n", False
        if verb == "PASS":
            inside = bool(options.get("anonymous")) and user in ("anonymous", "ftp")
            return ("230 Login successful.\r\n" if inside else "530 Login incorrect.\r\n"), False
        if verb == "FEAT":
            return "211-Features:\r\n EPSV\r\n PASV\r\n UTF8\r\n211 End\r\n", False
        if verb == "QUIT":
            return "221 Goodbye.\r\n", True
        if verb == "SYST" and inside:
            return "215 UNIX Type: L8\r\n", False
        if verb == "AUTH":
            return "530 Please login with USER and PASS.\r\n", False
        return ("502 Command not implemented.\r\n" if inside else "530 Please login with USER and PASS.\r\n"), False

    return lines(f"220 {options.get('greeting', '(vsFTPd 3.0.5)')}\r\n", answer)


SERVICE = Speaker(title="FTP", start=_start, options=("greeting", "anonymous"))
