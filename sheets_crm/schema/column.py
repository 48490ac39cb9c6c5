"""How a table and its columns are declared: once, as fields of a frozen dataclass."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from itertools import repeat
from typing import Any, Literal, NamedTuple, TypeVar

from sheets_crm.schema.choices import Choices
from sheets_crm.text import Text

Kind = Literal[
    "id",  # our own key of the row: D0001
    "ref",  # an ID or a unique name of a row in another table
    "text",
    "note",  # text of several lines
    "choice",
    "yesno",
    "date",
    "moment",  # a date, with a time of day where one was typed
    "money",
    "number",
    "whole",
    "percent",  # 0-100
    "email",
    "phone",
    "link",
    "expression",  # the small language of criteria and evidence
    "names",  # column keys or headers, separated by commas
    "weekdays",  # 1-5 or 1,3,5; Monday is 1
    "hygiene",  # ours: what to fix in this row
    "lookup",  # ours: a formula of the template, never read
]

_WIDTHS: dict[str, float] = {
    "id": 9, "ref": 18, "text": 18, "note": 34, "choice": 14, "yesno": 11, "date": 12, "moment": 16,
    "money": 14, "number": 10, "whole": 10, "percent": 11, "email": 24, "phone": 18, "link": 22,
    "expression": 30, "names": 26, "weekdays": 11, "hygiene": 44, "lookup": 18,
}  # fmt: skip


class Column(NamedTuple):
    """A column of a table: its stable key, its header in both languages, and what belongs in it."""

    key: str
    header: Text
    kind: Kind
    meaning: Text
    daily: bool = False
    """Shown at first sight; the rest stands in a collapsed group."""
    required: bool = False
    """Without it the table is not a table. Only Deals.stage is."""
    aliases: tuple[str, ...] = ()
    """Headers that firms write instead."""
    choices: Choices | None = None
    refers: str = ""
    """`Table.column` whose values are offered as a dropdown."""
    width: float = 0

    @property
    def ours(self) -> bool:
        """Written by us, never read."""
        return self.kind in ("hygiene", "lookup")


@dataclass(frozen=True, slots=True)
class Row:
    """What every row knows: the sheet row it was read from, and its stable key."""

    row: int
    key: str


RowType = TypeVar("RowType", bound=Row)
_AT_ONCE = 1024
"""Rows that a processor holds while their slots are filled."""


def made(row_type: type[RowType], *columns: Sequence[Any]) -> list[RowType]:
    """Rows from the columns of their values, in the order of the constructor's arguments.

    Slot by slot: a frozen dataclass's own constructor sets every field by its name, which takes twice as long.
    """
    rows: list[RowType] = []
    slots = [getattr(row_type, f.name).__set__ for f in fields(row_type) if f.init]
    for start in range(0, len(columns[0]), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        blank = list(map(object.__new__, repeat(row_type, len(columns[0][part]))))
        for fill, values in zip(slots, columns, strict=True):
            deque(map(fill, blank, values[part]), maxlen=0)
        rows += blank
    return rows


class Table(NamedTuple):
    """A table of the workbook: one sheet, one dataclass, its columns in the sheet's order."""

    key: str
    sheet: Text
    row_type: type[Row]
    columns: tuple[Column, ...]
    prefix: str = ""
    """The letter of the IDs that we fill in, if this table's rows have one."""
    group: str = "daily"
    identity: tuple[str, ...] = ()
    """The columns that tell one row from another: the ID, or the natural key where there is none."""

    def column(self, key: str) -> Column:
        """The column of that key; KeyError if the table has none."""
        for column in self.columns:
            if column.key == key:
                return column
        raise KeyError(f"{self.key}.{key}")

    @property
    def id_column(self) -> Column | None:
        """The column that holds the row's own ID."""
        return next((c for c in self.columns if c.kind == "id"), None)

    @property
    def fields(self) -> tuple[Column, ...]:
        """The columns that are read, in the order of the dataclass's own arguments."""
        return tuple(c for c in self.columns if not c.ours)


def column(
    kind: Kind,
    header: tuple[str, str],
    meaning: tuple[str, str],
    *,
    daily: bool = False,
    required: bool = False,
    aliases: tuple[str, ...] = (),
    choices: Choices | None = None,
    refers: str = "",
    width: float = 0,
) -> Any:
    """A dataclass field that carries its Column; headers and meanings are (English, Russian)."""
    made = Column(
        "",
        Text(*header),
        kind,
        Text(*meaning),
        daily,
        required,
        aliases,
        choices,
        refers,
        width or _WIDTHS[kind],
    )
    if made.ours:
        return field(init=False, repr=False, compare=False, metadata={"column": made})
    return field(default=None, metadata={"column": made})


TABLES: dict[str, Table] = {}
"""Every table by key, in the order in which the sheets stand."""


def table(
    key: str, sheet: Text, *, prefix: str = "", group: str = "daily", identity: tuple[str, ...] = ()
) -> Callable[[type[RowType]], type[RowType]]:
    """Registers a row class as a table of the workbook."""

    def register(row_type: type[RowType]) -> type[RowType]:
        columns = tuple(
            f.metadata["column"]._replace(key=f.name.rstrip("_"))
            for f in fields(row_type)
            if "column" in f.metadata
        )
        own = identity or tuple(c.key for c in columns if c.kind == "id")
        TABLES[key] = Table(key, sheet, row_type, columns, prefix, group, own)
        return row_type

    return register
