"""Two months of a small firm in each language: weeks met and missed, a week without a run, appeals, a leave, no base."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sheets_crm import sync
from sheets_crm.hosts.memory import MemoryHost
from sheets_crm.pages import Told
from sheets_crm.schema import TABLES
from sheets_crm.sheet import Grid, Page, Value
from sheets_crm.text import Lang, Text

DAYS = tuple(date(2026, 4, 27) + timedelta(days=7 * n) for n in (0, 1, 2, 4, 5, 6))
"""Mondays of runs; 18 May is missing, 1 June closes May, 8 June is the last."""
_REPS = (
    Text("Anna Smirnova", "Смирнова Анна"),
    Text("Boris Ivanov", "Иванов Борис"),
    Text("Ilya Vorontsov-Dashkov", "Воронцов-Дашков Илья"),
)
_HEAD = Text("Vera Orlova", "Орлова Вера")
_CLIENTS = (
    Text("Camomile", "Ромашка"), Text("North Wind Logistics", "Северный ветер"), Text("Bakery No. 5", "Хлебозавод № 5"),
    Text("Vector", "Вектор"), Text("Green Yard", "Зелёный двор"), Text("Harbour", "Гавань"),
)  # fmt: skip
_WORK = (Text("warehouse software", "складская программа"), Text("service contract", "договор обслуживания"))
_DEALS = ("deal_id", "name", "stage", "next_step", "next_date", "amount", "owner", "created_at", "closed_at")
_TASKS = ("task_id", "deal_id", "owner", "type", "title", "result", "due_at", "done_at")
_APPEALS = ("finding_id", "user", "date", "words", "decision", "decided_by", "decided_at", "answer")
_STAGES = (("Proposal", "КП отправлено", "active"), ("Won", "Успешно", "won"))
_WORDS = Text(
    "The client asked for a pause and I wrote it in the chat", "Клиент просил паузу, я написал об этом в чате"
)
_ANSWER = Text("Right, the pause was agreed", "Верно, пауза была согласована")


def host(lang: Lang, *, separate: bool = False) -> MemoryHost:
    """The firm after all runs but the last."""
    made = MemoryHost(_grids(lang, separate=separate))
    run(made, DAYS[0])
    _drop(made, lang, 1, 4, 7, 10, 2)
    run(made, DAYS[1])
    first = run(made, DAYS[2])
    _drop(made, lang, 5, 8)
    run(made, DAYS[3])
    numbers = {f.key.row_key: f.id for f in first.verdict.findings if f.rule == "TK01"}
    _appeal(made, lang, 2, numbers["d0004"], _REPS[0], "accepted")
    _appeal(made, lang, 3, numbers["d0007"], _REPS[0], None)
    _appeal(made, lang, 4, numbers["d0007"], _REPS[1], None)
    _appeal(made, lang, 5, "NOSUCHNUMBER", _REPS[1], None)
    run(made, DAYS[4])
    _drop(made, lang, 11, 3)
    _leave(made, lang)
    return made


def run(made: MemoryHost, day: date, *, write: bool = True) -> sync.Run:
    """A run on its own day, with both reports."""
    return sync.run(made, today=lambda _: day, as_of=day, write=write, names=("audit", "bonus"))


def told(result: sync.Run) -> Told:
    """What a report of this run is made of."""
    return Told(result.firm, result.verdict, result.checked, result.head)


def page(result: sync.Run) -> Page:
    """The Bonus sheet of a run."""
    return next(page for page in (*result.changes.pages, *result.separate) if page.key == "bonus")


def _grids(lang: Lang, *, separate: bool) -> list[Grid]:
    names = [rep.get(lang) for rep in _REPS]
    deals = [_deal(n, lang) for n in range(1, 13)]
    for number, amount in ((13, 400_000.0), (14, 250_000.0)):
        won = _deal(number, lang)
        won[2], won[3], won[4], won[5], won[8] = _stage(1, lang), None, None, amount, date(2026, 5, 14)
        deals.append(won)
    team: list[list[Value]] = [
        [names[0], "rep", 30_000.0, 500_000.0], [names[1], "rep", 25_000.5, None], [names[2], "rep", None, 200_000.0],
        [_HEAD.get(lang), "hos", None, None],
    ]  # fmt: skip
    title = {"en": "Call and agree on the day of the demo", "ru": "Позвонить и договориться о дне показа"}[
        lang
    ]
    said = {
        "en": "Agreed on the demo next week, they bring the director",
        "ru": "Договорились о показе, придёт и директор",
    }
    tasks: list[list[Value]] = [
        [
            f"T{n:04}",
            f"D{n:04}",
            names[(n - 1) % 3],
            "call",
            title,
            said[lang],
            date(2026, 5, 1),
            date(2026, 5, 1),
        ]
        for n in range(1, 7)
    ]
    book: list[list[Value]] = [
        ["FIRM", "country", "", None], ["FIRM", "bonus_plan", "attainment", "2026-05"], ["FIRM", "lang", lang, None],
        ["FIRM", "bonus_sheet", "separate_file" if separate else "in_workbook", None],
    ]  # fmt: skip
    stages: list[list[Value]] = [
        [Text(en, ru).get(lang), float(n), kind] for n, (en, ru, kind) in enumerate(_STAGES, start=1)
    ]
    return [
        _grid("Deals", _DEALS, deals, lang),
        _grid("Tasks", _TASKS, tasks, lang),
        _grid("Stages", ("stage", "order", "kind"), stages, lang),
        _grid("Team", ("user", "role", "base_bonus", "plan"), team, lang),
        _grid("SalesBook", ("code", "setting", "value", "version"), book, lang),
        _grid("Appeals", _APPEALS, [[None] * len(_APPEALS) for _ in range(6)], lang),
        _grid("Absences", ("user", "from", "to"), [[None] * 3], lang),
    ]


def _deal(number: int, lang: Lang) -> list[Value]:
    client, work = _CLIENTS[number % 6].get(lang), _WORK[number % 2].get(lang)
    step = {"en": "call the director", "ru": "позвонить директору"}[lang]
    return [
        f"D{number:04}", f"{client}: {work}", _stage(0, lang), step, date(2026, 6, 10), 10_000.0 * number,
        _REPS[(number - 1) % 3].get(lang), date(2026, 4, 1), None,
    ]  # fmt: skip


def _stage(number: int, lang: Lang) -> str:
    return Text(*_STAGES[number][:2]).get(lang)


def _drop(made: MemoryHost, lang: Lang, *numbers: int) -> None:
    for number in numbers:
        for column in ("next_step", "next_date"):
            made.edit(TABLES["Deals"].sheet.get(lang), number + 1, _DEALS.index(column) + 1, None)


def _appeal(made: MemoryHost, lang: Lang, row: int, number: str, user: Text, decision: str | None) -> None:
    cells: list[Value] = [number, user.get(lang), date(2026, 5, 26), _WORDS.get(lang), decision]
    if decision:
        cells += [_HEAD.get(lang), date(2026, 5, 28), _ANSWER.get(lang)]
    for column, value in enumerate(cells, start=1):
        made.edit(TABLES["Appeals"].sheet.get(lang), row, column, value)


def _leave(made: MemoryHost, lang: Lang) -> None:
    away: tuple[Value, ...] = (_REPS[2].get(lang), date(2026, 6, 5))
    for column, value in enumerate(away, start=1):
        made.edit(TABLES["Absences"].sheet.get(lang), 2, column, value)


def _grid(key: str, columns: Sequence[str], rows: Sequence[Sequence[Value]], lang: Lang) -> Grid:
    table = TABLES[key]
    return Grid(
        table.sheet.get(lang), [[table.column(c).header.get(lang) for c in columns], *map(list, rows)]
    )
