"""The house holds: imports only go down, the pure wing touches nothing outside, one library lives in one room."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = {
    "model": 1.0, "errors": 1.0, "collect": 1.0,
    "ports": 2.0, "probes": 2.0, "identify": 2.0, "versions": 2.0, "importers": 2.0, "exporters": 2.0,
    "plan": 2.5, "baselines": 2.5, "controls": 2.5,
    "dressing": 2.6, "link_local": 2.6, "outlook": 2.6, "known": 2.0, "likely": 2.0,
    "files": 3.0, "assess": 3.0, "net": 3.0, "store": 3.0, "feeds": 3.0, "tickets": 3.0,
    "canary_plan": 2.75, "lab": 4.0, "pipeline": 4.0, "canary": 4.0, "ahead": 4.0,
    "history": 4.5, "session": 5.0, "samples": 5.1, "verify": 5.3, "diff": 5.6, "ticketing": 5.6, "pack": 5.6,
    "pdf": 5.6,
    "cli": 6.0, "tui": 6.0,
}  # fmt: skip
"""Half floors: a plan is made of ports; the data rooms read their YAML by the importers' reader; dressing follows a
plan."""
PURE = {name for name, floor in FLOORS.items() if floor < 3} | {"assess"}
IMPURE_MODULES = {
    "socket", "ssl", "asyncio", "subprocess", "threading", "multiprocessing", "os", "time", "select", "selectors",
    "pathlib", "shutil", "tempfile", "sqlite3", "urllib", "http", "signal", "random", "secrets",
}  # fmt: skip
ROOMS = {
    "netaddr": {"plan", "identify"},
    "networkx": {"assess"},
    "scapy": {"net"},
    "numpy": {"net"},
    "psutil": {"net"},
    "dns": {"net"},
    "nmap": {"net"},
    "jinja2": {"exporters"},
    "xlsxwriter": {"exporters"},
    "markupsafe": {"exporters"},
    "platformdirs": {"tui"},
    "textual": {"tui"},
    "textual_serve": {"tui"},
    "aiohttp": {"tui"},
    "rich": {"cli", "tui"},
    "click": {"cli", "tui"},
    "yaml": {"importers"},
    "re2": {"identify"},
    "defusedxml": {"identify", "importers"},
    "cryptography": {"identify", "lab", "pack"},
    "httpx": {"feeds", "tickets"},
    "tenacity": {"feeds", "tickets"},
    "keyring": {"tickets"},
}
SOURCES = sorted([*(ROOT / "scanner").rglob("*.py"), *(ROOT / "tui").rglob("*.py")])


def room(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return "tui" if parts[0] == "tui" else parts[1]


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """Every module that the file imports, wherever in it, but for what only type checkers read."""
    nodes = list(ast.walk(parsed(path)))
    skipped = {
        id(inner)
        for node in nodes
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found: set[str] = set()
    for node in nodes:
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names if node.module == "scanner")
    return frozenset(found)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def climbs(path: Path) -> Iterator[str]:
    """The imports by which a file reaches up."""
    here = room(path)
    if here == "__init__":
        yield from imports(path) - {"__future__"}
        return
    for module in imports(path):
        parts = module.split(".")
        if parts[0] == "tui" and here != "tui":  # the scanner never imports the TUI
            yield module
        if parts[0] != "scanner" or len(parts) < 2 or parts[1] == "__version__":
            continue
        if parts[1] != here and FLOORS[parts[1]] >= FLOORS[here]:
            yield module


def touches(path: Path) -> Iterator[str]:
    """What a file of the pure wing imports or calls of the world outside."""
    yield from {module.split(".")[0] for module in imports(path)} & IMPURE_MODULES
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in {"open", "print", "input", "exec", "eval"} or called.endswith((".today", ".now", ".utcnow")):
                yield f"{called}()"


def borrows(path: Path) -> Iterator[str]:
    """Libraries that live in another room."""
    for module in imports(path):
        library = module.split(".")[0]
        if room(path) not in ROOMS.get(library, {room(path)}):
            yield library


def offenders(paths: Iterable[Path], wrong: Callable[[Path], Iterable[str]]) -> list[str]:
    return [f"{named(path)}: {each}" for path in paths for each in sorted(wrong(path))]


def test_the_sources_are_found() -> None:
    assert len(SOURCES) > 500
    assert {room(path) for path in SOURCES} - {"__init__"} == set(FLOORS)


def test_imports_go_down_the_floors() -> None:
    assert offenders(SOURCES, climbs) == []


def test_the_pure_wing_touches_no_socket_clock_environment_or_file() -> None:
    assert offenders((path for path in SOURCES if room(path) in PURE), touches) == []


def test_a_library_lives_in_its_room() -> None:
    assert offenders(SOURCES, borrows) == []


def test_no_file_is_longer_than_a_room_should_be() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert [f"{named(path)}: {count}" for path, count in lines.items() if count > 400] == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("import scanner.cli", "climbs"),
        ("def late():\n    from tui import app", "climbs"),
        ("from scanner import session", "climbs"),
        ("import socket", "touches"),
        ("def day(date): return date.today()", "touches"),
        ("open('x')", "touches"),
        ("import scapy.all", "borrows"),
        ("from jinja2 import Template", "borrows"),
    ],
)
def test_an_offender_is_named(text: str, wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    path = tmp_path / "scanner" / "assess" / "whatever.py"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    found = offenders([path], {"climbs": climbs, "touches": touches, "borrows": borrows}[wrong])
    assert len(found) == 1
    assert found[0].startswith("scanner/assess/whatever.py: ")


@pytest.mark.parametrize(
    "statement",
    [
        "import scanner",
        "import scanner.session",
        "import scanner.assess",
        "import scanner.cli",
        "import scanner.net.live",
        "import scanner.net.evidence.capture, scanner.net.evidence.excerpt",
        "import tui.command",
    ],
)
def test_importing_the_scanner_drags_in_neither_the_tui_nor_scapy(statement: str) -> None:
    code = f"{statement}\nimport sys\nprint([m for m in ('textual', 'scapy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_every_third_party_library_of_the_project_has_a_room() -> None:
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("dependencies = [")[1].split("]")[0]
    distributions = {"google-re2": "re2", "dnspython": "dns", "python-nmap": "nmap", "pyyaml": "yaml"}
    for line in filter(None, (each.strip(' ",') for each in declared.splitlines())):
        name = line.split(">")[0].split("=")[0].strip()
        assert name == "msgspec" or distributions.get(name, name) in ROOMS, f"{name} has no room"
        users = [p for p in SOURCES if any(m.split(".")[0] == distributions.get(name, name) for m in imports(p))]
        assert users, f"{name} is a dependency that nothing imports"
