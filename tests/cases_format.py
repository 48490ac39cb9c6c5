"""Tables of cases in Markdown: small workbooks with what must be found written beside each row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from sheets_crm.schema import TABLES
from sheets_crm.sheet import Doubt, Grid, Position, SheetInfo, Snapshot, Value

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """One table, or a few, and the findings of one rule that it must give."""

    code: str
    title: str
    today: date
    snapshot: Snapshot
    expected: frozenset[tuple[str, int, str, str]]
    """(table, sheet row, field, severity or empty)."""
    not_checked: bool
    settings: dict[str, str] = field(default_factory=dict)


def cases(folder: Path = CASES) -> Iterator[Case]:
    """Every case of every file; the file's title names the rule, whose findings alone are compared."""
    for path in sorted(folder.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        head, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
        today = re.search(r"Today is (\S+)\.", head)
        code = re.match(r"# (\w{4})\b", head)
        assert today, f"{path.name} does not say which day it is"
        assert code, f"{path.name} is not headed by a rule's code"
        for part in parts:
            yield _case(code[1], date.fromisoformat(today[1]), part)


def _case(code: str, today: date, part: str) -> Case:
    title, _, body = part.partition("\n")
    grids: dict[str, Grid] = {}
    expected: set[tuple[str, int, str, str]] = set()
    settings = dict(re.findall(rf"^{code}\.(\w+) = (.+)$", body, re.MULTILINE))
    for name, table in re.findall(r"^(\w+)\n\n((?:\|.*\n?)+)", body, re.MULTILINE):
        head, _, *rows = [
            [c.strip() for c in line.strip().strip("|").split("|")] for line in table.splitlines()
        ]
        grids[name], found = _grid(name, head, rows)
        expected |= found
    if settings:
        grids["SalesBook"] = Grid(
            "Sales Book", [["code", "setting", "value"], *([code, *s] for s in settings.items())]
        )
    sheets = tuple(SheetInfo(grid.name) for grid in grids.values())
    snapshot = Snapshot(sheets, {grid.name: grid for grid in grids.values()}, "1")
    return Case(code, title.strip(), today, snapshot, frozenset(expected), "\nNot checked." in body, settings)


def _grid(
    name: str, head: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[Grid, set[tuple[str, int, str, str]]]:
    """Headers are the columns' keys; the column `expect` holds `CODE field [severity]`, comma between several."""
    expected: set[tuple[str, int, str, str]] = set()
    doubts: dict[Position, Doubt] = {}
    cells: list[list[Value]] = [[key for key in head if key != "expect"]]
    for number, row in enumerate(rows, start=2):
        line: list[Value] = []
        for key, text in zip(head, row, strict=True):
            if key == "expect":
                for item in filter(None, text.split(", ")):
                    _, field_key, *severity = item.split()
                    expected.add((name, number, field_key, severity[0] if severity else ""))
                continue
            if text.startswith("#") and text.isascii():
                doubts[number, len(line) + 1] = Doubt("error", text)
            line.append(_value(text))
        cells.append(line)
    return Grid(TABLES[name].sheet.en, cells, doubts), expected


def _value(text: str) -> Value:
    """ISO dates and plain numbers are typed as such; everything else, and what follows an apostrophe, is text."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date.fromisoformat(text)
    if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", text):
        return datetime.fromisoformat(text)
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text)
    return text.removeprefix("'")
