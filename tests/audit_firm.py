"""A firm of thirty deals and four reps in each language, and two of its Mondays: some faults are old, some new."""

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
_STAGES = (
    (Text("New lead", "Новая заявка"), "active", "name, owner"),
    (Text("Qualification", "Квалификация"), "active", "product"),
    (Text("Proposal", "КП отправлено"), "active", "expected_close"),
    (Text("Contract", "Договор"), "active", ""),
    (Text("Won", "Успешно"), "won", ""),
    (Text("Lost", "Отказ"), "lost", ""),
)
_REASONS = (Text("Too expensive", "Дорого"), Text("Chose a competitor", "Выбрали конкурента"))
_DEALS = (
    "deal_id", "name", "stage", "next_step", "next_date", "amount", "currency", "expected_close", "owner", "product",
    "lost_reason", "created_at", "stage_entered_at", "closed_at",
)  # fmt: skip


def grids(lang: Lang) -> list[Grid]:
    """The firm on its first Monday: a few faults stand here from of old."""
    rows = [_deal(number, lang) for number in range(1, 31)]
    for number in (4, 9, 17):
        _put(rows, number, next_date=None, next_step=None)
    _put(rows, 6, next_date=date(2026, 4, 20))
    _put(rows, 30, lost_reason=None)
    _put(rows, 12, product="-")
    rows.append([{"en": "Total", "ru": "Итого"}[lang], None, None, None, None, 1.0])
    return [
        _grid("Deals", _DEALS, rows, lang),
        _grid("Tasks", ("task_id", "deal_id", "title", "due_at", "done_at", "owner"), _tasks(lang), lang),
        _grid("Stages", ("stage", "order", "kind", "required_fields"), _stages(lang), lang),
        _grid("LossReasons", ("reason",), [[reason.get(lang)] for reason in _REASONS], lang),
        _grid("SalesBook", ("code", "setting", "value", "version"), _book(lang), lang),
        _grid("Team", ("user", "role"), [[rep.get(lang), "rep"] for rep in REPS], lang),
    ]


def host(lang: Lang) -> MemoryHost:
    """The firm after its baseline run and a week of work: two faults mended, several new ones."""
    made = MemoryHost(grids(lang))
    run(made, FIRST)
    name = TABLES["Deals"].sheet.get(lang)

    def edit(number: int, **values: Value) -> None:
        for key, value in values.items():
            made.edit(name, number + 1, _DEALS.index(key) + 1, value)

    edit(4, next_date=date(2026, 5, 25), next_step="встреча")
    edit(30, lost_reason=_REASONS[0].get(lang))
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
    stage = 4 if number in (26, 27, 28) else 5 if number in (29, 30) else number % 4
    closed = date(2026, 5, 5) if stage > 3 else None
    client, work = _CLIENTS[number % 10].get(lang), _WORK[number % 3].get(lang)
    step = {"en": "call the director", "ru": "позвонить директору"}[lang]
    abroad = number in (2, 19)
    return [
        f"D{number:04}", f"{client}: {work}", _STAGES[stage][0].get(lang), None if closed else step,
        None if closed else date(2026, 5, 20) + timedelta(days=number), 40_000.0 * (number * 7 % 31),
        "EUR" if abroad else None, None if stage < 2 else date(2026, 6, 30), REPS[number % 4].get(lang),
        {"en": "WMS", "ru": "Склад"}[lang], _REASONS[1].get(lang) if stage == 5 else None, date(2026, 3, number),
        date(2026, 4, 6), closed,
    ]  # fmt: skip


def _tasks(lang: Lang) -> list[list[Value]]:
    title = {
        "en": "Send the calculation and agree on a day for the demo",
        "ru": "Отправить расчёт и договориться о дне показа",
    }[lang]
    return [
        ["T0001", "D0005", title, date(2026, 5, 4), None, None],
        ["T0002", "D0010", title, date(2026, 5, 13), None, REPS[0].get(lang)],
        ["T0003", "D0023", title, date(2026, 5, 15), None, None],
        ["T0004", "D0016", title, date(2026, 6, 2), None, None],
    ]


def _stages(lang: Lang) -> list[list[Value]]:
    return [
        [name.get(lang), float(n), kind, required]
        for n, (name, kind, required) in enumerate(_STAGES, start=1)
    ]


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
