"""A firm of thirty deals and four reps in each language, and two of its Mondays: some faults are old, some new.

It has all that the rules ask for, so that every one of them judges; `poor` is the same firm without the extras.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sheets_crm import sync
from sheets_crm.hosts.memory import MemoryHost
from sheets_crm.pages import Told
from sheets_crm.schema import TABLES
from sheets_crm.sheet import Grid, Page, Value
from sheets_crm.text import Lang, Text

FIRST, SECOND = date(2026, 5, 11), date(2026, 5, 18)
"""Two Mondays; the first run is the baseline."""

REPS = (
    Text("Anna Smirnova", "Смирнова Анна"),
    Text("Boris Ivanov", "Иванов Борис"),
    Text("Daria Kim", "Ким Дарья"),
    Text("Ilya Vorontsov-Dashkov", "Воронцов-Дашков Илья"),
)
_CLIENTS = (
    Text("Camomile", "Ромашка"), Text("North Wind Logistics", "Северный ветер"), Text("Bakery No. 5", "Хлебозавод № 5"),
    Text("Vector", "Вектор"), Text("Green Yard", "Зелёный двор"), Text("Harbour", "Гавань"), Text("Prism", "Призма"),
    Text("Polar Star", "Полярная звезда"), Text("Tile & Stone", "Плитка и камень"), Text("Quartz", "Кварц"),
)  # fmt: skip
_WORK = (
    Text("warehouse software", "складская программа"),
    Text("service contract for three years", "договор обслуживания на три года"),
    Text("pilot", "пилот"),
)
_STAGES: tuple[tuple[Text, str, str, str | None, float | None], ...] = (
    (Text("New lead", "Новая заявка"), "active", "name, owner", "filled(need)", 60.0),
    (Text("Qualification", "Квалификация"), "active", "product", None, 60.0),
    (Text("Proposal", "КП отправлено"), "active", "expected_close", None, 60.0),
    (Text("Contract", "Договор"), "active", "", None, 60.0),
    (Text("Won", "Успешно"), "won", "", None, None),
    (Text("Lost", "Отказ"), "lost", "", None, None),
    (Text("On hold", "Пауза"), "passive", "", None, None),
)
_REASONS = (
    (Text("Too expensive", "Дорого"), "filled(contact_id)", "sales"),
    (Text("Chose a competitor", "Выбрали конкурента"), None, "sales"),
    (Text("Not this year", "Не в этом году"), None, "nurture"),
)
_DEALS = (
    "deal_id", "name", "stage", "next_step", "next_date", "amount", "currency", "expected_close", "owner", "product",
    "lost_reason", "created_at", "stage_entered_at", "closed_at", "company_id", "contact_id", "updated_at",
    "reactivate_on", "prob_override", "prob_at", "need",
)  # fmt: skip
_TASKS = ("task_id", "deal_id", "title", "due_at", "done_at", "owner", "type", "result")
_EXTRAS = {
    "Deals": ("reactivate_on", "prob_override", "company_id", "contact_id"), "Tasks": ("type", "result"),
    "Stages": ("exit_criteria", "max_days"), "LossReasons": ("evidence", "category"), "Team": ("end",),
}  # fmt: skip
"""Columns without which most rules cannot judge."""


def grids(lang: Lang) -> list[Grid]:
    """The firm on its first Monday: a few faults stand here from of old."""
    rows = [_deal(number, lang) for number in range(1, 33)]
    for number in (4, 9, 17):
        _put(rows, number, next_date=None, next_step=None)
    _put(rows, 6, next_date=date(2026, 4, 20))
    _put(rows, 30, lost_reason=None)
    _put(rows, 31, lost_reason=_REASONS[2][0].get(lang), reactivate_on=date(2027, 1, 12))
    _put(rows, 32, lost_reason=_REASONS[2][0].get(lang), reactivate_on=date(2026, 9, 1))
    _put(rows, 12, product="-")
    _put(rows, 10, prob_override=60.0, prob_at=date(2026, 5, 6))
    rows.append([{"en": "Total", "ru": "Итого"}[lang], None, None, None, None, 1.0])
    return [
        _grid("Deals", _DEALS, rows, lang),
        _grid("Tasks", _TASKS, _tasks(lang), lang),
        _grid(
            "Stages",
            ("stage", "order", "kind", "required_fields", "exit_criteria", "max_days"),
            _stages(lang),
            lang,
        ),
        _grid(
            "LossReasons",
            ("reason", "evidence", "category"),
            [[reason.get(lang), *standard] for reason, *standard in _REASONS],
            lang,
        ),
        _grid("SalesBook", ("code", "setting", "value", "version"), _book(lang), lang),
        _grid("Team", ("user", "role", "end"), [[rep.get(lang), "rep", None] for rep in REPS], lang),
        _grid("Companies", ("company_id", "name", "industry", "site", "city"), _companies(lang), lang),
        _grid("Contacts", ("contact_id", "name", "role", "phone"), _contacts(lang), lang),
    ]


def poor(lang: Lang) -> list[Grid]:
    """The same firm without what most rules ask for: each of these is not checked, for a reason of its own."""
    out = []
    for grid in grids(lang):
        key = next(table.key for table in TABLES.values() if table.sheet.get(lang) == grid.name)
        header = grid.rows[0]
        without = {TABLES[key].column(name).header.get(lang) for name in _EXTRAS.get(key, ())}
        kept = [n for n, text in enumerate(header) if text not in without]
        if key not in ("Companies", "Contacts"):
            out.append(Grid(grid.name, [[row[n] for n in kept if n < len(row)] for row in grid.rows]))
    return out


def host(lang: Lang, start: Sequence[Grid] = ()) -> MemoryHost:
    """The firm after its baseline run and a week of work: two faults mended, several new ones."""
    made = MemoryHost(start or grids(lang))
    run(made, FIRST)
    name = TABLES["Deals"].sheet.get(lang)

    def edit(number: int, **values: Value) -> None:
        for key, value in values.items():
            made.edit(name, number + 1, _DEALS.index(key) + 1, value)

    edit(4, next_date=date(2026, 5, 25), next_step="встреча")
    edit(30, lost_reason=_REASONS[0][0].get(lang))
    for number in (1, 2, 8, 14, 22):
        edit(number, next_date=None, next_step=None)
    edit(3, next_date=date(2026, 5, 12))
    edit(7, next_date=date(2026, 5, 15))
    edit(13, closed_at=date(2026, 5, 14))
    edit(11, amount="договоримся")
    edit(15, product="?")
    edit(20, expected_close=date(2026, 5, 1))
    edit(29, lost_reason="не знаю")
    made.edit(TABLES["SalesBook"].sheet.get(lang), 4, 3, "decade")
    return made


def run(made: MemoryHost, day: date, *, write: bool = True) -> sync.Run:
    """A run on its own day."""
    return sync.run(made, today=lambda _: day, write=write)


def told(result: sync.Run) -> Told:
    """What a report of this run is made of."""
    return Told(result.firm, result.verdict, result.checked, result.head)


def page(result: sync.Run) -> Page:
    """The Audit sheet of a run."""
    return next(page for page in result.changes.pages if page.key == "audit")


def _deal(number: int, lang: Lang) -> list[Value]:
    stage = {26: 4, 27: 4, 28: 4, 29: 5, 30: 5, 31: 5, 32: 6}.get(number, number % 4)
    closed = date(2026, 5, 5) if stage in (4, 5) else None
    client, work = _CLIENTS[number % 10].get(lang), _WORK[number % 3].get(lang)
    step = {"en": "call the director", "ru": "позвонить директору"}[lang]
    abroad = number in (2, 19)
    return [
        f"D{number:04}", f"{client}: {work}", _STAGES[stage][0].get(lang), None if closed else step,
        None if closed else date(2026, 5, 20) + timedelta(days=number), 40_000.0 * (number * 7 % 31 or 9),
        "EUR" if abroad else None, None if stage < 2 else date(2026, 6, 30), REPS[number % 4].get(lang),
        {"en": "WMS", "ru": "Склад"}[lang], _REASONS[1][0].get(lang) if stage == 5 else None,
        date(2026, 3, min(number, 31)), date(2026, 4, 6), closed, f"C{number % 10:04}", f"P{number % 10:04}", date(2026, 5, 8),
        None, None, None, {"en": "stock in time", "ru": "остатки вовремя"}[lang] if stage else None,
    ]  # fmt: skip


def _tasks(lang: Lang) -> list[list[Value]]:
    title, said = {
        "en": (
            "Send the calculation and agree on a day for the demo",
            "They compare us with one more supplier; a demo is agreed",
        ),
        "ru": (
            "Отправить расчёт и договориться о дне показа",
            "Сравнивают нас ещё с одним поставщиком; договорились о показе",
        ),
    }[lang]
    return [
        ["T0001", "D0005", title, date(2026, 5, 4), None, None, "email", None],
        ["T0002", "D0010", title, date(2026, 5, 13), None, REPS[0].get(lang), "email", None],
        ["T0003", "D0023", title, date(2026, 5, 15), None, None, "call", None],
        ["T0004", "D0016", title, date(2026, 6, 2), None, None, "meeting", None],
        ["T0005", "D0018", title, date(2026, 5, 7), date(2026, 5, 7), None, "email", said],
    ]


def _stages(lang: Lang) -> list[list[Value]]:
    return [
        [name.get(lang), float(n), kind, required, criteria, days]
        for n, (name, kind, required, criteria, days) in enumerate(_STAGES, start=1)
    ]


def _companies(lang: Lang) -> list[list[Value]]:
    trade, city = {"en": ("Trade", "Riga"), "ru": ("Торговля", "Казань")}[lang]
    return [
        [f"C{n:04}", client.get(lang), trade, f"client{n}.example", city] for n, client in enumerate(_CLIENTS)
    ]


def _contacts(lang: Lang) -> list[list[Value]]:
    name, role = {"en": ("John", "director"), "ru": ("Иван", "директор")}[lang]
    return [[f"P{n:04}", f"{name} {n}", role, f"+7 495 000-00-{n:02}"] for n in range(len(_CLIENTS))]


def _book(lang: Lang) -> list[list[Value]]:
    return [
        ["FIRM", "lang", lang, "2026-04"],
        ["FIRM", "country", "", None],
        ["FIRM", "period", "month", None],
    ]


def _put(rows: list[list[Value]], number: int, **values: Value) -> None:
    for key, value in values.items():
        rows[number - 1][_DEALS.index(key)] = value


def _grid(key: str, columns: Sequence[str], rows: Sequence[Sequence[Value]], lang: Lang) -> Grid:
    table = TABLES[key]
    return Grid(
        table.sheet.get(lang), [[table.column(c).header.get(lang) for c in columns], *map(list, rows)]
    )
