"""Data quality: values that cannot be what they say."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import chain
from operator import attrgetter

from sheets_crm.book.parse import folded, visible
from sheets_crm.findings import Found, Judged, Outcome
from sheets_crm.firm import Firm
from sheets_crm.history import scalar
from sheets_crm.rules.clauses import mistakes
from sheets_crm.rules.registry import rule
from sheets_crm.rules.waivers import faulty_waivers
from sheets_crm.schema import TABLES, Clause, Deal, Task
from sheets_crm.text import Text, same

_PHONE = re.compile(r"\+?[\d\s()\-.\u00a0]{7,}\Z")
_WORD = re.compile(r"[^\W\d_]+")
_LATIN_TWINS = frozenset("aceopxykmhtbABCEHKMOPTXY")
_CYRILLIC_TWINS = frozenset("асеорхукмнтвАВСЕНКМОРТХУ")
_LOOKS = str.maketrans("асеорхукмнтв", "aceopxykmhtb")
"""Cyrillic letters as the Latin ones that they look like, in lower case as names are folded."""
_LONGEST_QUOTE = 200
_CURRENCY = re.compile(r"[A-Za-z]{3}\Z")
_TWIN_COLUMNS = {
    "Deals": ("deal_id", "name", "stage", "owner", "company_id", "lost_reason"),
    "Stages": ("stage",), "Team": ("user",), "LossReasons": ("reason",),
}  # fmt: skip


@rule(
    "DQ02",
    Text("Wrong value", "Неверное значение"),
    severity="error",
    answerable="rep",
    tables=tuple(TABLES),
    needs=("Deals.stage",),
    minutes=2,
    items=(38,),
    clause=Text(
        "Every cell holds what its header says: dates are dates, sums are numbers, names are on the lists.",
        "В каждой ячейке то, что сказано в заголовке: даты датами, суммы числами, имена из списков.",
    ),
)
def wrong_value(firm: Firm) -> Iterator[Outcome]:
    """
    What it finds: cells that cannot be read for certain (an error such as #REF!, a formula without a result or whose
    text is lost, a date or a number that is neither, a date before 1980 or after 2100, a number of more than 15
    digits, a word that is not on its list); values that contradict each other (closed before
    created, a task both open and done); amounts of zero or less outside refunds; a currency that is not three
    letters; an owner who is not in the team; settings of the Sales Book, exit criteria, evidence and required fields
    that cannot be followed; waivers that do not hold (no such rule, no last day, not granted by a Head of Sales other
    than the deal's owner); an owner who is another one to the eye, written in the other alphabet. Warnings only: an
    expected close in the past, a number typed as text, a phone number as the deal's name, Latin letters that look
    like Cyrillic ones inside a word (or the other way round), invisible characters and, in IDs and references, odd
    spaces, an ID that is a number where the others are texts, a text longer than a cell can hold, a cell covered by a
    merged one, a number whose format is lost, data below the end of an Excel table, an expired waiver. For
    information: a waiver that at present excuses nothing.

    Why it matters: wrong fields are the fifth of Snitko's five figures; the tool never guesses what a cell meant, so
    such a deal is missing from the sums until it is mended.

    How to fix: retype the value as the header asks; what we read is quoted in the finding, invisible characters as
    ‹U+200B›. Unmerge merged cells and fill in every row.
    """
    for table in firm.book.tables.values():
        yield Judged(table.rows)
    yield from _unreadable(firm)
    yield from _one_of_two(firm)
    strangers = _strangers(firm)
    yield from _deals(firm, strangers)
    yield from _tasks(firm, strangers)
    yield from _twins(firm)
    yield from _bad_settings(firm)
    yield from faulty_waivers(firm)
    yield from _below_tables(firm)
    yield from mistakes(firm)


def _unreadable(firm: Firm) -> Iterator[Outcome]:
    for key, table in firm.book.tables.items():
        numbers = {number for number, _ in table.problems}
        rows = {row.row: row for row in table.rows if row.row in numbers} if numbers else {}
        for (number, field), problem in sorted(table.problems.items()):
            if number not in rows or (key, field) == ("Tasks", "type"):  # an unknown type is TK04's business
                continue
            yield Found(
                rows[number], field, problem.reason, _AS_HEADER.fill(header=table.schema.column(field).header),
                problem.fix or _RETYPE, same(_quoted(problem.raw)), severity=None if problem.fatal else "warning",
            )  # fmt: skip


def _quoted(raw: str) -> str:
    """What stands in a cell, short enough to be read, and with what cannot be seen spelled out."""
    return visible(raw if len(raw) <= _LONGEST_QUOTE else raw[:_LONGEST_QUOTE] + "…")


def _deals(firm: Firm, strangers: Collection[str | None]) -> Iterator[Outcome]:
    for deal in firm.book.deals.rows:
        yield from _dates(firm, deal)
        if deal.amount is not None and deal.amount <= 0 and firm.kind(deal) != "refund":
            yield Found(deal, "amount", _NOT_POSITIVE, _POSITIVE, _SUM_OR_BLANK, same(scalar(deal.amount)))
        if deal.currency is not None and not _CURRENCY.match(deal.currency):
            yield Found(deal, "currency", _UNKNOWN_CURRENCY, _THREE_LETTERS, _RETYPE, same(deal.currency))
        if deal.name is not None and _PHONE.match(deal.name):
            yield Found(
                deal, "name", Text("a phone number as the name", "вместо названия телефон"), _A_NAME,
                Text("Name the deal by client and need; the phone belongs to the contact",
                     "Назовите сделку по клиенту и задаче; телефон перенесите в контакт"),
                same(deal.name), severity="warning",
            )  # fmt: skip
        if deal.owner in strangers:
            yield Found(deal, "owner", _STRANGER, _IN_TEAM, _CHOOSE_OWNER, same(deal.owner or ""))


def _dates(firm: Firm, deal: Deal) -> Iterator[Outcome]:
    if deal.closed_at and deal.created_at and deal.closed_at < deal.created_at.date():
        yield Found(
            deal, "closed_at",
            Text("closed {closed}, before it was created {created}", "закрыта {closed}, раньше, чем создана {created}").fill(
                closed=deal.closed_at, created=deal.created_at.date()),
            Text("not before the day of creation", "не раньше дня создания"), _CORRECT_DATE,
        )  # fmt: skip
    if deal.expected_close and deal.expected_close < firm.as_of and firm.book.is_open(deal):
        yield Found(
            deal, "expected_close", Text("{day} has passed", "{day} уже прошло").fill(day=deal.expected_close),
            Text("today or later on an open deal", "сегодня или позже у открытой сделки"),
            Text("Ask the client for a new date, or close the deal", "Уточните у клиента новую дату или закройте сделку"),
            severity="warning",
        )  # fmt: skip


def _strangers(firm: Firm) -> frozenset[str]:
    """Owners who are not in the team; an empty team knows nobody to be a stranger to."""
    if not firm.book.team.rows:
        return frozenset()
    owners = set(map(attrgetter("owner"), chain(firm.book.deals.rows, firm.book.tasks.rows)))
    return frozenset(o for o in owners if o is not None and not firm.book.resolve("Team", o).candidates)


def _tasks(firm: Firm, strangers: Collection[str | None]) -> Iterator[Outcome]:
    for task in firm.book.tasks.rows:
        if task.owner in strangers:
            yield Found(task, "owner", _STRANGER, _IN_TEAM, _CHOOSE_OWNER, same(task.owner or ""))
        if task.status is None or task.status != ("open" if task.done_at else "done"):
            continue
        if "done_at" in firm.book.tasks.positions:
            yield Found(
                task, "status",
                Text("“done” without a date", "«сделана» без даты") if task.status == "done"
                else Text("“open”, yet done {day}", "«открыта», а сделана {day}").fill(day=task.done_at and task.done_at.date()),
                Text("as the column Done says", "как в столбце «Сделано»"),
                Text("Write when it was done, or change the status", "Впишите, когда сделано, или поправьте статус"),
            )  # fmt: skip


def _one_of_two(firm: Firm) -> Iterator[Outcome]:
    """Owners who are one person to the eye and two to a computer: the rarer spelling is to be mended.

    A word that mixes alphabets is named by `_twins` already.
    """
    rows: list[Deal | Task] = [*firm.book.deals.rows, *firm.book.tasks.rows]
    known = {folded(member.user) for member in firm.book.team.rows if member.user}
    count: Counter[str] = Counter()
    owners = Counter(map(attrgetter("owner"), rows))
    for owner, times in owners.items():
        if owner:
            count[folded(owner)] += times
    by_look: dict[str, list[str]] = defaultdict(list)
    for name in {*known, *count}:
        by_look[name.translate(_LOOKS)].append(name)
    right = {
        look: max(names, key=lambda name: (name in known, count[name], name))
        for look, names in by_look.items()
    }
    wrong = {
        owner
        for owner in owners
        if owner and right[folded(owner).translate(_LOOKS)] != folded(owner) and mixed_word(owner) is None
    }
    for row in rows if wrong else ():
        if row.owner in wrong:
            yield Found(
                row, "owner", _LOOKS_LIKE_ANOTHER, _ONE_SPELLING, _CHOOSE_OWNER, same(row.owner or "")
            )


def _twins(firm: Firm) -> Iterator[Outcome]:
    for key, fields in _TWIN_COLUMNS.items():
        for row in firm.book.tables[key].rows:
            for field in fields:
                text = getattr(row, field)
                word = None if text is None or text.isascii() else mixed_word(text)
                if word:
                    yield Found(
                        row, field, Text("Latin and Cyrillic letters in one word", "латинские и русские буквы в одном слове"),
                        Text("one alphabet in a word", "один алфавит в слове"),
                        Text("Retype the word", "Наберите слово заново"), same(word), severity="warning",
                    )  # fmt: skip


@lru_cache(maxsize=10_000)  # stages and owners repeat row after row
def mixed_word(text: str) -> str | None:
    """The first word that mixes look-alike letters of the two alphabets; `IT-отдел` and `1С` do not."""
    for word in _WORD.findall(text):
        latin = {ch for ch in word if "a" <= ch.lower() <= "z"}
        cyrillic = {ch for ch in word if "а" <= ch.lower() <= "я" or ch in "ёЁ"}
        if latin and cyrillic and (latin <= _LATIN_TWINS or cyrillic <= _CYRILLIC_TWINS):
            return str(word)
    return None


def _bad_settings(firm: Firm) -> Iterator[Outcome]:
    for clause, field, raw, expected in firm.settings.bad:
        yield Found(clause, field, _BAD_SETTING, expected, _AS_SHIPPED, same(raw))


def _below_tables(firm: Firm) -> Iterator[Outcome]:
    for table in firm.book.tables.values():
        row = next((row for row in table.rows if row.row == table.below), None) if table.below else None
        if row is not None and not isinstance(row, Clause):
            yield Found(
                row, table.schema.fields[0].key,
                Text("data below the end of the table", "данные ниже границы таблицы"),
                Text("all rows inside the table", "все строки внутри таблицы"),
                Text("Drag the table's corner down over these rows", "Растяните таблицу за угол на эти строки"),
                detail="below-table", severity="warning",
            )  # fmt: skip


_AS_HEADER = Text("a value that fits “{header}”", "значение, подходящее к «{header}»")
_RETYPE = Text("Retype the value", "Введите значение заново")
_NOT_POSITIVE = Text("zero or less", "ноль или меньше")
_UNKNOWN_CURRENCY = Text("unknown currency", "неизвестная валюта")
_STRANGER = Text("not in the team", "нет в команде")
_BAD_SETTING = Text("cannot be followed", "нельзя выполнить")
_POSITIVE = Text("more than 0, outside refunds", "больше 0, кроме возвратов")
_SUM_OR_BLANK = Text("Write the sum, or leave the cell empty", "Впишите сумму или оставьте ячейку пустой")
_THREE_LETTERS = Text("three letters, as RUB or USD", "три буквы, как RUB или USD")
_A_NAME = Text("what is sold, and to whom", "что и кому продаём")
_CORRECT_DATE = Text("Correct one of the two dates", "Поправьте одну из двух дат")
_LOOKS_LIKE_ANOTHER = Text(
    "looks like another owner, but has letters of the other alphabet",
    "выглядит как другой ответственный, но буквы из другого алфавита",
)
_ONE_SPELLING = Text("one spelling for one person", "одно написание для одного человека")
_IN_TEAM = Text("a user of the sheet Team", "сотрудник с листа «Команда»")
_CHOOSE_OWNER = Text(
    "Choose the owner from the list, or add the person to Team",
    "Выберите ответственного из списка или добавьте человека в «Команду»",
)
_AS_SHIPPED = Text(
    "Correct the line; until then the shipped value holds",
    "Поправьте строку; пока действует значение из поставки",
)
