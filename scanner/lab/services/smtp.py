"""An SMTP server. STARTTLS is refused, mail too.

Options: `greeting` (all after `220 `; default `mail.lab ESMTP`), `name` (what EHLO answers; default `mail.lab`),
`extensions` (a list; default `PIPELINING`, `SIZE 10240000`).
"""

from __future__ import annotations

from scanner.lab.services import Conversation, Options, Speaker
from scanner.lab.services.lines import Reply, lines


def _start(options: Options) -> Conversation:
    name = str(options.get("name", "mail.lab"))
    extensions = [str(each) for each in options.get("extensions", ("PIPELINING", "SIZE 10240000"))]

    def answer(line: str) -> Reply:
        verb = line[:4].upper().strip()
        if verb == "EHLO":
            said = [name, *extensions]
            marks = ["-"] * len(extensions) + [" "]
            return "".join(f"250{mark}{each}\r\n" for mark, each in zip(marks, said, strict=True)), False
        if verb == "HELO":
            return f"250 {name}\r\n", False
        if verb in ("NOOP", "RSET"):
            return "250 2.0.0 Ok\r\n", False
        if verb == "QUIT":
            return "221 2.0.0 Bye\r\n", True
        if verb == "MAIL":
            return "530 5.7.0 Authentication required\r\n", False
        if line.upper().startswith("STARTTLS"):
            return "454 4.7.0 TLS not available due to local problem\r\n", False
        return "502 5.5.2 Error: command not recognized\r\n", False

    return lines(f"220 {options.get('greeting', 'mail.lab ESMTP')}\r\n", answer)


SERVICE = Speaker(title="SMTP", start=_start, options=("greeting", "name", "extensions"))
