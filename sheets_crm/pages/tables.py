"""A report as plain tables, for JSON and for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
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
