"""Runs with random troubles: each ends complete or with the spreadsheet unchanged and a sentence why; never doubled."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

from sheets_crm import history, sync
from sheets_crm.errors import SheetsCrmError
from sheets_crm.sheet import LOG_KEY, Grid, log_lines
from tests.firms import deal, deals
from tests.google.bench import Desk
from tests.google.book import Book
from tests.google.server import Kind, Trouble

DAY, NEXT = date(2026, 5, 19), date(2026, 5, 20)
_ANYWHERE: tuple[Kind, ...] = (
    "429", "500", "502", "503", "401", "403", "lost before", "lost after", "garbled after",
)  # fmt: skip
_PART = 9_000
"""Bytes of a part in those runs that are split."""


@dataclass(frozen=True)
class Table:
    """A spreadsheet to play with: as it is, and as it is after a run that met no trouble, in one part or in several."""

    desk: Desk
    before: Book
    whole: dict[str, Any]
    split: dict[str, Any]
    parts: Desk


@contextmanager
def table() -> Iterator[Table]:
    """The spreadsheet, after a first run."""
    rows = [deal(n, step=n % 2 == 0, owner="Ann" if n < 4 else "Боб") for n in range(1, 7)]
    with tempfile.TemporaryDirectory() as folder, Desk([deals(*rows)], Path(folder)) as desk:
        sync.run(desk.host, today=lambda _: DAY, as_of=DAY, names=("audit",))
        desk.type("Deals", 3, 2, "Negotiation")
        before = desk.book
        (Path(folder) / "parts").mkdir()
        with Desk([deals()], Path(folder) / "parts", most_bytes=_PART) as parts:
            found = []
            for one in (desk, parts):
                one.emulator.books[one.key] = before
                run(one)
                found.append(whole(one.book))
            yield Table(desk, before, found[0], found[1], parts)


def run(desk: Desk) -> sync.Run:
    """A run on the next day, by a computer that has just signed in."""
    return sync.run(desk.new_host(), today=lambda _: NEXT, as_of=NEXT, names=("audit",))


def play(seeds: Iterable[int], *, split: bool = False) -> Counter[str]:
    """How often each end came. Raises AssertionError, with the seed, at the first that must not be.

    `split`: runs too large for one request. Only they may end half done, and must say so and be completed by the next.
    """
    with table() as found:
        return Counter(_one(found, seed, split=split) for seed in seeds)


def _one(found: Table, seed: int, *, split: bool) -> str:
    chance = random.Random(seed)
    desk = found.parts if split else found.desk
    complete = found.split if split else found.whole
    desk.emulator.books[desk.key] = found.before
    desk.emulator.troubles.clear()
    desk.waits.clear()
    for _ in range(chance.choice((1, 1, 2, 3, 5, 9))):
        desk.emulator.fail(_trouble(chance))
    before = whole(desk.book)
    problem = _problem_of(desk)
    now = whole(desk.book)
    if problem is None:
        assert now == complete, seed
        end = "complete"
    else:
        assert problem.message.en, seed
        assert problem.message.ru, seed
        may_be_complete = "not known" in problem.message.en
        may_be_half = split and "Some reports" in problem.message.en
        assert now == before or (may_be_complete and now == complete) or may_be_half, (
            seed,
            problem.message.en,
        )
        state = "complete" if now == complete else "unchanged" if now == before else "half done"
        end = f"{type(problem).__name__}, {state}"
    assert sum(desk.waits) < 1200, seed
    desk.emulator.troubles.clear()
    run(desk)
    _never_doubled(desk, complete, seed)
    return end


def _problem_of(desk: Desk) -> SheetsCrmError | None:
    try:
        run(desk)
    except SheetsCrmError as error:
        return error
    return None


def _trouble(chance: random.Random) -> Trouble:
    kind = chance.choice(_ANYWHERE)
    if chance.random() < 0.05:
        return Trouble("revoked", "token")
    after = str(chance.choice((1, 7, 30))) if kind in ("429", "503") and chance.random() < 0.5 else ""
    return Trouble(kind, cast("Any", chance.choice(("read", "write", "write", ""))), after)


def _never_doubled(desk: Desk, complete: dict[str, Any], seed: int) -> None:
    """After one more run without trouble the spreadsheet is what it should be; the log has each run once."""
    now = whole(desk.book)
    for part in ("titles", "cells", "charts", "formats"):
        assert now[part] == complete[part], (seed, part)
    rows = desk.book.values("sheets_crm_log", "UNFORMATTED_VALUE")["values"]
    lines = log_lines(Grid(LOG_KEY, rows))
    assert history.chain(lines).broken_at is None, seed
    assert [entry.as_of for entry in history.read_past(lines).runs] == [DAY, NEXT], seed


def whole(book: Book) -> dict[str, Any]:
    """Everything that a person could see of a spreadsheet, and what only we do."""
    return {
        "titles": [(sheet.title, sheet.properties.get("hidden", False)) for sheet in book.sheets],
        "cells": {sheet.title: dict(book.shown(sheet)) for sheet in book.sheets},
        "formulas": {sheet.title: {at: c.value for at, c in sheet.cells.items()} for sheet in book.sheets},
        "looks": {
            sheet.title: {at: c.format for at, c in sheet.cells.items() if c.format} for sheet in book.sheets
        },
        "formats": {sheet.title: sheet.formats for sheet in book.sheets},
        "charts": {sheet.title: [chart["spec"] for chart in sheet.charts] for sheet in book.sheets},
        "marks": {sheet.title: [m["metadataValue"] for m in sheet.metadata] for sheet in book.sheets},
        "names": [(n["name"], n["namedRangeId"]) for n in book.named],
    }
