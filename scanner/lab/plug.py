"""Where the laptop is plugged in: a shell script that the lab's commands run through. Pure text."""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote

from scanner.lab.blueprint import Port

_FRAME = """\
# plug ZONE... -- [COMMAND...]
# Opens the laptop's switch port in each ZONE, closes it in every other zone where nothing runs, and becomes COMMAND.
# A closed port is noticed at once where a laptop would else be remembered: its neighbour entries go with it.
# One at a time: between a look at a zone where nothing runs and the closing of its port, a command could begin there.
ip={ip}
bridge={bridge}
mark={mark}
wanted=' '
while [ "$1" != -- ]; do wanted="$wanted$1 "; shift; done
shift
visit() {{ # zone laptop switch port
  case "$wanted" in
  *" $1 "*)
    $bridge -n "$3" link set dev "$4" state 3 || exit 1
    : > "$mark.plugged-$1" ;;
  *)
    [ -e "$mark.plugged-$1" ] || return 0
    [ -z "$($ip netns pids "$2")" ] || return 0
    $bridge -n "$3" link set dev "$4" state 0
    rm -f "$mark.plugged-$1"
    forget "$1" ;;
  esac
}}
forget() {{
  case "$1" in
{forget}
  esac
}}
exec 9> "$mark.lock"
{flock} 9 || exit 1
{visits}
exec 9>&-
[ $# -eq 0 ] || exec "$@"
"""


def script(ports: Mapping[str, Port], ip: str, bridge: str, flock: str, mark: str) -> str:
    """The script for a lab; `ip`, `bridge` and `flock` are the programs, `mark` starts the path of the files that
    say where the laptop is, and of the one that is locked."""
    visits = []
    forget = []
    for zone, port in ports.items():
        visits.append(" ".join(map(quote, ("visit", zone, port.namespace, port.switch, port.interface))))
        flushes = [
            f"$ip -n {quote(router)} neigh flush to {quote(address)}"
            for router in port.routers
            for address in port.addresses
        ]
        forget.append(f"  {quote(zone)}) {'; '.join(flushes) or ':'} ;;")
    return _FRAME.format(
        ip=quote(ip),
        bridge=quote(bridge),
        flock=quote(flock),
        mark=quote(mark),
        visits="\n".join(visits),
        forget="\n".join(forget),
    )
