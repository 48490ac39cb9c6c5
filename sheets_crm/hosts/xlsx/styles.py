"""The styles part: what looks the same is one entry, so that a second run adds none."""

from __future__ import annotations

import copy
from typing import TypeAlias

from lxml import etree

from sheets_crm.hosts.xlsx.package import Element, local, main, parse
from sheets_crm.hosts.xlsx.workbook import Workbook, child_in_order

CHILDREN = (  # noqa: SIM905 - reads better than quoted words
    "numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs tableStyles colors extLst"
).split()
"""The order of the children of `<styleSheet>` (ECMA-376 part 1, 18.8.39)."""

Look: TypeAlias = tuple[object, ...]

_FIRST_OWN_FORMAT = 164
"""Number formats below are built into Excel and have no code in the file."""


class Styles:
    """The styles of a workbook that has some; entries are found by value and only ever added."""

    def __init__(self, workbook: Workbook) -> None:
        self._root = workbook.package.tree(workbook.part("styles"))
        self._known: dict[str, dict[Look, int]] = {}

    def entries(self, section: str) -> list[Element]:
        """The fonts, fills, cellXfs, dxfs ... that there are."""
        stand = self._root.find(main(section))
        return [] if stand is None else [entry for entry in stand if local(entry)]

    def add(self, section: str, entry: Element) -> int:
        """The number of the entry that equals this one; a copy is added if there is none."""
        if section not in self._known:
            known: dict[Look, int] = {}
            for number, stands in enumerate(self.entries(section)):
                known.setdefault(look(stands), number)
            self._known[section] = known
        known = self._known[section]
        value = look(entry)
        if value not in known:
            known[value] = len(self.entries(section))
            stand = child_in_order(self._root, section, CHILDREN)
            stand.append(copy.deepcopy(entry))
            stand.set("count", str(known[value] + 1))
        return known[value]

    def number_format(self, code: str) -> str:
        """The id of a number format, made if there is none of that code."""
        ids = {entry.get("formatCode"): entry.get("numFmtId", "") for entry in self.entries("numFmts")}
        if code not in ids:
            highest = max((int(i) for i in ids.values() if i), default=0)
            ids[code] = str(max(highest + 1, _FIRST_OWN_FORMAT))
            entry = etree.Element(main("numFmt"), numFmtId=ids[code], formatCode=code)
            stand = child_in_order(self._root, "numFmts", CHILDREN)
            stand.append(entry)
            stand.set("count", str(len(self.entries("numFmts"))))
        return ids[code]

    def highlight(self, fill: str, color: str) -> int:
        """The number of the differential format with these two colours, `#RRGGBB`."""
        return self.add("dxfs", _highlight(fill, color))

    def shows(self, number: int, fill: str, color: str) -> bool:
        """Whether a differential format has these two colours, however the program that saved it puts them."""
        formats = self.entries("dxfs")
        if not 0 <= number < len(formats):
            return False
        background = formats[number].find(f"{main('fill')}/{main('patternFill')}/{main('bgColor')}")
        ink = formats[number].find(f"{main('font')}/{main('color')}")
        return _rgb(background) == _hex(fill) and _rgb(ink) == _hex(color)


class Translation:
    """Style numbers of another workbook as numbers here; an entry is added when it is first asked for."""

    def __init__(self, styles: Styles, source: bytes) -> None:
        self._styles = styles
        self._root = parse(source)
        self._codes = {e.get("numFmtId", ""): e.get("formatCode", "") for e in self._section("numFmts")}
        self._formats = self._section("cellXfs")
        self._differential = self._section("dxfs")
        self._cells: dict[int, int] = {}
        self._rules: dict[int, int] = {}

    def _section(self, name: str) -> list[Element]:
        stand = self._root.find(main(name))
        return [] if stand is None else list(stand)

    def cell(self, number: int) -> int:
        """The cell format (`s`) here that looks like format `number` there."""
        if number not in self._cells:
            entry = copy.deepcopy(self._formats[number])
            for section, key in (("fonts", "fontId"), ("fills", "fillId"), ("borders", "borderId")):
                there = self._section(section)[int(entry.get(key, "0"))]
                entry.set(key, str(self._styles.add(section, there)))
            code = self._codes.get(entry.get("numFmtId", "0"))
            if code is not None:
                entry.set("numFmtId", self._styles.number_format(code))
            # The named styles there (Hyperlink) are not the ones here.
            entry.set("xfId", "0")
            if entry.get("fontId") != "0":
                # Without it some programs show the font of the style Normal here.
                entry.set("applyFont", "1")
            self._cells[number] = self._styles.add("cellXfs", entry)
        return self._cells[number]

    def rule(self, number: int) -> int:
        """The differential format (`dxfId`) here that looks like `number` there."""
        if number not in self._rules:
            self._rules[number] = self._styles.add("dxfs", self._differential[number])
        return self._rules[number]


def look(entry: Element) -> Look:
    """An entry by value: the order of its properties and its namespace prefixes say nothing."""
    attributes = sorted((str(key), str(value)) for key, value in entry.attrib.items())
    inside = sorted((look(child) for child in entry if local(child)), key=repr)
    return (entry.tag, tuple(attributes), (entry.text or "").strip(), tuple(inside))


def _highlight(fill: str, color: str) -> Element:
    entry = etree.Element(main("dxf"))
    ink = etree.SubElement(entry, main("font"))
    etree.SubElement(ink, main("color"), rgb="FF" + _hex(color))
    pattern = etree.SubElement(etree.SubElement(entry, main("fill")), main("patternFill"))
    # In a differential format the background colour is the one that fills.
    etree.SubElement(pattern, main("bgColor"), rgb="FF" + _hex(fill))
    return entry


def _hex(color: str) -> str:
    return color.lstrip("#").upper()


def _rgb(color: Element | None) -> str:
    return "" if color is None else color.get("rgb", "")[-6:].upper()
