"""What counts as filled, and which column a word of the Sales Book means."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from sheets_crm.book import folded
from sheets_crm.book.tables import spellings
from sheets_crm.schema import Column, Table

_PLACEHOLDERS = frozenset(
    {"-", "--", "—", "–", "?", "??", "???", ".", "test", "тест", "#ref!", "#n/a", "n/a", "xxx", "ххх"}
)
_NEGATIONS = frozenset({"нет", "no", "none", "0"})
_LONGEST = max(map(len, _PLACEHOLDERS | _NEGATIONS))
_NAMING = ("phone", "email", "id", "ref")
_QUOTES = re.compile(r"[«»\"“”„']")


def is_blank(column: Column, value: object) -> bool:
    """Whether a required field is empty: blank, or a placeholder of its kind (item 19, ruling R10).

    «нет» and "0" are empty only in names, phones, e-mails, ids and money.
    """
    if value is None or value == "":
        return True
    if isinstance(value, Decimal):
        return column.kind == "money" and value == 0
    if isinstance(value, bool | date | datetime):
        return False
    if isinstance(value, str) and value.isprintable() and len(value.strip()) > _LONGEST:
        return False  # folding only shortens spaces and what is not seen, and no placeholder has a space
    word = folded(str(value))
    if word in _PLACEHOLDERS:
        return True
    return word in _NEGATIONS and (
        column.kind in _NAMING or column.key in ("name", "decision_maker", "tax_id")
    )


def named_columns(table: Table, text: str) -> list[tuple[str, Column | None]]:
    """The columns that a list of names means: (name as written, column or None if the table has none such)."""
    known: dict[str, Column] = {}
    for column in table.fields:
        for name in spellings(column):
            known.setdefault(name, column)
    names = [_QUOTES.sub("", part).strip() for part in re.split(r"[,;\n]", text)]
    return [(name, known.get(folded(name))) for name in names if name]
