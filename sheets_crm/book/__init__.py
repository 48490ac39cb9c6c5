"""A firm's workbook as typed rows: a snapshot goes in, a Book comes out; nothing is judged here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias, TypeVar

from sheets_crm.book.parse import Problem, Reading, as_text, folded, folded_name
from sheets_crm.book.tables import Excluded, TableRows, find_header, read_table
from sheets_crm.errors import StructureError
from sheets_crm.schema import (
    TABLES,
    Clause,
    Company,
    Contact,
    Deal,
    LossReason,
    Member,
    Row,
    Stage,
    Task,
)
from sheets_crm.sheet import LOG_KEY, Grid, SheetInfo, Snapshot
from sheets_crm.text import LANGS, Lang, Text, listed

__all__ = [
    "Book",
    "Excluded",
    "Problem",
    "TableRows",
    "as_text",
    "folded",
    "folded_name",
    "kind_of_name",
    "language",
    "read_book",
    "standing",
    "wanted",
]

R = TypeVar("R", bound=Row)
TABLE_OF: dict[type[Row], str] = {table.row_type: key for key, table in TABLES.items()}
"""Row class to the key of its table."""

_SERVICE = {
    "won": ("успешно", "успех", "won", "closed won", "успешно реализовано", "сделка успешна", "выиграна"),
    "lost": (
        "отказ",
        "lost",
        "closed lost",
        "закрыто и не реализовано",
        "сделка провалена",
        "проиграна",
        "проигрыш",
    ),
    "passive": ("на паузе", "пауза", "on hold", "отложена"),
    "refund": ("возврат", "refund"),
}
"""Stages whose names say their kind, for a firm without a sheet of stages or with a blank kind."""
_KIND_OF = {name: kind for kind, names in _SERVICE.items() for name in names}


def kind_of_name(stage: str) -> str:
    """What a stage is by its name alone: won, lost, passive or refund for words that everyone uses, else active."""
    return _KIND_OF.get(folded(stage), "active")


_Index: TypeAlias = dict[str, list[Row]]


class Resolved(NamedTuple):
    """What a reference by ID or name leads to: one row, or none, or several."""

    row: Row | None
    candidates: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Book:
    """The tables of a firm, and the words in which it is to be answered."""

    tables: Mapping[str, TableRows[Any]]
    """Every table of the schema by key, in its order; absent ones are falsy."""
    lang: Lang = "en"
    """The language of what is written into the workbook."""
    sheets: tuple[SheetInfo, ...] = ()
    time_zone: str | None = None
    """The host's own time zone, where it has one."""
    notes: tuple[Text, ...] = ()
    """What a person has to know about the workbook and has no cell to stand on."""

    def of(self, row_type: type[R]) -> TableRows[R]:
        """The table whose rows are of that class."""
        return self.tables[TABLE_OF[row_type]]

    @property
    def deals(self) -> TableRows[Deal]:
        """The deals: the one table that is always there."""
        return self.of(Deal)

    @property
    def tasks(self) -> TableRows[Task]:
        """The tasks."""
        return self.of(Task)

    @property
    def stages(self) -> TableRows[Stage]:
        """The stages of all pipelines."""
        return self.of(Stage)

    @property
    def reasons(self) -> TableRows[LossReason]:
        """The loss reasons, active or not."""
        return self.of(LossReason)

    @property
    def team(self) -> TableRows[Member]:
        """The people."""
        return self.of(Member)

    @property
    def clauses(self) -> TableRows[Clause]:
        """The lines of the Sales Book."""
        return self.of(Clause)

    def has(self, name: str) -> bool:
        """Whether `Table` or `Table.column` exists; a table without rows exists."""
        table, _, column = name.partition(".")
        rows = self.tables[table]
        return bool(rows) and (not column or rows.has(column))

    def table_of(self, row: Row) -> TableRows[Any]:
        """The table that a row stands in."""
        return self.tables[TABLE_OF[type(row)]]

    # ------------------------------------------------------------ stages

    @cached_property
    def _stages(self) -> Mapping[tuple[str, str], Stage]:
        return {(folded(s.pipeline or ""), folded(s.stage)): s for s in self.stages.rows if s.stage}

    @cached_property
    def pipelines(self) -> tuple[str, ...]:
        """The pipelines of the sheet Stages, folded."""
        return tuple(dict.fromkeys(pipeline for pipeline, _ in self._stages))

    def stage_of(self, deal: Deal) -> Stage | None:
        """The deal's stage as the sheet Stages has it; a blank pipeline means the only one. None if unknown.

        Without a sheet Stages there is nothing to be unknown to: the stage's own name is all there is.
        """
        return self._standing(deal.pipeline, deal.stage)[0]

    def kind_of(self, deal: Deal) -> str | None:
        """active, passive, won, lost, handover or refund; None where the stage is unknown."""
        return self._standing(deal.pipeline, deal.stage)[1]

    def kind_at(self, pipeline: str | None, stage: str | None) -> str | None:
        """The kind of a stage as a deal of that pipeline would name it; None where it is unknown."""
        return self._standing(pipeline, stage)[1]

    def _standing(self, pipeline: str | None, stage: str | None) -> tuple[Stage | None, str | None]:
        place = (pipeline, stage)
        found = self._known_stages.get(place)
        if found is None:
            known = self._stage_at(pipeline, stage)
            kind = None if known is None else known.kind or kind_of_name(known.stage or "")
            found = self._known_stages[place] = (known, kind)
        return found

    @cached_property
    def _known_stages(self) -> dict[tuple[str | None, str | None], tuple[Stage | None, str | None]]:
        """Pipeline and stage as typed to what was looked up before: thousands of deals stand at a few stages."""
        return {}

    def _stage_at(self, pipeline: str | None, stage: str | None) -> Stage | None:
        if stage is None:
            return None
        name = folded(stage)
        if not self.stages:
            return Stage(0, name, stage=stage, kind=kind_of_name(name))
        place = folded(pipeline or "")
        if not place and len(self.pipelines) == 1:
            place = self.pipelines[0]
        return self._stages.get((place, name)) or self._stages.get(("", name))

    def is_open(self, deal: Deal) -> bool:
        """open(d): its stage is active and it has no closing date (SPEC, conventions)."""
        return deal.closed_at is None and self.kind_of(deal) == "active"

    @cached_property
    def open_deals(self) -> tuple[Deal, ...]:
        """All open deals, in the sheet's order."""
        return tuple(deal for deal in self.deals.rows if self.is_open(deal))

    # -------------------------------------------------------- references

    def resolve(self, table: str, reference: str | None) -> Resolved:
        """A row of `table` by its ID or its unique name; ambiguous names give the candidates (DQ01)."""
        known = self._resolved[table]
        found = known.get(reference)
        if found is None:
            found = known[reference] = self._resolve(table, reference)
        return found

    @cached_property
    def _resolved(self) -> Mapping[str, dict[str | None, Resolved]]:
        """By table, what was resolved before: a deal is named by many tasks."""
        return defaultdict(dict)

    @cached_property
    def _indexes(self) -> dict[str, tuple[_Index, _Index]]:
        """The tables that were asked for: rows by ID and rows by name, folded."""
        return {}

    def _index(self, key: str) -> tuple[_Index, _Index]:
        found = self._indexes.get(key)
        if found is None:
            rows, identity = self.tables[key].rows, self.tables[key].schema.identity[0]
            found = self._indexes[key] = (_by(identity, rows), _by("name", rows))
        return found

    def _resolve(self, table: str, reference: str | None) -> Resolved:
        if not reference:
            return Resolved(None)
        ids, names = self._index(table)
        name = folded(reference)
        found = ids.get(name) or names.get(name) or ()
        return Resolved(found[0] if len(found) == 1 else None, tuple(found))

    def member(self, user: str | None) -> Member | None:
        """The member of the team whom an owner's name means."""
        found = self.resolve("Team", user).row
        return found if isinstance(found, Member) else None

    def deal_of(self, task: Task) -> Deal | None:
        """The deal that a task belongs to; None if it names none, or more than one."""
        found = self.resolve("Deals", task.deal_id).row
        return found if isinstance(found, Deal) else None

    @cached_property
    def _open_by(self) -> Mapping[str, Mapping[str, Sequence[Deal]]]:
        """Reference column to folded reference to the open deals that bear it."""
        out: dict[str, dict[str, list[Deal]]] = {
            "contact_id": defaultdict(list),
            "company_id": defaultdict(list),
        }
        for deal in self.open_deals:
            for column, table in (("contact_id", "Contacts"), ("company_id", "Companies")):
                if key := self._card(table, getattr(deal, column)):
                    out[column][key].append(deal)
        return out

    def _card(self, table: str, reference: str | None) -> str:
        found = self.resolve(table, reference).row
        return found.key if found else folded(reference or "")

    def only_open_deal(self, task: Task) -> Deal | None:
        """The open deal of a task that hangs on a contact or a company with exactly one (ruling R8)."""
        for column, table in (("contact_id", "Contacts"), ("company_id", "Companies")):
            if reference := getattr(task, column):
                found = self._open_by[column].get(self._card(table, reference), ())
                if len(found) == 1:
                    return found[0]
        return None

    def open_deals_of(self, card: Contact | Company) -> Sequence[Deal]:
        """The open deals that name a contact or a company."""
        return self._open_by["contact_id" if isinstance(card, Contact) else "company_id"].get(card.key, ())


def _by(column: str, rows: Iterable[Row]) -> _Index:
    """Rows by the text of a column, folded; none where they have no such column."""
    out: _Index = {}
    for row in rows:
        if isinstance(value := getattr(row, column, None), str):
            out.setdefault(folded(value), []).append(row)
    return out


def task_is_open(task: Task) -> bool:
    """Not done and not cancelled; a blank status is as done_at says."""
    return task.done_at is None and task.status not in ("cancelled", "done")


def wanted(sheets: Sequence[SheetInfo]) -> Collection[str]:
    """The sheets that a run needs: the tables by name and the log; all of the user's if none is called Deals."""
    names = {folded(name) for table in TABLES.values() for name in table.sheet}
    deals = {folded(name) for name in TABLES["Deals"].sheet}
    own = [s for s in sheets if s.report is None]
    chosen = [s.name for s in own if folded(s.name) in names]
    if not any(folded(name) in deals for name in chosen):
        chosen = [s.name for s in own]
    return [*chosen, *(s.name for s in sheets if s.report == LOG_KEY)]


def read_book(snapshot: Snapshot) -> Book:
    """The tables of a workbook. Raises StructureError if there are no deals, or two sheets or columns for one thing."""
    tables = standing(snapshot)
    if "Deals" not in tables:
        raise StructureError(_NO_DEALS)
    read = {key: tables.get(key, TableRows(table)) for key, table in TABLES.items()}
    lang = language(tables["SalesBook"].rows if "SalesBook" in tables else (), tables["Deals"])
    notes = (note for table in read.values() for note in table.notes())
    return Book(read, lang, snapshot.sheets, snapshot.time_zone, (*snapshot.notes, *notes))


def standing(snapshot: Snapshot) -> dict[str, TableRows[Any]]:
    """The tables that a workbook has, by key; a sheet of the right name without a known header has no rows.

    Raises StructureError for two sheets or columns for one thing, and for deals without a stage.
    """
    grids = {key: grid for key in TABLES if (grid := _sheet_of(key, snapshot)) is not None}
    if "Deals" not in grids:
        deals = _deals_by_headers(snapshot, [g.name for g in grids.values()])
        grids |= {"Deals": deals} if deals else {}
    clauses = _clauses(grids.get("SalesBook"))
    order = next(
        (c.value for c in clauses if c.setting and folded(c.setting) == "date_order" and c.value), None
    )
    reading = Reading("mdy" if order and folded(order) == "mdy" else "dmy", order is not None)
    tables = {key: read_table(TABLES[key], grid, reading) for key, grid in grids.items()}
    if "Deals" in tables and not tables["Deals"].has("stage"):
        raise StructureError(_NO_STAGE.fill(sheet=grids["Deals"].name))
    return tables


def _sheet_of(key: str, snapshot: Snapshot) -> Grid | None:
    names = {folded(name) for name in TABLES[key].sheet}
    found = [
        s.name
        for s in snapshot.sheets
        if s.report is None and folded(s.name) in names and s.name in snapshot.grids
    ]
    if len(found) > 1:
        raise StructureError(_TWO_SHEETS.fill(sheets=listed(found, "en", 9), table=TABLES[key].sheet))
    return snapshot.grids[found[0]] if found else None


def _deals_by_headers(snapshot: Snapshot, taken: Collection[str]) -> Grid | None:
    """Where no sheet is called Deals: the one sheet with a stage and two more of its headers, if there is one."""
    found = []
    for sheet in snapshot.sheets:
        grid = snapshot.grids.get(sheet.name)
        if grid is None or sheet.report is not None or sheet.name in taken:
            continue
        header = find_header(TABLES["Deals"], grid)
        if header and "stage" in header[1] and len(header[1]) >= 3:
            found.append(grid)
    if len(found) > 1:
        raise StructureError(
            _TWO_SHEETS.fill(sheets=listed([g.name for g in found], "en", 9), table=TABLES["Deals"].sheet)
        )
    return found[0] if found else None


def _clauses(grid: Grid | None) -> Sequence[Clause]:
    return read_table(TABLES["SalesBook"], grid, Reading()).rows if grid else ()


def language(clauses: Iterable[Clause], deals: TableRows[Deal]) -> Lang:
    """The setting `lang`, else the majority of the Deals headers, else English."""
    stated = next((c.value for c in clauses if c.setting and folded(c.setting) == "lang" and c.value), "")
    for lang in LANGS:
        if folded(stated) == lang:
            return lang
    written = [folded(header) for header in deals.headers.values()]
    cyrillic = sum(any("а" <= ch <= "я" for ch in header) for header in written)
    return "ru" if cyrillic * 2 > len(written) else "en"


_NO_DEALS = Text(
    "There is no sheet of deals: call it “Deals” (or «Сделки»), with a column “Stage” in its header row.",
    "Нет листа со сделками: назовите его «Сделки» (или “Deals”) и дайте ему столбец «Этап».",
)
_NO_STAGE = Text(
    "Sheet “{sheet}” has no column “Stage”; add one, everything else is optional.",
    "На листе «{sheet}» нет столбца «Этап»; добавьте его, остальные необязательны.",
)
_TWO_SHEETS = Text(
    "Several sheets could be “{table}”: {sheets}. Rename all but one.",
    "Несколько листов подходят как «{table}»: {sheets}. Оставьте это имя одному.",
)
