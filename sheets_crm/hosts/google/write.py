"""Changes become requests that do not care where a row has gone meanwhile; one batch, unless it would be too large.

What is addressed by place on a user's sheet is told apart (`Plan.by_place`): blank IDs, a To fix header that was typed
by someone, a conditional format of ours that has to change. Such a plan is only made of a spreadsheet that was read
again just before. All else is either ours alone or finds its row by the row's own ID.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from sheets_crm.hosts.google import report
from sheets_crm.hosts.google.cells import Json, area, literal, quoted, span, text, typed
from sheets_crm.hosts.google.read import DEVICE, FIRST_WATCH, MARK, Reading, SheetState, Watch
from sheets_crm.hosts.google.transport import compact
from sheets_crm.sheet import (
    LOG_KEY,
    Area,
    Changes,
    ColumnUpdate,
    Grid,
    Highlight,
    Page,
    Value,
    free_name,
    letters,
)

_DEVICE_TITLE = "sheets_crm_to_fix"
_FORMULA = 1
"""Version of the To fix formula; another one in a sheet is replaced."""
_TOLD_APART = 12
"""Columns by which rows without an ID of their own are told apart, where there are such rows: more would be slow."""
_CUT = 60
"""Characters of a text that are looked at to tell rows apart."""
_WATCH_WIDTH = FIRST_WATCH + 7 + 2 * _TOLD_APART
_ASIDE = 4
"""The column of the log's sheet where lines wait that are too many for one request."""
_DEVICE_NOTE = "sheets-crm: the texts of the To fix columns"
_REPORT_NOTE = "sheets-crm: this sheet is replaced at every run"


@dataclass
class Plan:
    """What is to be sent, in the order in which it is sent."""

    first: list[Json] = field(default_factory=list)
    """New sheets, IDs, To fix formulas, highlights."""
    pages: list[Json] = field(default_factory=list)
    last: list[Json] = field(default_factory=list)
    """The texts of To fix, and the digests of the reports."""
    log: Log | None = None
    """With it a run is complete."""
    by_place: bool = False
    device: int = 0
    """The id of the hidden sheet of ours, on which the named range of our state stands."""

    def __bool__(self) -> bool:
        return bool(self.first or self.pages or self.last or self.log)

    def parts(self, most: int) -> list[list[Json]]:
        """All requests in one part, or in as few as keep each below `most` bytes; the log last, and in one step."""
        appended = self.log.appended() if self.log else []
        parts = _split([*self.first, *self.pages, *self.last], most)
        if _size([*parts[-1], *appended]) <= most:
            return [*parts[:-1], [*parts[-1], *appended]]
        if self.log is None or _size(appended) <= most:
            return [*parts, appended]
        return [*parts, *_split(self.log.laid_aside(), most), self.log.moved()]


@dataclass
class Log:
    """Lines for the log's sheet. A log that is only half there would be worse than none."""

    sheet: int
    rows: list[Json]
    first: int
    """The first free row of the sheet."""

    def appended(self) -> list[Json]:
        """The lines at the sheet's end, wherever that is by then."""
        return [
            {"appendCells": {"sheetId": self.sheet, "rows": some, "fields": "userEnteredValue"}}
            for _, some in report.chunks(self.rows)
        ]

    def laid_aside(self) -> list[Json]:
        """The lines beside the log, where no one looks for them."""
        grid = {"sheetId": self.sheet, "gridProperties": {"rowCount": self._last, "columnCount": _ASIDE + 1}}
        fields = "gridProperties.rowCount,gridProperties.columnCount"
        return [
            {"updateSheetProperties": {"properties": grid, "fields": fields}},
            *report.written(self.sheet, (self.first, _ASIDE), self.rows, "userEnteredValue"),
        ]

    def moved(self) -> list[Json]:
        """The lines that were laid aside, in their place: one small request for a log of any size."""
        source = area(self.sheet, Area(self.first, _ASIDE, self._last, _ASIDE + 1))
        place = {"sheetId": self.sheet, "rowIndex": self.first - 1, "columnIndex": 0}
        return [{"cutPaste": {"source": source, "destination": place, "pasteType": "PASTE_NORMAL"}}]

    @property
    def _last(self) -> int:
        return self.first + len(self.rows) - 1


def _split(requests: Sequence[Json], most: int) -> list[list[Json]]:
    out: list[list[Json]] = [[]]
    room = most
    for request in requests:
        size = _size([request])
        if size > room and out[-1]:
            out.append([])
            room = most
        out[-1].append(request)
        room -= size
    return out


def _size(requests: Sequence[Json]) -> int:
    return sum(len(compact(request)) + 1 for request in requests)


def plan(changes: Changes, reading: Reading) -> Plan:
    """What has to be sent for `changes`; nothing where all of it stands already."""
    return _Planner(changes, reading).made


class _Planner:
    def __init__(self, changes: Changes, reading: Reading) -> None:
        self.reading = reading
        self.made = Plan()
        self.titles = {s.title: s.id for s in reading.sheets}
        self.store = dict(reading.store)
        self.watches = dict(reading.watches)
        self.watching: list[tuple[int, list[Json]]] = []
        """(line of the device, its cells) for every column whose formula is new."""
        device = reading.ours(DEVICE) if reading.state else None
        self.device_title = device.title if device else free_name(_DEVICE_TITLE, self._others())
        for fill in changes.fills:
            self._fill(fill.sheet, fill.row, fill.column, fill.value)
        filled = {(f.sheet, f.row, f.column): f.value for f in changes.fills}
        for update in changes.columns:
            self._column(update, filled)
        for highlight in changes.highlights:
            self._highlight(highlight)
        for page in changes.pages:
            self._page(page)
        if changes.log:
            self._log(changes)
        self._device(device)

    def _others(self) -> list[str]:
        """The titles that no new sheet may bear; a device without its state is about to go."""
        return [s.title for s in self.reading.sheets if s.key != DEVICE]

    # -------------------------------------------------------------- sheets

    def _add(self, title: str, seed: str, *, hidden: bool, rows: int, columns: int) -> int:
        number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4]) >> 1 or 1
        while number in self.titles.values():
            number = number % (2**31 - 1) + 1
        properties = {
            "sheetId": number, "title": title, "hidden": hidden, "gridProperties": {"rowCount": rows, "columnCount": columns},
        }  # fmt: skip
        self.made.first.append({"addSheet": {"properties": properties}})
        self.titles[title] = number
        return number

    def _claim(self, sheet: int, key: str, note: str, *, protect: bool) -> None:
        mark = {
            "metadataKey": MARK, "metadataValue": key, "visibility": "DOCUMENT", "location": {"sheetId": sheet},
        }  # fmt: skip
        self.made.first.append({"createDeveloperMetadata": {"developerMetadata": mark}})
        if protect:
            range_ = {"range": {"sheetId": sheet}, "description": note, "warningOnly": True}
            self.made.first.append({"addProtectedRange": {"protectedRange": range_}})

    # ------------------------------------------------------- a user's table

    def _fill(self, sheet: str, row: int, column: int, value: str) -> None:
        self.made.by_place = True
        start = {"sheetId": self.titles[sheet], "rowIndex": row - 1, "columnIndex": column - 1}
        rows = [{"values": [{"userEnteredValue": typed(value)}]}]
        self.made.first.append({"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}})

    def _column(self, update: ColumnUpdate, filled: Mapping[tuple[str, int, int], str]) -> None:
        """The To fix column of a table: its formula, where it has to be put, and the texts it looks up."""
        sheet, grid = self.reading.sheet(update.sheet), self.reading.grids[update.sheet]
        watch = self.watches.get(sheet.id)
        ids = update.key_columns
        nameless = any(words and not _has_id(update, row) for row, words in update.texts.items())
        if (
            watch is None or not watch.alive or watch.version != _FORMULA or watch.ids != ids
            or (watch.row, watch.column) != (update.header_row, update.column) or (nameless and not watch.content)
        ):  # fmt: skip
            content = _told_apart(grid, update) if nameless or not ids else ()
            header = grid.value(update.header_row, update.column)
            words = text(str(header)) if header not in (None, "") else update.header
            formula = _header_formula(sheet.id, self.device_title, update.header_row, words, ids, content)
            self._formula(update, sheet, grid, watch, formula)
            line = watch.line if watch else max((w.line for w in self.watches.values()), default=0) + 1
            watch = Watch(line, words, _FORMULA, True, update.header_row, update.column, ids, content)
            self.watching.append((line, _watched(watch, update.sheet, sheet.id)))
            self.watches[sheet.id] = watch
        for key in [key for key in self.store if key.startswith((f"{sheet.id}=", f"{sheet.id}~"))]:
            del self.store[key]
        for row, words in update.texts.items():
            if words:
                self.store.setdefault(_row_key(sheet.id, row, update, watch, grid, filled), text(words))

    def _formula(
        self, update: ColumnUpdate, sheet: SheetState, grid: Grid, watch: Watch | None, formula: str
    ) -> None:
        """Puts our formula into the header: into a column of its own where the table has none."""
        used = any(
            value not in (None, "") for row in grid.rows for value in row[update.column - 1 : update.column]
        )
        where = Area(update.header_row, update.column, update.header_row, update.column)
        first = self.made.first
        if used:
            self.made.by_place = True
            if (
                watch
                and watch.row
                and watch.column
                and (watch.row, watch.column) != (update.header_row, update.column)
            ):
                old = Area(watch.row, watch.column, watch.row, watch.column)
                first.append({"updateCells": {"range": area(sheet.id, old), "fields": "userEnteredValue"}})
            if update.header_row < sheet.rows:
                below = area(sheet.id, where._replace(first_row=update.header_row + 1), open_end=True)
                first.append({"updateCells": {"range": below, "fields": "userEnteredValue"}})
        else:
            # A fresh column cannot hold anything, whoever has moved or typed what meanwhile. It looks like its
            # neighbour, but has no dropdown of it.
            range_ = span(sheet.id, "COLUMNS", update.column, update.column)
            first.append({"insertDimension": {"range": range_, "inheritFromBefore": update.column > 1}})
            column = {
                "sheetId": sheet.id,
                "startColumnIndex": update.column - 1,
                "endColumnIndex": update.column,
            }
            first.append({"updateCells": {"range": column, "fields": "dataValidation"}})
        rows = [{"values": [{"userEnteredValue": {"formulaValue": formula}}]}]
        start = {"sheetId": sheet.id, "rowIndex": update.header_row - 1, "columnIndex": update.column - 1}
        first.append({"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}})

    def _highlight(self, highlight: Highlight) -> None:
        """Adds a conditional format, or leaves the one that bears the mark as it is, or puts it right."""
        sheet = self.reading.sheet(highlight.sheet)
        wanted = report.rule_of(highlight, sheet.id)
        at = next(
            (n for n, rule in enumerate(sheet.formats) if f'"{highlight.mark} "&' in _formula_of(rule)), None
        )
        if at is None:
            added = sum("addConditionalFormatRule" in r and _sheet_of(r) == sheet.id for r in self.made.first)
            index = len(sheet.formats) + added
            self.made.first.append({"addConditionalFormatRule": {"rule": wanted, "index": index}})
        elif not _same_rule(sheet.formats[at], wanted, highlight):
            self.made.by_place = True
            self.made.first.append(
                {"updateConditionalFormatRule": {"sheetId": sheet.id, "index": at, "rule": wanted}}
            )

    # ------------------------------------------------------ reports, log, device

    def _page(self, page: Page) -> None:
        old = self.reading.ours(page.key) if page.owned else None
        if old is None:
            rows, columns = report.size(page)
            sheet = self._add(page.name, f"page {page.key}", hidden=page.hidden, rows=rows, columns=columns)
        else:
            sheet = old.id
        requests = list(report.made(page, sheet, self.titles.get))
        name, content = f"page:{page.key}", _digest(requests)
        same = old is not None and self.store.get(name) == content
        if old is not None and same and report.stands(page, self.reading.grids.get(old.title)):
            return
        self.store[name] = content
        if page.owned and (old is None or not old.marked):
            self._claim(sheet, page.key, _REPORT_NOTE, protect=old is None or not old.protected)
        if old is not None:
            self.made.pages += report.cleared(sheet, old)
        self.made.pages += requests
        for defined, where in page.names.items():
            if defined not in self.reading.names:
                named = {"name": defined, "range": area(sheet, where)}
                self.made.pages.append({"addNamedRange": {"namedRange": named}})

    def _log(self, changes: Changes) -> None:
        old = self.reading.ours(LOG_KEY)
        if old is None:
            title = free_name(changes.log_name, list(self.titles))
            sheet = self._add(title, "log", hidden=True, rows=1, columns=2)
        else:
            sheet = old.id
        if old is None or not old.marked:
            self._claim(sheet, LOG_KEY, _REPORT_NOTE, protect=old is None or not old.protected)
        rows: list[Json] = [
            {"values": [{"userEnteredValue": typed(cell)} for cell in line if cell]} for line in changes.log
        ]
        kept = self.reading.grids.get(old.title) if old else None
        self.made.log = Log(sheet, rows, len(kept.rows) + 1 if kept else 1)

    def _device(self, old: SheetState | None) -> None:
        """The hidden sheet that all To fix columns look into; it is made with the first write, whatever is written."""
        made = self.made
        if not made and not self.watching and self.store == self.reading.store:
            made.device = old.id if old else 0
            return
        rows = max([len(self.store), *(w.line for w in self.watches.values()), 2])
        if old is None:
            made.first, late = [], made.first
            if orphan := self.reading.ours(DEVICE):
                made.first.append({"deleteSheet": {"sheetId": orphan.id}})
            made.device = self._add(self.device_title, "device", hidden=True, rows=rows, columns=_WATCH_WIDTH)
            self._claim(made.device, DEVICE, _DEVICE_NOTE, protect=True)
            made.first += late
        else:
            made.device = old.id
            if rows > old.rows:
                grid = {"sheetId": old.id, "gridProperties": {"rowCount": rows}}
                made.first.append(
                    {"updateSheetProperties": {"properties": grid, "fields": "gridProperties.rowCount"}}
                )
        for line, cells in self.watching:
            made.first += report.written(
                made.device, (line, FIRST_WATCH), [{"values": cells}], "userEnteredValue"
            )
        if self.store != self.reading.store:
            kept = [
                {"values": [{"userEnteredValue": typed(c)} for c in pair]}
                for pair in sorted(self.store.items())
            ]
            range_ = {"sheetId": made.device, "startColumnIndex": 0, "endColumnIndex": 2}
            made.last.append({"updateCells": {"range": range_, "fields": "userEnteredValue"}})
            made.last += report.written(made.device, (1, 1), kept, "userEnteredValue")


# ------------------------------------------------------------------ To fix


def _told_apart(grid: Grid, update: ColumnUpdate) -> tuple[int, ...]:
    """The first columns with a header, ours excepted."""
    headers = grid.rows[update.header_row - 1] if update.header_row <= len(grid.rows) else ()
    named = [n for n, value in enumerate(headers, start=1) if value not in (None, "") and n != update.column]
    return tuple(named[:_TOLD_APART])


def _header_formula(
    sheet: int, device: str, row: int, header: str, ids: Sequence[int], content: Sequence[int]
) -> str:
    """The header, and below it for every row the text that the device keeps for the row's ID, else for its content.

    The ranges begin at the header itself: a row inserted right below it stays inside. A row without a text is left
    truly blank, so that forms and imports still find the sheet's end.
    """
    anchor = letters((*ids, *content)[0])
    found = ""
    for sign, columns, cut in (("~", content, _CUT), ("=", ids, None)):
        if columns:
            key = '&"|"&'.join(_canonical_cell(letters(n), row, cut) for n in columns)
            look_up = (
                f"XLOOKUP({literal(f'{sheet}{sign}')}&{key};{quoted(device)}!$A:$A;{quoted(device)}!$B:$B)"
            )
            found = f"IFERROR({look_up}{f';{found}' if found else ''})"
    return f"=ARRAYFORMULA(IF(ROW({anchor}${row}:{anchor})=ROW({anchor}${row});{literal(header)};{found}))"


def _canonical_cell(column: str, row: int, cut: int | None) -> str:
    """A cell as a text that no locale and no number format changes."""
    cells = f"{column}${row}:{column}"
    words = f"LEFT({cells};{cut})" if cut else cells
    return f'IF(ISTEXT({cells});{words};IF(ISNUMBER({cells});TEXT(ROUND({cells}*1000;0);"0");""))'


def _canonical(value: Value, cut: int | None) -> str:
    """What `_canonical_cell` gives for a value."""
    if isinstance(value, str):
        return value if cut is None else value.encode("utf-16-le")[: 2 * cut].decode("utf-16-le", "ignore")
    if isinstance(value, float):
        return f"{int(Decimal(repr(value * 1000)).quantize(Decimal(1), ROUND_HALF_UP))}"
    return ""


def _has_id(update: ColumnUpdate, row: int) -> bool:
    """Whether a row can be found by an ID that no other row bears."""
    return bool(update.key_columns) and not update.keys.get(row, "~").startswith("~")


def _row_key(
    sheet: int,
    row: int,
    update: ColumnUpdate,
    watch: Watch,
    grid: Grid,
    filled: Mapping[tuple[str, int, int], str],
) -> str:
    """The key under which the formula looks for a row's text: its ID where it has one of its own, else its content."""
    own = _has_id(update, row)
    sign, columns, cut = ("=", watch.ids, None) if own else ("~", watch.content, _CUT)
    cells = [filled.get((update.sheet, row, n)) or grid.value(row, n) for n in columns]
    return f"{sheet}{sign}{'|'.join(_canonical(cell, cut) for cell in cells)}"


def _watched(watch: Watch, title: str, sheet: int) -> list[Json]:
    """A line of the device: what a column is made of, and formulas that follow it wherever it goes."""

    def at(row: int, column: int) -> str:
        return f"{quoted(title)}!{letters(column)}{row}"

    header = at(watch.row, watch.column)
    plain: list[Value] = [sheet, watch.version, len(watch.ids), watch.header]
    formulas = [
        f"=IFERROR(ISFORMULA({header});FALSE)",
        f"=IFERROR(ROW({header});0)",
        f"=IFERROR(COLUMN({header});0)",
        *(f"=IFERROR(COLUMN({at(watch.row, n)});0)" for n in (*watch.ids, *watch.content)),
    ]
    cells = [typed(value) for value in plain] + [{"formulaValue": f} for f in formulas]
    blank = _WATCH_WIDTH - FIRST_WATCH + 1 - len(cells)
    return [{"userEnteredValue": cell} for cell in cells] + [{} for _ in range(blank)]


# --------------------------------------------------------------- highlights


def _formula_of(rule: Json) -> str:
    values = rule.get("booleanRule", {}).get("condition", {}).get("values", [])
    return str(values[0].get("userEnteredValue", "")) if values else ""


def _sheet_of(request: Json) -> int:
    return int(request["addConditionalFormatRule"]["rule"]["ranges"][0].get("sheetId", 0))


def _same_rule(found: Json, wanted: Json, highlight: Highlight) -> bool:
    """Whether a rule does what is wanted: its formula in whatever locale, its colours, its rows and columns."""
    if _bare(_formula_of(found)) != _bare(_formula_of(wanted)):
        return False
    if _colors(found) != _colors(wanted):
        return False
    ranges = found.get("ranges", [])
    if len(ranges) != 1:
        return False
    where: Mapping[str, int] = ranges[0]
    return (
        where.get("startRowIndex", 0) == highlight.area.first_row - 1
        and where.get("startColumnIndex", 0) == highlight.area.first_column - 1
        and where.get("endColumnIndex", highlight.area.last_column) >= highlight.area.last_column
        and where.get("endRowIndex", highlight.area.last_row) >= highlight.area.last_row
    )


def _bare(formula: str) -> str:
    return re.sub(r"\s*[;,]\s*", ";", formula)


def _colors(rule: Json) -> list[tuple[int, ...]]:
    shown = rule.get("booleanRule", {}).get("format", {})
    found = [
        part.get(f"{name}Style", {}).get("rgbColor") or part.get(name, {})
        for part, name in ((shown, "backgroundColor"), (shown.get("textFormat", {}), "foregroundColor"))
    ]
    return [tuple(round(c.get(name, 0) * 255) for name in ("red", "green", "blue")) for c in found]


def _digest(requests: Sequence[Json]) -> str:
    return hashlib.sha256(compact({"requests": requests})).hexdigest()[:32]
