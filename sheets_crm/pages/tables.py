"""A report as plain tables, for JSON and for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from sheets_crm.schema import Kind
from sheets_crm.text import Text

Plain: TypeAlias = str | int | Decimal | date | bool | None


class ReportColumn(NamedTuple):
    """A column of a report table."""

    key: str
    kind: Kind
    header: Text


class ReportTable(NamedTuple):
    """One block of a report; rows are in the order of the columns."""

    name: str
    title: Text
    columns: tuple[ReportColumn, ...]
    rows: Sequence[Sequence[Plain]]


Described: TypeAlias = tuple[Text, tuple[tuple[str, Kind, str, str], ...]]
"""A table's title and its columns as (key, kind, English header, Russian header)."""


def filled(name: str, described: Described, rows: Iterable[Sequence[Plain]]) -> ReportTable:
    """A described table with its rows."""
    title, columns = described
    made = tuple(ReportColumn(key, kind, Text(en, ru)) for key, kind, en, ru in columns)
    return ReportTable(name, title, made, list(rows))
