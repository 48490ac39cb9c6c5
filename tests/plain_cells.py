"""A second reader of worksheets, slow and simple: an XML tree, the words of ECMA-376, and nothing of ours."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from urllib.parse import unquote

from lxml import etree

_BUILT_IN_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_NOT_SHOWN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h|m|s)+\])[^\]]*\]', re.IGNORECASE)
"""What a number format holds besides its signs: quotations, escaped characters, paddings, colours and conditions."""


class Cell(NamedTuple):
    """What a cell stores."""

    kind: str
    """number, moment (a number that is shown as a date or a time), text, truth, iso or error."""
    value: Any
    has_formula: bool = False


class Book:
    """A workbook read part by part."""

    def __init__(self, data: bytes) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(data))
        self._names = {name.lower(): name for name in self._zip.namelist()}
        root = self._related("", "officeDocument")
        assert root is not None
        self._root = self._tree(root)
        self._folder = posixpath.dirname(root)
        self._relations = dict(self._all_related(root))
        strings = next((path for kind, path in self._relations.values() if kind == "sharedStrings"), None)
        styles = next((path for kind, path in self._relations.values() if kind == "styles"), None)
        self._strings = [_text(si) for si in self._tree(strings).iterfind("{*}si")] if strings else []
        self._dates = list(_date_formats(self._tree(styles))) if styles else []
        properties = self._root.find("{*}workbookPr")
        since_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        self.epoch = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30)

    def sheets(self) -> Iterator[tuple[str, dict[tuple[int, int], Cell]]]:
        """(name, cells that are not blank by position) of each worksheet."""
        for entry in self._root.iterfind("{*}sheets/{*}sheet"):
            number = next(value for key, value in entry.attrib.items() if etree.QName(key).localname == "id")
            kind, path = self._relations[str(number)]
            if kind == "worksheet":
                yield entry.get("name", ""), dict(self._cells(self._tree(path)))

    def _cells(self, root: etree._Element) -> Iterator[tuple[tuple[int, int], Cell]]:
        row = 0
        for line in root.iterfind("{*}sheetData/{*}row"):
            row, column = int(line.get("r", row + 1)), 0
            for cell in line.iterfind("{*}c"):
                place = re.fullmatch(r"([A-Z]+)(\d+)", cell.get("r", ""))
                column = _number(place[1]) if place else column + 1
                found = self._cell(cell)
                if found is not None:
                    yield (int(place[2]) if place else row, column), found

    def _cell(self, cell: etree._Element) -> Cell | None:
        kind, formula = cell.get("t", "n"), cell.find("{*}f") is not None
        if kind == "inlineStr":
            inline = cell.find("{*}is")
            return None if inline is None else Cell("text", _text(inline), formula)
        stored = cell.findtext("{*}v")
        if stored is None or (stored == "" and kind != "str"):
            return None
        if kind == "s":
            return Cell("text", self._strings[int(stored)], formula)
        if kind == "str":
            return Cell("text", _unescaped(stored), formula)
        if kind == "b":
            return Cell("truth", stored == "1", formula)
        if kind in ("e", "d"):
            return Cell({"e": "error", "d": "iso"}[kind], stored, formula)
        style = int(cell.get("s", "0"))
        shown = style < len(self._dates) and self._dates[style]
        return Cell("moment" if shown else "number", float(stored), formula)

    def _tree(self, path: str) -> etree._Element:
        return etree.fromstring(self._zip.read(self._names[path.lower()]))

    def _related(self, path: str, kind: str) -> str | None:
        return next(
            (target for found, target in dict(self._all_related(path)).values() if found == kind), None
        )

    def _all_related(self, path: str) -> Iterator[tuple[str, tuple[str, str]]]:
        folder, name = posixpath.split(path)
        for relation in self._tree(posixpath.join(folder, "_rels", f"{name}.rels")):
            if relation.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, unquote(relation.get("Target", ""))))
                yield (
                    relation.get("Id", ""),
                    (relation.get("Type", "").rsplit("/", 1)[-1], target.lstrip("/")),
                )


def serial(value: date | datetime | time | timedelta, epoch: datetime) -> float:
    """A date or a time as the number that a cell stores for it."""
    if isinstance(value, timedelta):
        return value / timedelta(days=1)
    if isinstance(value, time):
        return timedelta(
            hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
        ) / timedelta(days=1)
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
    days = (moment - epoch) / timedelta(days=1)
    return days - 1 if epoch.year == 1899 and moment < datetime(1900, 3, 1) else days


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _text(element: etree._Element) -> str:
    """Texts of plain and rich strings; readings (rPh) are no part of the text."""
    spoken = [t.text or "" for t in element.iterfind("{*}t")]
    spoken += [t.text or "" for t in element.iterfind("{*}r/{*}t")]
    return _unescaped("".join(spoken))


def _unescaped(text: str) -> str:
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)


def _date_formats(styles: etree._Element) -> Iterator[bool]:
    """For each cell format whether it shows a date or a time."""
    codes = {
        int(f.get("numFmtId", "0")): f.get("formatCode", "") for f in styles.iterfind("{*}numFmts/{*}numFmt")
    }
    for xf in styles.iterfind("{*}cellXfs/{*}xf"):
        number = int(xf.get("numFmtId", "0"))
        if number in codes:
            bare = _NOT_SHOWN.sub("", codes[number].split(";")[0])
            yield re.search("[dmyhs]", bare, re.IGNORECASE) is not None and "general" not in bare.lower()
        else:
            yield number in _BUILT_IN_DATES
