"""The bonus: what each rep's coefficient is and why, week by week; as a sheet and as plain tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sheets_crm.metrics.bonus import Appealed, Bonus
from sheets_crm.pages import Told, look
from sheets_crm.pages.bonus_page import EFFECTS, BonusPage, Facts, met, place_of, state
from sheets_crm.pages.layout import Item, Layout
from sheets_crm.pages.tables import Described, Plain, ReportTable, filled
from sheets_crm.schema import Kind
from sheets_crm.sheet import Page
from sheets_crm.text import Text

Rows = Iterator[tuple[Plain, ...]]


def page(told: Told, name: str) -> Page:
    """The Bonus sheet: one printed page for the Head of Sales, one for each rep."""
    return BonusPage(Facts(told)).build(name)


def elsewhere(told: Told, name: str) -> Page:
    """What stands in the workbook where the bonuses are kept in a file of their own."""
    out = Layout((100.0,))
    out.add(Item(1, 1, _ELSEWHERE.get(told.lang), look.HEADLINE))
    return out.page("bonus", name, footer="")


def tables(told: Told) -> Sequence[ReportTable]:
    """The blocks of the sheet as plain tables, of all reps."""
    facts = Facts(told)
    return (
        filled("periods", _PERIODS, _periods(facts)),
        filled("reps", _REPS, _reps(facts)),
        filled("weeks", _WEEKS, _weeks(facts)),
        filled("pending", _PENDING, _pending(facts)),
        filled("deductions", _DEDUCTIONS, _deductions(facts)),
        filled("appeals", _APPEALS, _appeals(facts)),
    )


_Column = tuple[str, Kind, str, str]


def _periods(facts: Facts) -> Rows:
    for period in facts.account.periods:
        own = facts.account.bonuses[period]
        missing = ", ".join(monday.isoformat() for monday in facts.account.missing[period]) or None
        closed = any(bonus.closed for bonus in own)
        yield *period, state(closed=closed).get(facts.lang), closed, missing, facts.told.head or None


def _every(facts: Facts) -> Iterator[Bonus]:
    for period in facts.account.periods:
        yield from facts.account.bonuses[period]


def _reps(facts: Facts) -> Rows:
    for b in _every(facts):
        t = b.terms
        yield (
            b.period.start, b.user, b.closed, t.base, facts.base, t.won, t.plan, t.part, len(b.weeks), b.episodes,
            b.factor, b.amount, b.less, b.per_hundred,
        )  # fmt: skip


def _weeks(facts: Facts) -> Rows:
    for b in _every(facts):
        for week in b.weeks:
            for rule in week.rules:
                counted = len(rule.ids)
                yield (
                    b.period.start,
                    b.user,
                    week.monday,
                    week.run,
                    rule.rule,
                    rule.rows,
                    counted,
                    rule.allowed,
                    not rule.missed,
                )
            if not week.rules:
                yield b.period.start, b.user, week.monday, week.run, None, None, None, None, met(week)


def _pending(facts: Facts) -> Rows:
    for user in facts.account.people:
        for finding, day in facts.pending(user):
            spot = facts.spot(finding.key)
            yield (
                user,
                finding.id,
                finding.rule,
                spot.deal_id,
                finding.cell,
                finding.actual.get(facts.lang),
                finding.first_seen,
                day,
            )


def _deductions(facts: Facts) -> Rows:
    for b in _every(facts):
        for found in b.deductions:
            e = found.evidence
            weeks = ", ".join(week.monday.isoformat() for week in found.weeks)
            facts_of = (
                (facts.spot(e.key).deal_id, e.cell, e.actual, e.first_seen, e.clause) if e else (None,) * 5
            )
            yield b.period.start, b.user, found.id, found.rule, weeks, *facts_of


def _appeals(facts: Facts) -> Rows:
    for one in facts.account.appeals:
        a = one.appeal
        yield (
            one.id, one.user or None, a.user, a.date_, a.words, a.decision, a.decided_by, a.decided_at, a.answer,
            one.decision, _effect(one, facts),
        )  # fmt: skip


def _effect(one: Appealed, facts: Facts) -> str:
    return place_of(one, EFFECTS).get(facts.lang)


# --------------------------------------------------------------------- columns

_PERIOD: _Column = ("period_start", "date", "Period from", "Период с")
_REP: _Column = ("user", "text", "Rep", "Менеджер")
_RULE: _Column = ("rule", "text", "Rule", "Правило")
_ID: _Column = ("id", "id", "Finding ID", "№ находки")
_DEAL: _Column = ("deal_id", "id", "Deal ID", "№ сделки")
_CELL: _Column = ("cell", "text", "Cell", "Ячейка")
_ACTUAL: _Column = ("actual", "text", "Value as found", "Что стояло")
_FIRST: _Column = ("first_seen", "date", "First seen", "Впервые")
_PERIODS: Described = (
    Text("Bonus", "Премии"),
    (
        _PERIOD,
        ("period_end", "date", "Period to", "Период по"),
        ("state", "text", "State", "Состояние"),
        ("closed", "yesno", "Closed", "Закрыт"),
        ("missing", "text", "Weeks without a run, by their Monday", "Недели без запуска, по понедельникам"),
        ("log_head", "text", "Seal of the log", "Подпись журнала"),
    ),
)
_REPS: Described = (
    Text("By rep", "По менеджерам"),
    (
        _PERIOD,
        _REP,
        ("closed", "yesno", "Closed", "Закрыт"),
        ("base", "money", "Base", "База"),
        ("currency", "text", "Currency", "Валюта"),
        ("won", "money", "Won", "Выиграно"),
        ("plan", "money", "Plan", "План"),
        ("plan_part", "number", "Plan part", "Доля плана"),
        ("weeks", "whole", "Weeks", "Недель"),
        ("episodes", "whole", "Not met", "Не выполнено"),
        ("factor", "number", "Coefficient", "Коэффициент"),
        ("bonus", "money", "Bonus", "Премия"),
        ("less", "money", "Less by", "Меньше на"),
        ("per_hundred", "number", "Violations per 100 deals", "Нарушений на 100 сделок"),
    ),
)
_WEEKS: Described = (
    Text("Week by week", "По неделям"),
    (
        _PERIOD,
        _REP,
        ("week", "date", "Week from", "Неделя с"),
        ("run", "date", "Last run", "Последний запуск"),
        _RULE,
        ("rows", "whole", "Rows judged", "Проверено строк"),
        ("counted", "whole", "Counted", "Засчитано"),
        ("free", "whole", "Free", "Не влияет"),
        ("met", "yesno", "Met", "Выполнено"),
    ),
)
_PENDING: Described = (
    Text("Can still be mended", "Ещё можно исправить"),
    (_REP, _ID, _RULE, _DEAL, _CELL, _ACTUAL, _FIRST, ("counts_from", "date", "Counts from", "Считается с")),
)
_DEDUCTIONS: Described = (
    Text("What lowered the coefficient", "Что снизило коэффициент"),
    (
        _PERIOD,
        _REP,
        _ID,
        _RULE,
        ("weeks", "text", "Weeks, by their Monday", "Недели, по понедельникам"),
        _DEAL,
        _CELL,
        _ACTUAL,
        _FIRST,
        ("clause", "text", "Clause of the Sales Book", "Пункт Книги продаж"),
    ),
)
_APPEALS: Described = (
    Text("Appeals", "Возражения"),
    (
        _ID,
        ("user", "text", "Rep", "Менеджер"),
        ("filed_by", "text", "Filed by", "Кто подал"),
        ("date", "date", "Date", "Дата"),
        ("words", "text", "In their words", "Своими словами"),
        ("decision", "choice", "Decision", "Решение"),
        ("decided_by", "text", "Decided by", "Кто решил"),
        ("decided_at", "date", "Decided on", "Когда решил"),
        ("answer", "text", "Answer", "Ответ"),
        ("stands", "text", "Stands as", "Как учтено"),
        ("effect", "text", "What it changes", "Что меняет"),
    ),
)
_ELSEWHERE = Text(
    "The bonuses are in a file of their own beside this workbook (Sales Book: bonus_sheet = separate_file).",
    "Премии лежат в отдельном файле рядом с этой книгой (Книга продаж: bonus_sheet = separate_file).",
)
