"""A process of its own for python-nmap, which blocks until Nmap ends and offers no way to stop it.

Reads one JSON line `{"hosts", "ports", "arguments"}`, writes Nmap's XML as it came to stdout and its complaints to
stderr. It leads a process group, so that whoever started it ends Nmap with it; when its stdin closes, as it does when
that one was killed, it ends the group itself.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading

import nmap

NOT_INSTALLED = 3


def main() -> int:
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        scanner = nmap.PortScanner()
    except nmap.PortScannerError:
        return NOT_INSTALLED
    try:
        found = scanner.scan(request["hosts"], request["ports"], request["arguments"])
        complaints = found["nmap"]["scaninfo"].get("error", [])
    except (nmap.PortScannerError, AttributeError) as error:
        # Its own reading of the XML failed (AttributeError: no closing statistics); ours may still succeed.
        complaints = [str(error)]
    output = scanner.get_nmap_last_output()
    sys.stdout.buffer.write(output if isinstance(output, bytes) else output.encode())
    sys.stdout.buffer.flush()
    print("\n".join(dict.fromkeys(map(str, complaints))), file=sys.stderr, flush=True)  # noqa: T201
    return 0


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    os._exit(main())  # the thread still waits on stdin; an orderly exit would wait for it
