"""A spreadsheet on the emulator, the host that works on it, and the hands of a person who has it open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self

import pytest

from sheets_crm.hosts.google import Clock, GoogleHost, credentials
from sheets_crm.sheet import Content, Formula, Grid, Link, Page, Position, SheetLink, Value
from tests.google.book import Book, Sheet
from tests.google.server import Emulator

EPOCH = datetime(1899, 12, 30)
NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)


class Waits(list[float]):
    """A clock that never waits and remembers for how long it should have."""

    def clock(self, chance: float = 0.5) -> Clock:
        return Clock(self.append, lambda: chance, lambda: NOON)


class Desk:
    """One spreadsheet of `pages`; close it, or use it as a context."""

    def __init__(
        self, pages: Iterable[Page | Grid], folder: Path, *, locale: str = "ru_RU", zone: str = "Asia/Almaty",
        title: str = "Воронка", most_bytes: int = 0, timeout: tuple[float, float] | None = None,
    ) -> None:  # fmt: skip
        self._stack = ExitStack()
        self.emulator = self._stack.enter_context(Emulator())
        self.key = "emulator-spreadsheet-of-a-firm-0000000001"
        book = Book(self.key, title, locale=locale, zone=zone)
        requests = [r for n, p in enumerate(pages) for r in sheet_of(n, p)]
        self.emulator.books[self.key], _ = book.changed(requests)
        self.waits = Waits()
        self.account = self.emulator.service_account(folder)
        self._options: dict[str, Any] = {"clock": self.waits.clock(), "timeout": timeout}
        self._options |= {"most_bytes": most_bytes} if most_bytes else {}
        self.host = self.new_host()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Shuts the emulator down, and fails if it was ever wrong."""
        self._stack.close()

    def new_host(self) -> GoogleHost:
        """Another run's host for the same spreadsheet."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SHEETS_CRM_GOOGLE_ENDPOINT", self.emulator.endpoint)
            return GoogleHost(self.key, credentials(self.account), **self._options)

    # ------------------------------------------------------- a person's hands

    def do(self, *requests: dict[str, Any]) -> None:
        """Changes the spreadsheet in the words of the API."""
        self.emulator.edit(self.key, *requests)

    def type(self, sheet: str, row: int, column: int, value: Value) -> None:
        """Types a value into a cell; a blank clears it."""
        start = {"sheetId": self.sheet(sheet).id, "rowIndex": row - 1, "columnIndex": column - 1}
        rows = [{"values": [{"userEnteredValue": entered(value)}]}]
        self.do({"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}})

    def rename(self, sheet: str, name: str) -> None:
        """Renames a sheet."""
        properties = {"sheetId": self.sheet(sheet).id, "title": name}
        self.do({"updateSheetProperties": {"properties": properties, "fields": "title"}})

    # -------------------------------------------------------- a person's eyes

    @property
    def book(self) -> Book:
        """The spreadsheet as it stands."""
        return self.emulator.books[self.key]

    def sheet(self, title: str) -> Sheet:
        """The sheet of that title."""
        found = self.book.titled(title)
        assert found is not None, title
        return found

    def seen(self, title: str) -> dict[Position, Any]:
        """What a person sees in a sheet, blanks left out."""
        shown = self.book.shown(self.sheet(title))
        return {(r + 1, c + 1): v for (r, c), v in sorted(shown.items()) if v not in (None, "")}

    def highlights(self, sheet: str) -> list[str]:
        """The formulas of the conditional formats of a sheet, as an English workbook writes them."""
        rules = [rule["booleanRule"]["condition"]["values"] for rule in self.sheet(sheet).formats]
        return [values[0]["userEnteredValue"].removeprefix("=").replace(";", ",") for values in rules]


def entered(value: Content) -> dict[str, Any]:
    """What Google keeps when a person types a value; a link of a page is its text here."""
    match value:
        case Formula():
            return {"formulaValue": value.text.replace(",", ";")}
        case Link() | SheetLink():
            return {"stringValue": value.text}
        case None | "":
            return {}
        case bool():
            return {"boolValue": value}
        case str():
            return {"stringValue": value}
        case date():
            moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
            return {"numberValue": (moment - EPOCH).total_seconds() / 86400}
        case _:
            return {"numberValue": float(value)}  # type: ignore[arg-type]


def sheet_of(number: int, page: Page | Grid) -> Iterator[dict[str, Any]]:
    """The requests by which a sheet comes to be; a report is known by a defined name, as in an uploaded .xlsx."""
    if isinstance(page, Page):
        cells: dict[Position, Content] = {at: cell.content for at, cell in page.cells.items()}
        title, hidden, key = page.name, page.hidden, page.key if page.owned else None
    else:
        cells = {(r, c): v for r, row in enumerate(page.rows, 1) for c, v in enumerate(row, 1)}
        title, hidden, key = page.name, False, None
    rows, columns = (max((at[axis] for at in cells), default=1) for axis in (0, 1))
    grid = {"rowCount": max(rows + 20, 100), "columnCount": max(columns + 3, 26)}
    yield {
        "addSheet": {
            "properties": {"sheetId": number, "title": title, "hidden": hidden, "gridProperties": grid}
        }
    }
    lines: list[dict[str, Any]] = [{"values": [{} for _ in range(columns)]} for _ in range(rows)]
    for (row, column), value in cells.items():
        lines[row - 1]["values"][column - 1] = {"userEnteredValue": entered(value)}
    start = {"sheetId": number, "rowIndex": 0, "columnIndex": 0}
    yield {"updateCells": {"start": start, "rows": lines, "fields": "userEnteredValue"}}
    if key:
        cell = {
            "sheetId": number,
            "startRowIndex": 0,
            "endRowIndex": 1,
            "startColumnIndex": 0,
            "endColumnIndex": 1,
        }
        yield {"addNamedRange": {"namedRange": {"name": f"_scrm_{key}", "range": cell}}}
