"""Commands called as a user calls them, on small workbooks in files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import xlsxwriter  # type: ignore[import-untyped]
from click.testing import CliRunner, Result

from sheets_crm.cli import main

HEADER = (
    "Deal ID",
    "Deal",
    "Stage",
    "Owner",
    "Next step",
    "Next date",
    "Amount",
    "Created",
    "Closed",
    "Lost reason",
)
FIRST, LATER = date(2024, 3, 4), date(2024, 3, 11)
"""Two Mondays, long past: a run on them is never in the future."""


def call(*args: object, env: dict[str, str] | None = None) -> Result:
    """What `sheets-crm ARGS` answers, on a computer that speaks English."""
    return CliRunner().invoke(
        main, [str(a) for a in args], env={"LC_ALL": "en_US.UTF-8", "NO_COLOR": "", **(env or {})}
    )


def deal(number: int, **changes: Any) -> tuple[Any, ...]:
    """A row of `firm` without a fault; fields by the words of its header in lower case, `_` for a space."""
    row: dict[str, Any] = {
        "deal_id": f"D{number:04}", "deal": f"Deal {number}", "stage": "Proposal", "owner": "Ann",
        "next_step": "call", "next_date": date(2024, 4, 1), "amount": 1000.5, "created": date(2024, 1, 10),
        "closed": None, "lost_reason": None,
    }  # fmt: skip
    assert changes.keys() <= row.keys()
    return tuple((row | changes).values())


def firm(
    path: Path, rows: Sequence[Sequence[Any]], *, header: Sequence[str] = HEADER, sheet: str = "Deals",
    book: Sequence[Sequence[str | None]] = (),
) -> Path:  # fmt: skip
    """A workbook with one sheet of deals, and a Sales Book of (code, active, setting, value) if there are lines for it."""
    workbook = xlsxwriter.Workbook(
        str(path), {"default_date_format": "yyyy-mm-dd", "strings_to_formulas": False}
    )
    deals = workbook.add_worksheet(sheet)
    for number, row in enumerate([header, *rows]):
        deals.write_row(number, 0, row)
    if book:
        lines = workbook.add_worksheet("Sales Book")
        for number, row in enumerate([("Code", "Active", "Setting", "Value"), *book]):
            lines.write_row(number, 0, row)
    workbook.close()
    return path


PLAIN = [("DQ04", "No", None, None)]
"""Lines of a Sales Book that leave deals without an owner be: what else is wrong with one is then told."""
SIX = [deal(n) for n in range(1, 7)]
SOUND = [*SIX[:4], deal(5, owner="Bob"), deal(6, owner=None)]
"""FAULTY before its faults: everybody's deals are their own already, for a received deal leaves its owner in peace."""
FAULTY = [
    deal(1), deal(2), deal(3),
    deal(4, next_date=None, next_step=None),
    deal(5, amount=-7, owner="Bob"),
    deal(6, next_date=date(2024, 3, 7), owner=None),
]  # fmt: skip
"""TK01 (error), DQ02 (error), TK02 (warning) on the later Monday; three clean deals."""


def judged(path: Path) -> Path:
    """A firm whose first run found nothing; then three faults were typed, all of them new."""
    firm(path, SOUND, book=PLAIN)
    assert call("run", path, "--as-of", FIRST).exit_code == 0
    return faulty(path)


def faulty(path: Path) -> Path:
    """Types the faults of FAULTY into the cells of a firm."""
    workbook = openpyxl.load_workbook(path)
    for number, row in enumerate(FAULTY, start=2):
        for column, value in enumerate(row, start=1):
            workbook["Deals"].cell(number, column).value = value
    workbook.save(path)
    return path


def spelled(value: object) -> str | None:
    """The id of a case: the words of its arguments."""
    return " ".join(map(str, value)) or "no options" if isinstance(value, tuple) else None
