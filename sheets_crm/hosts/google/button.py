"""A checkbox on a small sheet of its own: ticked by a person, seen by us, answered beside it.

Where it stands may change: the sheet is known by its metadata, the box is the first one on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sheets_crm.errors import WorkbookError, WorkbookUnreadable
from sheets_crm.hosts.google.cells import Json, quoted, typed
from sheets_crm.hosts.google.transport import Clock, LostReply, RefusedWrite, Sheets
from sheets_crm.sheet import Position, free_name
from sheets_crm.text import Lang, Text

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

_MARK = "sheets_crm.button"
_FIELDS = "properties(locale),sheets(properties(sheetId,title),developerMetadata(metadataKey))"
_ROOM = "A1:J50"
"""Where the box is looked for."""
_BOX: Position = (2, 1)


class Button:
    """The checkbox of one spreadsheet; a call of `ticked` is one request."""

    def __init__(self, key: str, who: Credentials, *, clock: Clock | None = None) -> None:
        self._sheets = Sheets(key, who, clock=clock)
        self._sheet: int | None = None
        self._title = ""
        self._box = _BOX
        self.lang: Lang = "en"
        """The language of the spreadsheet's locale."""

    def ticked(self) -> bool:
        """Whether the box is ticked; it is made where it is missing. Raises WorkbookError."""
        if self._sheet is None:
            self._find()
        try:
            (rows,) = self._sheets.values([f"{quoted(self._title)}!{_ROOM}"])
        except WorkbookUnreadable:
            self._sheet = None  # renamed or deleted since
            self._find()
            (rows,) = self._sheets.values([f"{quoted(self._title)}!{_ROOM}"])
        found = _first_box(rows)
        if found is None:
            self._update(
                [self._row(_BOX, [{"boolValue": False}, typed(_LABEL.get(self.lang))]), self._rule()]
            )
        self._box = found or _BOX
        return found is not None and rows[found[0] - 1][found[1] - 1] is True

    def answer(self, words: str, *, done: bool) -> None:
        """Writes one line below the box, and unticks it if that is `done`. Raises WorkbookError."""
        row, column = self._box
        said = self._row((row + 1, column + 1), [typed(words)])
        self._update([*([self._row(self._box, [{"boolValue": False}])] if done else []), said])

    def _find(self) -> None:
        found = self._sheets.get(_FIELDS)
        self.lang = "ru" if str(found["properties"].get("locale", "")).startswith("ru") else "en"
        sheets = found.get("sheets", [])
        for sheet in sheets:
            if any(m.get("metadataKey") == _MARK for m in sheet.get("developerMetadata", [])):
                self._sheet = sheet["properties"].get("sheetId", 0)
                self._title = sheet["properties"]["title"]
                return
        self._make(
            [s["properties"]["title"] for s in sheets], {s["properties"].get("sheetId", 0) for s in sheets}
        )

    def _make(self, titles: Sequence[str], ids: set[int]) -> None:
        title = free_name(_SHEET.get(self.lang), titles)
        sheet = next(n for n in range(1_700_000_001, 2**31) if n not in ids)
        grid = {"rowCount": 20, "columnCount": 4}
        mark = {
            "metadataKey": _MARK, "metadataValue": "1", "visibility": "DOCUMENT", "location": {"sheetId": sheet},
        }  # fmt: skip
        self._sheet, self._title = sheet, title
        wide = {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": 1, "endIndex": 2}
        self._update(
            [
                {"addSheet": {"properties": {"sheetId": sheet, "title": title, "gridProperties": grid}}},
                {"createDeveloperMetadata": {"developerMetadata": mark}},
                self._row(_BOX, [{"boolValue": False}, typed(_LABEL.get(self.lang))]),
                self._rule(),
                {
                    "updateDimensionProperties": {
                        "range": wide,
                        "properties": {"pixelSize": 280},
                        "fields": "pixelSize",
                    }
                },
                {
                    "repeatCell": {
                        "range": {"sheetId": sheet, "startColumnIndex": 1, "endColumnIndex": 2},
                        "cell": {"userEnteredFormat": {"wrapStrategy": "WRAP"}},
                        "fields": "userEnteredFormat.wrapStrategy",
                    }
                },
            ]
        )

    def _row(self, at: Position, values: Sequence[Json]) -> Json:
        start = {"sheetId": self._sheet, "rowIndex": at[0] - 1, "columnIndex": at[1] - 1}
        rows = [{"values": [{"userEnteredValue": value} for value in values]}]
        return {"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}}

    def _rule(self) -> Json:
        row, column = _BOX
        cell = {
            "sheetId": self._sheet, "startRowIndex": row - 1, "endRowIndex": row,
            "startColumnIndex": column - 1, "endColumnIndex": column,
        }  # fmt: skip
        return {
            "setDataValidation": {"range": cell, "rule": {"condition": {"type": "BOOLEAN"}, "strict": True}}
        }

    def _update(self, requests: Sequence[Json]) -> None:
        """Whatever goes wrong is told as a problem; the next look finds out how things stand."""
        try:
            self._sheets.update(requests)
        except LostReply as reply:
            self._sheet = None
            raise reply.trouble.problem from None
        except RefusedWrite as refused:
            self._sheet = None
            raise refused.problem from None
        except WorkbookError:
            self._sheet = None
            raise


def _first_box(rows: Sequence[Sequence[Any]]) -> Position | None:
    return next(
        (
            (r, c)
            for r, row in enumerate(rows, 1)
            for c, value in enumerate(row, 1)
            if isinstance(value, bool)
        ),
        None,
    )


_SHEET = Text("Run", "Запуск")
_LABEL = Text(
    "← Tick the box to run the audit. It unticks itself when done; the result is told below.",
    "← Поставьте галочку, и пройдёт аудит. Она снимется сама, а результат появится ниже.",
)
