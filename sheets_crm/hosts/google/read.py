"""Two requests go out, a snapshot comes back: what stands in the spreadsheet, and what of it is ours."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sheets_crm.hosts.google.cells import Json, quoted
from sheets_crm.hosts.google.transport import Sheets
from sheets_crm.sheet import Doubt, Grid, Position, Select, SheetInfo, Snapshot, Value

MARK = "sheets_crm.sheet"
"""Developer metadata of a sheet that is ours: its value is the report's key. It goes where the sheet goes, and with it."""
DEVICE = "to_fix"
"""The key of the hidden sheet that feeds the To fix columns; the workbook's readers are not shown it."""
STATE = "_scrm_state_"
"""Named ranges begin so whose id changes with every write of ours: a write that expects another id fails as a whole."""
FIRST_WATCH = 4
"""The column of the device where a watched table's line begins."""
_REPORT_NAME = re.compile(r"_scrm_(?!state_)(\w+)", re.IGNORECASE)
_ERROR = re.compile(r"#(?:REF!|N/A|VALUE!|DIV/0!|NUM!|NAME\?|NULL!|ERROR!)\Z")
_LOADING = "Loading..."
_FIELDS = (
    "properties(title,locale,timeZone),namedRanges,sheets("
    "properties(sheetId,title,index,hidden,sheetType,gridProperties),developerMetadata(metadataKey,metadataValue),"
    "conditionalFormats,charts(chartId),rowGroups,columnGroups,protectedRanges(protectedRangeId,warningOnly,range))"
)
STATE_FIELDS = "namedRanges(namedRangeId,name)"


class State(NamedTuple):
    """The named range that marks how far the writes have come."""

    id: str
    name: str


@dataclass(frozen=True)
class SheetState:
    """A sheet without its cells."""

    id: int
    title: str
    hidden: bool
    rows: int
    columns: int
    """0 where it is no grid (a chart on a sheet of its own)."""
    key: str | None
    """The report (or the log, or the device) that it holds."""
    marked: bool
    """True: by our metadata; False: only by a defined name, as an uploaded .xlsx has it."""
    formats: Sequence[Json] = ()
    charts: Sequence[int] = ()
    groups: Sequence[Json] = ()
    protected: bool = False
    """True: with a warning, by us or by someone else."""


@dataclass(frozen=True)
class Watch:
    """What a To fix column is made of, and where Google has carried it since."""

    line: int
    """The row of the device, from 1."""
    header: str
    version: int
    alive: bool
    """True: our formula stands in the header cell and refers to what it should."""
    row: int
    column: int
    ids: tuple[int, ...]
    """The columns that bear a row's ID."""
    content: tuple[int, ...]
    """The columns by which rows without an ID of their own are told apart; none while every row has one."""


@dataclass(frozen=True)
class Reading:
    """A spreadsheet as it was at one moment."""

    title: str
    zone: str | None
    sheets: Sequence[SheetState]
    names: frozenset[str]
    """The defined names."""
    state: State | None
    grids: Mapping[str, Grid]
    """Every sheet that was read, our reports among them."""
    store: Mapping[str, str]
    """What the device keeps: the texts of To fix by row, the digests of reports."""
    watches: Mapping[int, Watch]
    """Sheet id to what is watched there."""
    version: str
    structure: str
    """A hash of all that is no cell."""
    chosen: frozenset[str]
    """The sheets that were asked for."""

    def sheet(self, title: str) -> SheetState:
        """The sheet of that title."""
        return next(s for s in self.sheets if s.title == title)

    def ours(self, key: str) -> SheetState | None:
        """The sheet that holds our report `key`, the log or the device."""
        return next((s for s in self.sheets if s.key == key), None)

    def in_place(self, earlier: Reading) -> bool:
        """Whether everything stands where it stood. Fractions may differ: the time and a rate change by themselves."""
        return self.structure == earlier.structure and all(
            _without_fractions(grid) == _without_fractions(earlier.grids[name])
            for name, grid in self.grids.items()
        )

    @property
    def snapshot(self) -> Snapshot:
        """What the program above is told."""
        infos = tuple(SheetInfo(s.title, s.hidden, s.key) for s in self.sheets if s.key != DEVICE)
        grids = {name: grid for name, grid in self.grids.items() if name in self.chosen}
        return Snapshot(infos, grids, self.version, self.zone)


def read(sheets: Sheets, select: Select) -> Reading:
    """The list of all sheets, the cells of those that `select` chooses and of all that are ours."""
    found = sheets.get(_FIELDS)
    states = _sheets(found)
    infos = [SheetInfo(s.title, s.hidden, s.key) for s in states if s.key != DEVICE]
    chosen = frozenset(select(infos))
    wanted = [s for s in states if s.columns and (s.title in chosen or s.key is not None)]
    values = sheets.values([quoted(s.title) for s in wanted]) if wanted else []
    cells = {s.title: rows for s, rows in zip(wanted, values, strict=True)}
    device = next((s for s in states if s.key == DEVICE), None)
    state = state_of(found)
    # Without the state the device is no one's: it is made anew, and so is what looks into it.
    store, watches = _device(cells.get(device.title, []) if device and state else [])
    grids = {}
    for sheet in wanted:
        if watch := watches.get(sheet.id):
            watches[sheet.id] = _checked(watch, cells[sheet.title])
        if sheet is not device:
            grids[sheet.title] = _grid(sheet.title, cells[sheet.title], watch)
    properties = found.get("properties", {})
    named = found.get("namedRanges", [])
    return Reading(
        properties.get("title", ""), _zone(properties.get("timeZone")), states,
        frozenset(n["name"] for n in named), state, grids, store, watches,
        _hash([found, values]), _hash(found), chosen,
    )  # fmt: skip


def _zone(stated: str | None) -> str | None:
    """A time zone by its usual name. Google calls one that it does not know GMT-07:00, where others say Etc/GMT+7."""
    found = re.fullmatch(r"GMT([+-])(\d\d):00", stated or "")
    return f"Etc/GMT{'-' if found[1] == '+' else '+'}{int(found[2])}" if found else stated


def _hash(told: Any) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _without_fractions(grid: Grid) -> list[list[Value]]:
    return [[0.5 if isinstance(v, float) and not v.is_integer() else v for v in row] for row in grid.rows]


def state_of(found: Mapping[str, Any]) -> State | None:
    """How far the writes have come, in a reply that has the named ranges."""
    named = found.get("namedRanges", [])
    return next((State(n["namedRangeId"], n["name"]) for n in named if n["name"].startswith(STATE)), None)


def _sheets(found: Mapping[str, Any]) -> list[SheetState]:
    """All sheets in the order of their tabs; the first that claims to be a report of ours is that report."""
    by_name = {
        name["range"].get("sheetId", 0): key[1].lower()
        for name in found.get("namedRanges", [])
        if (key := _REPORT_NAME.fullmatch(name["name"])) and "range" in name
    }
    out, taken = [], set[str]()
    for sheet in found.get("sheets", []):
        properties = sheet["properties"]
        grid, number = properties.get("gridProperties", {}), properties.get("sheetId", 0)
        marks = [
            m["metadataValue"] for m in sheet.get("developerMetadata", []) if m.get("metadataKey") == MARK
        ]
        holds: str | None = marks[0] if marks else by_name.get(number)
        if holds in taken:
            holds = None
        taken |= {holds} if holds else set()
        out.append(
            SheetState(
                number,
                properties["title"],
                properties.get("hidden", False),
                grid.get("rowCount", 0),
                grid.get("columnCount", 0),
                holds,
                bool(marks),
                sheet.get("conditionalFormats", []),
                [chart["chartId"] for chart in sheet.get("charts", [])],
                [*sheet.get("rowGroups", []), *sheet.get("columnGroups", [])],
                bool(sheet.get("protectedRanges")),
            )
        )
    # Metadata goes before names: a name may have been copied, metadata is only ever made by us.
    marked = {s.key for s in out if s.marked}
    return [replace(s, key=None) if s.key in marked and not s.marked else s for s in out]


def _grid(title: str, rows: Sequence[Sequence[Any]], watch: Watch | None) -> Grid:
    """Numbers as floats; rows end with their last value, as Google gives them, the grid with its last row."""
    cells: list[list[Value]] = [[float(v) if type(v) is int else v for v in row] for row in rows]
    doubts: dict[Position, Doubt] = {}
    for r, row in enumerate(rows, start=1):
        for c, value in enumerate(row, start=1):
            if isinstance(value, str) and value[:1] in "#L" and (_ERROR.match(value) or value == _LOADING):
                doubts[r, c] = Doubt("formula" if value == _LOADING else "error", value)
    ours = None
    if watch and (watch.row, watch.column) in doubts:
        # Our own formula is blocked, by something typed into its column: the header is still ours.
        cells[watch.row - 1][watch.column - 1] = watch.header
        del doubts[watch.row, watch.column]
        ours = watch.column
    while cells and not any(v not in (None, "") for v in cells[-1]):
        cells.pop()
    return Grid(title, cells, doubts, ours=ours)


def _checked(watch: Watch, rows: Sequence[Sequence[Any]]) -> Watch:
    """The watch, not alive where its header shows an error: something was typed where the formula's texts go."""
    if not 0 < watch.row <= len(rows) or not 0 < watch.column <= len(rows[watch.row - 1]):
        return watch
    return replace(watch, alive=watch.alive and rows[watch.row - 1][watch.column - 1] == watch.header)


def _device(rows: Sequence[Sequence[Any]]) -> tuple[dict[str, str], dict[int, Watch]]:
    store = {str(row[0]): str(row[1]) for row in rows if len(row) > 1 and row[0]}
    watches: dict[int, Watch] = {}
    for line, row in enumerate(rows, start=1):
        cells = row[FIRST_WATCH - 1 :]
        if len(cells) < 7 or not isinstance(cells[0], int | float):  # as `write` makes them
            continue
        sheet, version, count, header, formula, at_row, at_column, *columns = cells
        numbers = [int(v) if isinstance(v, int | float) else 0 for v in (at_row, at_column, *columns)]
        whole = formula is True and all(numbers)
        watches[int(sheet)] = Watch(
            line, str(header), int(version), whole, numbers[0], numbers[1],
            tuple(numbers[2 : 2 + int(count)]), tuple(numbers[2 + int(count) :]),
        )  # fmt: skip
    return store, watches
