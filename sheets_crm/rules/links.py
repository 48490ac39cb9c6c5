"""Links: every reference leads to one row, and every ID belongs to one row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from sheets_crm.book import folded
from sheets_crm.findings import Found, Judged, Outcome, Unchecked
from sheets_crm.firm import Firm
from sheets_crm.rules.fields import is_blank
from sheets_crm.rules.registry import rule
from sheets_crm.schema import TABLES, Row
from sheets_crm.text import Text, listed, same


class Link(NamedTuple):
    """A column whose values name rows of another table."""

    table: str
    column: str
    target: str


LINKS = (
    Link("Deals", "company_id", "Companies"),
    Link("Deals", "contact_id", "Contacts"),
    Link("Deals", "reactivated_from", "Deals"),
    Link("Tasks", "deal_id", "Deals"),
    Link("Tasks", "contact_id", "Contacts"),
    Link("Tasks", "company_id", "Companies"),
    Link("Contacts", "company_id", "Companies"),
    Link("Waivers", "deal_id", "Deals"),
    Link("Overrides", "deal_id", "Deals"),
    Link("StageHistory", "deal_id", "Deals"),
)
"""Owners and other people are not among them: who is not in the team is DQ02's business."""
_NAMED = ("Deals", "Tasks", "Companies", "Contacts", "Stages", "LossReasons", "Team")
"""Tables whose rows others name by their ID, or by the name that stands for one."""
JUDGED = tuple(dict.fromkeys((*_NAMED, *(link.table for link in LINKS))))


@rule(
    "DQ01",
    Text("Broken link", "Связь с несуществующей записью"),
    severity="error",
    answerable="rep",
    tables=JUDGED,
    needs=("Deals.stage",),
    minutes=2,
    items=(36,),
    clause=Text(
        "Every deal, task and contact leads to a record that exists, and to one only.",
        "Каждая сделка, задача и контакт ссылаются на существующую запись, и только на одну.",
    ),
)
def broken_link(firm: Firm) -> Iterator[Outcome]:
    """
    What it finds: a deal, contact or company named by an ID or a name that no row has; a name that several rows bear
    (their IDs are told); and rows that share one ID, stage, loss reason or user. Companies and contacts are looked
    up only where their sheet has rows: a firm without cards types plain names.

    Why it matters: a task whose deal does not exist moves nothing, and what hangs on the wrong deal is counted there;
    links are not in the sources, but every figure of theirs rests on them.

    How to fix: choose the record from the list, write its ID where the name is not unique, or add the record; give
    rows that share an ID an ID each (clear the copy's, and the next run fills it), or delete the copy.
    """
    for key in JUDGED:
        yield Judged(firm.book.tables[key].rows)
    named = [
        link
        for link in LINKS
        if firm.has(f"{link.table}.{link.column}") and firm.book.tables[link.table].rows
    ]
    obstacles = {link: _obstacle(firm, link.target) for link in named}
    hindered = {(link.column, why): why for link, why in obstacles.items() if why is not None}
    for (column, _), why in hindered.items():
        yield Unchecked(why, part=column)
    for link, obstacle in obstacles.items():
        if obstacle is None:
            yield from _astray(firm, link)
    for key in _NAMED:
        yield from _shared(firm, key)


def _obstacle(firm: Firm, target: str) -> Text | None:
    """Why references to a table cannot be looked up."""
    table = firm.book.tables[target]
    if not table.rows:
        return _NO_RECORDS.fill(sheet=TABLES[target].sheet)
    can_be_named = table.has(table.schema.identity[0]) or table.has("name")
    return None if can_be_named else _NOTHING_TO_NAME.fill(sheet=TABLES[target].sheet)


def _astray(firm: Firm, link: Link) -> Iterator[Found]:
    astray = _leading_astray(firm, link)
    if not astray:
        return
    sheet = TABLES[link.target].sheet
    one, missing, add = (text.fill(sheet=sheet) for text in (_ONE, _MISSING, _ADD))
    for row in firm.book.tables[link.table].rows:
        reference = getattr(row, link.column)
        if reference not in astray:
            continue
        if candidates := astray[reference]:
            yield Found(row, link.column, _SEVERAL, one, _WRITE_ID, _which(reference, candidates))
        else:
            yield Found(row, link.column, missing, one, add, same(reference))


def _leading_astray(firm: Firm, link: Link) -> Mapping[str, Sequence[Row]]:
    """The references that do not lead to one row, each with the rows that it fits.

    Each is looked up once: hundreds of thousands of tasks name the same few deals.
    """
    column = TABLES[link.table].column(link.column)
    out = {}
    references = set(map(attrgetter(link.column), firm.book.tables[link.table].rows))
    for reference in references - _sole_ids(firm, link.target):
        found = firm.book.resolve(link.target, reference)
        if (
            found.row is None
            and not is_blank(column, reference)
            and not _by_shared_id(link, reference, found.candidates)
        ):
            out[reference] = found.candidates
    return out


def _sole_ids(firm: Firm, target: str) -> set[str]:
    """The IDs of one row each, as they are typed: whoever writes one just so has nothing to be looked up."""
    identity = TABLES[target].identity[0]
    return {getattr(row, identity) for row in firm.book.tables[target].rows if not row.key.startswith("~")}


def _by_shared_id(link: Link, reference: str, candidates: Sequence[Row]) -> bool:
    """An ID that several rows share is told once, at those rows, and not at each of the references."""
    identity = TABLES[link.target].identity[0]
    return any(folded(getattr(row, identity) or "") == folded(reference) for row in candidates)


def _which(reference: str, candidates: Sequence[Row]) -> Text:
    en, ru = (listed([_called(row).get(lang) for row in candidates], lang, most=5) for lang in ("en", "ru"))
    return Text(f"“{reference}”: {en}", f"«{reference}»: {ru}")


def _called(row: Row) -> Text:
    """A row by its ID, or by its place where it has none."""
    own = next((t.identity[0] for t in TABLES.values() if isinstance(row, t.row_type)), "")
    return same(value) if (value := getattr(row, own)) else Text("row {n}", "строка {n}").fill(n=row.row)


def _shared(firm: Firm, key: str) -> Iterator[Found]:
    """Rows of one table under one ID; only rows whose key had to be a hash can be such."""
    schema = TABLES[key]
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in [row for row in firm.book.tables[key].rows if row.key.startswith("~")]:
        values = tuple(folded(getattr(row, name) or "") for name in schema.identity)
        groups.setdefault(values, []).append(row)
    for values, rows in groups.items():
        if values[-1] and len(rows) > 1:
            for row in rows:
                others = [
                    Text("row {n}", "строка {n}").fill(n=other.row) for other in rows if other is not row
                ]
                yield Found(
                    row, schema.identity[-1], Text("also on another row", "есть ещё в одной строке"),
                    Text("one row for each", "на каждое значение одна строка"), _TELL_APART,
                    Text("“{value}”, also: {rows}", "«{value}», также: {rows}").fill(
                        value=getattr(row, schema.identity[-1]),
                        rows=Text(*(listed([o.get(lang) for o in others], lang) for lang in ("en", "ru")))),
                    detail="shared",
                )  # fmt: skip


_NO_RECORDS = Text("there are no rows on “{sheet}”", "на листе «{sheet}» нет записей")
_NOTHING_TO_NAME = Text("“{sheet}” has neither an ID nor a name", "на листе «{sheet}» нет ни №, ни названия")
_SEVERAL = Text("fits several records", "подходит к нескольким записям")
_MISSING = Text("no such record on “{sheet}”", "нет такой записи на листе «{sheet}»")
_WRITE_ID = Text("Write the ID instead of the name", "Впишите № вместо названия")
_ADD = Text(
    "Choose a record from the list, or add it to “{sheet}”",
    "Выберите запись из списка или добавьте её на лист «{sheet}»",
)
_ONE = Text("one record of the sheet “{sheet}”", "одна запись листа «{sheet}»")
_TELL_APART = Text(
    "Change one of them, or delete the copy; a cleared ID is filled by the next run",
    "Исправьте одну из них или удалите копию; пустой № проставит следующий запуск",
)
