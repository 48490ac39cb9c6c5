"""A firm of two hundred and forty deals with a stage history, in each language: four people, two of them told apart from the team."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sheets_crm import sync
from sheets_crm.hosts.memory import MemoryHost
from sheets_crm.pages import Told
from sheets_crm.schema import TABLES
from sheets_crm.schema.choices import CATEGORY, KIND, ROLE
from sheets_crm.sheet import Grid, Value
from sheets_crm.text import Lang, Text

DAY = date(2026, 5, 18)
STAGES = (
    (Text("New lead", "Новая заявка"), "active"),
    (Text("Qualification", "Квалификация"), "active"),
    (Text("Proposal", "КП отправлено"), "active"),
    (Text("Contract", "Договор"), "active"),
    (Text("Won", "Успешно"), "won"),
    (Text("Lost", "Отказ"), "lost"),
)
REASONS = (
    (Text("Spam", "Спам"), "junk"),
    (Text("Too expensive", "Дорого"), "sales"),
    (Text("Not now", "Не сейчас"), "nurture"),
)
PEOPLE = (
    (Text("Anna Smirnova", "Смирнова Анна"), "rep"),
    (Text("Boris Ivanov", "Иванов Борис"), "rep"),
    (Text("Daria Kim", "Ким Дарья"), "rep"),
    (Text("Igor Head", "Главный Игорь"), "hos"),
)
_DEALS = (
    "deal_id",
    "name",
    "stage",
    "amount",
    "currency",
    "owner",
    "lost_reason",
    "created_at",
    "closed_at",
    "paid_at",
)
_OPEN, _WON, _LOST = -1, 4, 5


def _owner(number: int) -> int:
    """Three reps take turns; the head takes a deal now and then."""
    return 3 if number % 24 == 7 else number % 3


def _fate(number: int) -> tuple[int, int]:
    """(the last active stage, what followed): Anna wins most, Daria hardly ever; what began lately is still open."""
    if number % 12 == 10 or number > 200:
        return min((240 - number) // 12, 3) if number > 200 else number % 4, _OPEN
    if number // 3 % 10 < (8, 5, 1, 4)[_owner(number)]:
        return 3, _WON
    return (0, 1, 2, 2, 3)[number // 3 % 5], _LOST


def _days(number: int) -> tuple[date, list[date]]:
    """The day of creation, and the days on which the following stages were entered."""
    start = date(2025, 9, 20) + timedelta(days=number)
    return start, [start + timedelta(days=10 * step + number % 5) for step in range(1, 5)]


def grids(lang: Lang) -> list[Grid]:
    """The sheets of the firm."""
    deals: list[list[Value]] = []
    history: list[list[Value]] = []
    for number in range(240):
        last, end = _fate(number)
        start, later = _days(number)
        code, owner = f"D{number:03}", PEOPLE[_owner(number)][0].get(lang)
        entered = [start, *later][: last + 1]
        steps = [(STAGES[n][0], day) for n, day in enumerate(entered) if not (n == 1 and number % 7 == 3)]
        closed = [start, *later][last + 1] if end != _OPEN else None
        if closed is not None:
            steps.append((STAGES[end][0], closed))
        reason = REASONS[0 if last == 0 else 1 + number % 2][0].get(lang) if end == _LOST else None
        amount = None if last == 0 else 10_000.0 * (1 + number % 9)
        deals.append([
            code, f"{code} {owner}", steps[-1][0].get(lang), amount, "EUR" if number % 16 == 5 else None, owner, reason,
            start, closed, closed + timedelta(days=2) if closed and end == _WON else None,
        ])  # fmt: skip
        history += [[code, stage.get(lang), day, owner] for stage, day in steps]
    people: list[list[Value]] = [[name.get(lang), ROLE.word(role).get(lang)] for name, role in PEOPLE]
    return [
        _grid("Deals", _DEALS, deals, lang),
        _grid("StageHistory", ("deal_id", "stage", "entered_at", "owner"), history, lang),
        _grid("Stages", ("stage", "order", "kind"), [
            [name.get(lang), float(n), KIND.word(kind).get(lang)] for n, (name, kind) in enumerate(STAGES, start=1)
        ], lang),
        _grid("LossReasons", ("reason", "category"), [
            [name.get(lang), CATEGORY.word(category).get(lang)] for name, category in REASONS
        ], lang),
        _grid("Team", ("user", "role"), people, lang),
        _grid("OneOnOnes", ("user", "date", "feedback"), [], lang),
        _grid("Rates", ("currency", "date", "rate"), [["EUR", date(2026, 2, 1), 1.1]], lang),
        _grid("SalesBook", ("code", "setting", "value"), [["FIRM", "lang", lang], ["FIRM", "country", None]], lang),
    ]  # fmt: skip


def _grid(key: str, columns: Sequence[str], rows: Sequence[Sequence[Value]], lang: Lang) -> Grid:
    table = TABLES[key]
    return Grid(
        table.sheet.get(lang), [[table.column(c).header.get(lang) for c in columns], *map(list, rows)]
    )


def run(sheets: Sequence[Grid], day: date = DAY) -> sync.Run:
    """A run that writes nothing."""
    return sync.run(MemoryHost(list(sheets)), today=lambda _: day, as_of=day, write=False)


def told(result: sync.Run) -> Told:
    """What a report is made of."""
    return Told(result.firm, result.verdict, result.checked, result.head)
