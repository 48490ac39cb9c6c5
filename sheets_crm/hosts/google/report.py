"""A page goes in, requests that make it a sheet come out: whole, in place, and with nothing left of what stood there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sheets_crm.hosts.google.cells import (
    Json,
    SheetIds,
    area,
    color,
    dressed,
    entered,
    formula,
    look,
    seen,
    span,
    text,
)
from sheets_crm.hosts.google.read import SheetState
from sheets_crm.hosts.google.transport import compact
from sheets_crm.sheet import (
    Area,
    Cell,
    Chart,
    Choice,
    ColumnFormat,
    Grid,
    Highlight,
    Page,
    Position,
    RowFormat,
    Series,
    Style,
)

_A_CHUNK = 500_000
"""Bytes of rows in one request, so that a large sheet can be written in parts."""
_WIDTH, _HEIGHT = 100, 21
"""Pixels of a column and of a row as Google makes them."""
_STACKED = "stacked_"


def size(page: Page) -> tuple[int, int]:
    """Rows and columns that a page needs."""
    charts = [(chart.anchor[0], chart.anchor[1]) for chart in page.charts]
    places = [
        *page.cells,
        *page.notes,
        *((a.last_row, a.last_column) for a in page.merges),
        *charts,
        *_reach(page),
        (2, 2),
    ]
    return max(row for row, _ in places), max(column for _, column in places)


def _reach(page: Page) -> Iterator[Position]:
    frozen = page.freeze or (0, 0)
    yield frozen[0] + 1, frozen[1] + 1  # Google freezes no more than all but one
    yield from ((n, 1) for n in page.rows)
    yield from ((1, c.last) for c in page.columns)
    yield from ((choice.area.last_row, choice.area.last_column) for choice in page.choices)


def stands(page: Page, grid: Grid | None) -> bool:
    """Whether a sheet still shows what the page says, cell by cell; what Google computes may differ by a hair."""
    if grid is None:
        return False
    expected = {at: seen(cell.content) for at, cell in page.cells.items()}
    rows, columns = len(grid.rows), max(map(len, grid.rows), default=0)
    for row in range(1, max([rows, *(at[0] for at in expected)]) + 1):
        for column in range(1, max([columns, *(at[1] for at in expected)]) + 1):
            wanted, found = expected.get((row, column), ""), grid.value(row, column)
            if wanted is not None and not _same(wanted, "" if found is None else found):
                return False
    return True


def _same(wanted: str | float | bool, found: Any) -> bool:
    if isinstance(wanted, float) and type(found) is float:
        return abs(wanted - found) <= 1e-9 * max(1.0, abs(wanted))
    return type(wanted) is type(found) and wanted == found


def cleared(sheet: int, old: SheetState) -> Iterator[Json]:
    """The requests that leave nothing of what a sheet held. It is ours alone, so its places are known."""
    yield {"unmergeCells": {"range": {"sheetId": sheet}}}
    yield {"clearBasicFilter": {"sheetId": sheet}}
    for chart in old.charts:
        yield {"deleteEmbeddedObject": {"objectId": chart}}
    for group in sorted(old.groups, key=lambda g: -g.get("depth", 1)):
        yield {"deleteDimensionGroup": {"range": group["range"]}}
    for at in reversed(range(len(old.formats))):
        yield {"deleteConditionalFormatRule": {"sheetId": sheet, "index": at}}
    yield {"updateCells": {"range": {"sheetId": sheet}, "fields": "*"}}
    yield _sized(sheet, "COLUMNS", 1, old.columns, _WIDTH)
    yield _sized(sheet, "ROWS", 1, old.rows, _HEIGHT)


def made(page: Page, sheet: int, sheets: SheetIds) -> Iterator[Json]:
    """The requests that make an empty sheet into `page`."""
    rows, columns = size(page)
    yield _frame(page, sheet, rows, columns)
    yield from _cells(page, sheet, sheets)
    yield from _looks(page, sheet, rows)
    yield from _dimensions(page, sheet)
    for merged in page.merges:
        if merged[:2] != merged[2:]:
            yield {"mergeCells": {"range": area(sheet, merged), "mergeType": "MERGE_ALL"}}
    for choice in page.choices:
        yield {"setDataValidation": {"range": area(sheet, choice.area), "rule": _rule(choice)}}
    if page.filter:
        yield {"setBasicFilter": {"filter": {"range": area(sheet, page.filter)}}}
    for at, highlight in enumerate(page.highlights):
        yield {"addConditionalFormatRule": {"rule": rule_of(highlight, sheet), "index": at}}
    for chart in page.charts:
        yield {"addChart": {"chart": _chart(chart, page, sheet)}}


def _frame(page: Page, sheet: int, rows: int, columns: int) -> Json:
    frozen_rows, frozen_columns = page.freeze or (0, 0)
    properties: Json = {
        "sheetId": sheet,
        "gridProperties": {
            "rowCount": rows, "columnCount": columns, "frozenRowCount": frozen_rows,
            "frozenColumnCount": frozen_columns, "hideGridlines": not page.gridlines,
            "rowGroupControlAfter": False, "columnGroupControlAfter": False,
        },
    }  # fmt: skip
    if page.tab:
        properties["tabColorStyle"] = color(page.tab)
    return {"updateSheetProperties": {"properties": properties, "fields": "gridProperties,tabColorStyle"}}


# ------------------------------------------------------------------- cells


def _cells(page: Page, sheet: int, sheets: SheetIds) -> Iterator[Json]:
    """What stands in the cells, row by row."""
    by_row: dict[int, dict[int, Json]] = {}
    for (row, column), cell in page.cells.items():
        if found := entered(cell.content, sheets):
            by_row.setdefault(row, {})[column] = {"userEnteredValue": found}
    for (row, column), note in page.notes.items():
        by_row.setdefault(row, {}).setdefault(column, {})["note"] = text(note)
    last = max(by_row, default=0)
    rows = [_row(by_row.get(row, {})) for row in range(1, last + 1)]
    yield from written(sheet, (1, 1), rows, "userEnteredValue,note")


def written(sheet: int, at: Position, rows: Sequence[Json], fields: str) -> Iterator[Json]:
    """Rows of cells from a place on, in requests of a size that can be handled."""
    for offset, some in chunks(rows):
        start = {"sheetId": sheet, "rowIndex": at[0] - 1 + offset, "columnIndex": at[1] - 1}
        yield {"updateCells": {"start": start, "rows": some, "fields": fields}}


def chunks(rows: Sequence[Json]) -> Iterator[tuple[int, list[Json]]]:
    """Runs of rows that stay small, each with the number of rows before it."""
    offset, some, room = 0, list[Json](), _A_CHUNK
    for row in rows:
        size = len(compact(row))
        if some and size > room:
            yield offset, some
            offset, some, room = offset + len(some), [], _A_CHUNK
        some.append(row)
        room -= size
    if some:
        yield offset, some


def _row(cells: Mapping[int, Json]) -> Json:
    return {"values": [cells.get(column, {}) for column in range(1, max(cells) + 1)]} if cells else {}


def _looks(page: Page, sheet: int, rows: int) -> Iterator[Json]:
    """Every look once for each rectangle that bears it."""
    for column in page.columns:
        if column.style:
            yield _painted(sheet, Area(1, column.first, rows, column.last), column.style)
    for where, style in _rectangles(page.cells):
        yield _painted(sheet, where, style)


def _painted(sheet: int, where: Area, style: Style) -> Json:
    return {
        "repeatCell": {
            "range": area(sheet, where), "cell": {"userEnteredFormat": look(style)}, "fields": "userEnteredFormat",
        }
    }  # fmt: skip


def _rectangles(cells: Mapping[Position, Cell]) -> Iterator[tuple[Area, Style]]:
    """Neighbours of one look, first along the row, then equal runs of rows below each other."""
    runs: dict[int, list[tuple[int, int, Style]]] = {}
    for (row, column), cell in sorted(cells.items(), key=lambda item: item[0]):
        style = dressed(cell.content, cell.style)
        if style is None:
            continue
        line = runs.setdefault(row, [])
        if line and line[-1][1] == column - 1 and line[-1][2] == style:
            line[-1] = line[-1][0], column, style
        else:
            line.append((column, column, style))
    open_: dict[tuple[int, int, Style], int] = {}
    last = max(runs, default=0)
    for row in range(1, last + 2):
        line = runs.get(row, [])
        for run in [run for run in open_ if run not in line]:
            yield Area(open_.pop(run), run[0], row - 1, run[1]), run[2]
        for run in line:
            open_.setdefault(run, row)


# -------------------------------------------------------------- dimensions


def _dimensions(page: Page, sheet: int) -> Iterator[Json]:
    """Widths, heights and folded groups. A width is in characters, a height in points."""
    for column in page.columns:
        yield _sized(sheet, "COLUMNS", column.first, column.last, round(column.width * 7 + 5))
        if column.hidden and not column.level:
            yield _hidden(sheet, "COLUMNS", column.first, column.last)
    for height, run in groupby(sorted(page.rows), key=_run_of_heights(page.rows)):
        numbers = list(run)
        if height[0]:
            yield _sized(sheet, "ROWS", numbers[0], numbers[-1], round(height[0] * 4 / 3))
        if height[1]:
            yield _hidden(sheet, "ROWS", numbers[0], numbers[-1])
    yield from _groups(sheet, "ROWS", page.rows)
    yield from _groups(sheet, "COLUMNS", {n: c for c in page.columns for n in range(c.first, c.last + 1)})


def _run_of_heights(rows: Mapping[int, RowFormat]) -> Any:
    """A key by which equal rows fall into a run only while nothing stands between them."""
    state: list[Any] = [None, 0, 0]

    def key(row: int) -> tuple[float | None, bool, int]:
        found = rows[row]
        now = found.height, found.hidden and not found.level
        if now != state[0] or row != state[1] + 1:
            state[2] += 1
        state[0], state[1] = now, row
        return (*now, state[2])

    return key


def _sized(sheet: int, dimension: str, first: int, last: int, pixels: int) -> Json:
    return {
        "updateDimensionProperties": {
            "range": span(sheet, dimension, first, last), "properties": {"pixelSize": pixels, "hiddenByUser": False},
            "fields": "pixelSize,hiddenByUser",
        }
    }  # fmt: skip


def _hidden(sheet: int, dimension: str, first: int, last: int) -> Json:
    return {
        "updateDimensionProperties": {
            "range": span(sheet, dimension, first, last), "properties": {"hiddenByUser": True},
            "fields": "hiddenByUser",
        }
    }  # fmt: skip


def _groups(sheet: int, dimension: str, formats: Mapping[int, RowFormat | ColumnFormat]) -> Iterator[Json]:
    """One group for every run of a level, the outer before the inner; hidden runs are folded."""
    for level in range(1, max((f.level for f in formats.values()), default=0) + 1):
        inside = sorted(n for n, f in formats.items() if f.level >= level)
        for _, run in groupby(enumerate(inside), key=lambda pair: pair[1] - pair[0]):
            numbers = [n for _, n in run]
            where = span(sheet, dimension, numbers[0], numbers[-1])
            yield {"addDimensionGroup": {"range": where}}
            if all(formats[n].hidden for n in numbers):
                folded = {"range": where, "depth": level, "collapsed": True}
                yield {"updateDimensionGroup": {"dimensionGroup": folded, "fields": "collapsed"}}


# ------------------------------------------------- dropdowns, highlights, charts


def _rule(choice: Choice) -> Json:
    """A dropdown of words or of another sheet's cells."""
    if choice.formula:
        condition: Json = {"type": "ONE_OF_RANGE", "values": [{"userEnteredValue": formula(choice.formula)}]}
    else:
        condition = {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": word} for word in choice.words]}
    rule: Json = {"condition": condition, "strict": choice.strict, "showCustomUi": True}
    return rule | ({"inputMessage": text(choice.message, 255)} if choice.message else {})


def rule_of(highlight: Highlight, sheet: int) -> Json:
    """A conditional format over the whole height of a sheet, however many rows it will have."""
    condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": f"={formula(highlight.formula)}"}]}
    shown = {
        "backgroundColorStyle": color(highlight.fill),
        "textFormat": {"foregroundColorStyle": color(highlight.color)},
    }
    return {
        "ranges": [area(sheet, highlight.area, open_end=True)],
        "booleanRule": {"condition": condition, "format": shown},
    }


def _chart(chart: Chart, page: Page, sheet: int) -> Json:
    """A native chart. Google names a series after the cell above its values, if all have one that says the name."""
    headed = all(_head(series, page) for series in chart.series)
    kind = chart.kind.removeprefix(_STACKED)
    basic: Json = {
        "chartType": kind.upper(),
        "legendPosition": "BOTTOM_LEGEND" if chart.legend else "NO_LEGEND",
        "headerCount": 1 if headed else 0,
        "domains": [{"domain": _source(chart.series[0].categories, sheet, headed)}] if chart.series else [],
        "series": [_drawn(series, chart, sheet, headed) for series in chart.series],
        "axis": [
            {"position": position, "title": text(title, 255)}
            for position, title in (("BOTTOM_AXIS", chart.x_title), ("LEFT_AXIS", chart.y_title))
            if title
        ],
    }
    if kind != chart.kind:
        basic["stackedType"] = "STACKED"
    spec: Json = {"basicChart": basic, "hiddenDimensionStrategy": "SHOW_ALL", "fontName": "Arial"}
    if chart.title:
        spec["title"] = text(chart.title, 255)
    anchor = {"sheetId": sheet, "rowIndex": chart.anchor[0] - 1, "columnIndex": chart.anchor[1] - 1}
    place = {"anchorCell": anchor, "widthPixels": chart.width, "heightPixels": chart.height}
    return {"spec": spec, "position": {"overlayPosition": place}}


def _head(series: Series, page: Page) -> bool:
    above = page.cells.get((series.values.first_row - 1, series.values.first_column))
    return above is not None and above.content == series.name


def _source(where: Area, sheet: int, headed: bool) -> Json:
    whole = where._replace(first_row=where.first_row - 1) if headed else where
    return {"sourceRange": {"sources": [area(sheet, whole)]}}


def _drawn(series: Series, chart: Chart, sheet: int, headed: bool) -> Json:
    """A series without a colour only takes its room: Google has no invisible columns, white ones on white are."""
    kind = chart.kind.removeprefix(_STACKED)
    found: Json = {
        "series": _source(series.values, sheet, headed),
        "targetAxis": "BOTTOM_AXIS" if kind == "bar" else "LEFT_AXIS",
        "colorStyle": color(series.color or "#FFFFFF"),
    }
    if kind == "line":
        found |= {"lineStyle": {"width": 2}, "pointStyle": {"shape": "CIRCLE", "size": 5}}
    if chart.labels and series.color:
        place = "ABOVE" if kind == "line" else "CENTER" if kind != chart.kind else "OUTSIDE_END"
        found["dataLabel"] = {"type": "DATA", "placement": place}
    return found
