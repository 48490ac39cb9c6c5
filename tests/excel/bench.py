"""A workbook open in a stand-in for Excel, the host on it, and the hands of a person who sits before it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sheets_crm.hosts.excel import ExcelHost
from sheets_crm.hosts.xlsx import create
from sheets_crm.sheet import Page
from tests.excel import fake_com, memory_engine, model

FACES: dict[str, Any] = {"windows": fake_com, "memory": memory_engine}
"""xlwings' own Windows code over fake COM; an engine in memory, which is what macOS can do."""


class Screen:
    """A workbook of `pages` open in Excel."""

    def __init__(self, pages: Sequence[Page], folder: Path, face: str, *, name: str = "") -> None:
        path = folder / "firm.xlsx"
        create(path, pages)
        self.face = face
        self.app = model.App()
        self.book = self.app.open(path, name or str(path))
        self.waits: list[float] = []
        self.host = self.new_host()

    def xlwings_book(self) -> Any:
        """The workbook, as xlwings has it."""
        return FACES[self.face].book_of(self.app, self.book)

    def new_host(self) -> ExcelHost:
        """Another run's host for the same workbook."""
        return ExcelHost(self.xlwings_book(), sleep=self.waits.append)

    # ------------------------------------------------------- a person's hands and eyes

    def sheet(self, name: str) -> model.Sheet:
        """The sheet of that name."""
        found = self.book.sheet(name)
        assert found is not None, name
        return found

    def type(self, sheet: str, row: int, column: int, value: Any) -> None:
        """Types into a cell."""
        self.sheet(sheet).enter((row, column), value)

    def rename(self, sheet: str, name: str) -> None:
        """Renames a sheet."""
        self.sheet(sheet).rename(name)

    def highlights(self, sheet: str) -> list[str]:
        """The formulas of the conditional formats of a sheet."""
        return [rule.formula.removeprefix("=") for rule in self.sheet(sheet).rules]

    def everything(self) -> dict[str, Any]:
        """All that the workbook is, to be compared; how a text came to be a text is left out."""
        return {
            "names": {
                name.name: (name.refers_to, name.visible) for name in self.book.names.values()
            },
            "active": self.book.sheets[self.book.active].name,
            "open": [book.name for book in self.app.books],
            "settings": dict(self.app.settings),
            "sheets": [
                (
                    sheet.name, sheet.visible, {at: (cell.value, cell.formula) for at, cell in sheet.cells.items()},
                    *(copy.deepcopy(getattr(sheet, name)) for name in KEPT),
                    {column: width for column, width in sheet.widths.items() if width != USUAL_WIDTH},
                )
                for sheet in self.book.sheets
            ],
        }  # fmt: skip


KEPT = (
    "looks",
    "formats",
    "merges",
    "heights",
    "rules",
    "charts",
    "tables",
    "notes",
    "hidden_rows",
    "filter",
    "print_area",
    "title_rows",
)

USUAL_WIDTH = 8.43


def leave() -> None:
    """Lets xlwings know of no Excel any more."""
    import xlwings

    engines = xlwings.engines
    engines.engines.clear()
    engines.engines_by_name.clear()
    engines.active = None


Gate = Callable[[str, str], None]


def failing(at: int, problem: Exception) -> Gate:
    """Lets the `at`-th change fail, and no other."""
    changes = 0

    def gate(kind: str, _: str) -> None:
        nonlocal changes
        changes += kind == "set"
        if kind == "set" and changes == at:
            raise problem

    return gate
