"""The house: every module may import only what stands below it, and no room is larger than a person can hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sheets_crm

ROOT = Path(sheets_crm.__file__).parent

MAY: dict[str, str] = {
    "text": "",
    "inert": "",
    "errors": "text",
    "sheet": "errors",
    "schema": "errors",
    "book": "sheet schema",
    "calendar": "sheet schema",
    "expr": "sheet schema",
    "findings": "schema",
    "history": "book findings",
    "firm": "history calendar",
    "rules": "firm expr",
    "checks": "rules firm",
    "verdict": "checks findings history calendar",
    "metrics": "firm verdict",
    "forecast": "metrics",
    "pages": "forecast metrics verdict sheet",
    "reports": "metrics verdict sheet pages",
    "hosts": "text inert errors sheet",
    "vba": "errors",
    "template": "pages checks hosts vba",
    "importer": "template checks hosts",
    "sync": "reports hosts template importer",
    "verify": "sync",
    "demo": "sync",
    "serve": "sync",
    "cli": "sync verify demo serve inert",
}
"""Module to the modules it may import; everything that these may is allowed too (docs/design.md)."""
FRONT_DOORS = {"hosts/excel/button.py": ("_run", {"sync", "serve", "cli"})}
"""A file to the one function of it that may import what stands above: a button in a workbook is a front door, as a
command is, and stands in the host because xlwings' VBA calls it there by name."""
HOSTS_SEE = {"text", "inert", "errors", "sheet", "hosts"}
LARGEST = 900


def allowed(name: str) -> set[str]:
    """A module, what it may import, and everything that those may."""
    out = {name}
    for below in MAY[name].split():
        out |= allowed(below) if name != "hosts" else {below}
    return out


def modules() -> Iterator[tuple[str, Path]]:
    """(name of the module or of its package, file)."""
    for path in sorted(ROOT.rglob("*.py")):
        relative = path.relative_to(ROOT)
        if relative.parts[0] not in ("__init__.py", "__main__.py", "templates", "workbook_templates"):
            yield relative.parts[0].removesuffix(".py"), path


def imported(path: Path) -> set[str]:
    """The modules of ours that a file imports, wherever in it, but for what a front door opens."""
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    door, beyond = FRONT_DOORS.get(path.relative_to(ROOT).as_posix(), ("", set()))
    behind = [n for f in tree.body if isinstance(f, ast.FunctionDef) and f.name == door for n in ast.walk(f)]
    for node in ast.walk(tree):
        if node in behind and isinstance(node, ast.ImportFrom) and _named(node) <= beyond:
            continue
        if isinstance(node, ast.ImportFrom) and node.level:
            found.add("a relative import")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sheets_crm":
            parts = (node.module or "").split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names} - {"__version__"}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("sheets_crm.")}
    return found


def _named(node: ast.ImportFrom) -> set[str]:
    """The modules of ours that one line names."""
    parts = (node.module or "").split(".")
    return {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}


def test_every_module_has_its_place() -> None:
    """A module that the table does not know is a decision that nobody took."""
    assert {name for name, _ in modules()} == set(MAY)


@pytest.mark.parametrize(
    ("name", "path"), list(modules()), ids=lambda v: str(v.relative_to(ROOT)) if isinstance(v, Path) else ""
)
def test_imports_point_down(name: str, path: Path) -> None:
    """A module imports only what stands below it."""
    assert imported(path) <= allowed(name)


@pytest.mark.parametrize(
    ("name", "path"), list(modules()), ids=lambda v: str(v.relative_to(ROOT)) if isinstance(v, Path) else ""
)
def test_rooms_stay_small(name: str, path: Path) -> None:
    """No room has more lines than a person can hold; split it by subject."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LARGEST, name


def test_hosts_know_nothing_of_pipelines() -> None:
    """A host moves cells; what they mean is decided above it."""
    assert allowed("hosts") == HOSTS_SEE
