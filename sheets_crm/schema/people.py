"""Plans, words between people, and the service tables: who planned, excused, objected, was away, and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sheets_crm.schema.choices import ABSENCE, DECISION, METRIC
from sheets_crm.schema.column import Row, column, table
from sheets_crm.schema.deals import HYGIENE, HYGIENE_MEANING
from sheets_crm.text import Text

_USER = ("User", "Сотрудник")
_DEAL = ("Deal", "Сделка")


@table(
    "Plans",
    Text("Plans", "Планы"),
    group="rules",
    identity=("period_start", "period_end", "user", "pipeline", "metric"),
)
@dataclass(frozen=True, slots=True)
class Plan(Row):
    """What a person, or the firm (blank user), is to reach in a period; it wins over Team.plan."""

    period_start: date | None = column(
        "date", ("From", "С"), ("First day of the period.", "Первый день периода."), daily=True
    )
    period_end: date | None = column(
        "date", ("To", "По"), ("Last day of the period.", "Последний день периода."), daily=True
    )
    user: str | None = column(
        "ref",
        _USER,
        ("Whose plan; blank: the whole firm's.", "Чей план; пусто: всей фирмы."),
        daily=True,
        refers="Team.user",
    )
    pipeline: str | None = column(
        "text",
        ("Pipeline", "Воронка"),
        ("Only if you have several.", "Только если воронок несколько."),
        daily=True,
    )
    metric: str | None = column(
        "choice",
        ("Metric", "Показатель"),
        ("What is planned; blank means revenue.", "Что планируем; пусто: выручка."),
        daily=True,
        choices=METRIC,
    )
    target: Decimal | None = column(
        "money", ("Target", "План"), ("How much.", "Сколько."), daily=True, aliases=("Plan",)
    )
    hygiene: str = column("hygiene", HYGIENE, HYGIENE_MEANING, daily=True)


@table("Waivers", Text("Waivers", "Исключения"), group="rules", identity=("deal_id", "rule", "until"))
@dataclass(frozen=True, slots=True)
class Waiver(Row):
    """A rule set aside for one deal, its tasks included, until a day; given by a Head of Sales who does not own it."""

    deal_id: str | None = column(
        "ref",
        _DEAL,
        ("The deal: its ID or its unique name.", "Сделка: № или единственное название."),
        daily=True,
        refers="Deals.name",
        width=26,
    )
    rule: str | None = column(
        "text",
        ("Rule", "Правило"),
        ("Code of the rule, as TK01.", "Код правила, например TK01."),
        daily=True,
        width=9,
    )
    reason: str | None = column(
        "note", ("Reason", "Основание"), ("Why it is right here.", "Почему здесь так правильно."), daily=True
    )
    granted_by: str | None = column(
        "ref",
        ("Granted by", "Кто разрешил"),
        (
            "A Head of Sales from Team, not the deal's owner.",
            "РОП с листа «Команда», не ответственный за сделку.",
        ),
        daily=True,
        refers="Team.user",
    )
    until: date | None = column(
        "date",
        ("Until", "До"),
        ("Last day, inclusive; blank is invalid.", "Последний день включительно; пусто нельзя."),
        daily=True,
    )
    hygiene: str = column("hygiene", HYGIENE, HYGIENE_MEANING, daily=True)


@table("Appeals", Text("Appeals", "Возражения"), group="words", identity=("finding_id", "user", "date"))
@dataclass(frozen=True, slots=True)
class Appeal(Row):
    """A rep's objection to one finding, and the Head of Sales's answer."""

    finding_id: str | None = column(
        "text",
        ("Finding ID", "№ находки"),
        ("The 12 characters beside the finding in the Audit.", "12 знаков рядом с находкой в «Аудите»."),
        daily=True,
        width=16,
    )
    user: str | None = column(
        "ref", _USER, ("Who objects.", "Кто возражает."), daily=True, refers="Team.user"
    )
    date_: date | None = column("date", ("Date", "Дата"), ("When.", "Когда."), daily=True)
    words: str | None = column(
        "note", ("Why", "Почему"), ("In the rep's own words.", "Своими словами."), daily=True, width=46
    )
    decision: str | None = column(
        "choice",
        ("Decision", "Решение"),
        ("The Head of Sales decides; blank: still open.", "Решает РОП; пусто: ещё не решено."),
        daily=True,
        choices=DECISION,
    )
    decided_by: str | None = column(
        "ref", ("Decided by", "Кто решил"), ("Who decided.", "Кто решил."), daily=True, refers="Team.user"
    )
    decided_at: date | None = column(
        "date", ("Decided on", "Когда решил"), ("When it was decided.", "Когда решено."), daily=True
    )
    answer: str | None = column(
        "note", ("Answer", "Ответ"), ("What the rep is told.", "Что ответили."), daily=True
    )
    hygiene: str = column("hygiene", HYGIENE, HYGIENE_MEANING, daily=True)


@table("Overrides", Text("Overrides", "Оценки 1-1"), group="words", identity=("deal_id", "by", "at"))
@dataclass(frozen=True, slots=True)
class Override(Row):
    """A probability agreed at a one-on-one: it replaces the stage's until it expires or the deal moves."""

    deal_id: str | None = column(
        "ref",
        _DEAL,
        ("The deal: its ID or its unique name.", "Сделка: № или единственное название."),
        daily=True,
        refers="Deals.name",
        width=26,
    )
    probability: Decimal | None = column(
        "percent", ("Probability, %", "Вероятность, %"), ("0-100.", "0-100."), daily=True
    )
    by: str | None = column(
        "ref", ("By", "Кто оценил"), ("Who set it.", "Кто поставил."), daily=True, refers="Team.user"
    )
    at: date | None = column("date", ("On", "Когда"), ("When it was set.", "Когда поставлена."), daily=True)
    note: str | None = column(
        "note", ("Why", "Почему"), ("What it rests on.", "На чём основана."), daily=True
    )
    hygiene: str = column("hygiene", HYGIENE, HYGIENE_MEANING, daily=True)


@table("OneOnOnes", Text("One-on-ones", "Встречи 1-1"), group="words", identity=("user", "date"))
@dataclass(frozen=True, slots=True)
class OneOnOne(Row):
    """A talk between a rep and the Head of Sales."""

    user: str | None = column("ref", _USER, ("With whom.", "С кем."), daily=True, refers="Team.user")
    date_: date | None = column("date", ("Date", "Дата"), ("When.", "Когда."), daily=True)
    by: str | None = column(
        "ref", ("Led by", "Кто провёл"), ("Who led it.", "Кто провёл."), daily=True, refers="Team.user"
    )
    feedback: str | None = column(
        "note",
        ("Feedback", "Обратная связь"),
        ("What the rep says of the process.", "Что менеджер говорит о процессе."),
        daily=True,
    )
    plan: str | None = column(
        "note", ("Plan", "Договорились"), ("What was agreed.", "О чём договорились."), daily=True
    )
    hygiene: str = column("hygiene", HYGIENE, HYGIENE_MEANING, daily=True)


@table("Absences", Text("Absences", "Отпуска и больничные"), group="service", identity=("user", "from"))
@dataclass(frozen=True, slots=True)
class Absence(Row):
    """Days on which a person is away, and who stands in."""

    user: str | None = column("ref", _USER, ("Who is away.", "Кого нет."), daily=True, refers="Team.user")
    from_: date | None = column("date", ("From", "С"), ("First day away.", "Первый день."), daily=True)
    to: date | None = column("date", ("To", "По"), ("Last day away.", "Последний день."), daily=True)
    substitute: str | None = column(
        "ref",
        ("Substitute", "Замещает"),
        ("Who stands in; blank: the Head of Sales.", "Кто замещает; пусто: РОП."),
        daily=True,
        refers="Team.user",
    )
    kind: str | None = column(
        "choice",
        ("Kind", "Вид"),
        ("Holiday, sickness or other.", "Отпуск, больничный или другое."),
        daily=True,
        choices=ABSENCE,
    )
    hygiene: str = column("hygiene", HYGIENE, HYGIENE_MEANING, daily=True)


@table("Holidays", Text("Holidays", "Праздники"), group="service", identity=("date",))
@dataclass(frozen=True, slots=True)
class Holiday(Row):
    """A day off, or a working day, that the country's calendar does not know."""

    date_: date | None = column("date", ("Date", "Дата"), ("The day.", "День."), daily=True)
    name: str | None = column("text", ("Name", "Название"), ("What it is.", "Что это."), daily=True, width=30)
    working: bool | None = column(
        "yesno",
        ("Working", "Рабочий"),
        ("Yes: this day is worked; blank: a day off.", "Да: рабочий день; пусто: выходной."),
        daily=True,
    )
    hygiene: str = column("hygiene", HYGIENE, HYGIENE_MEANING, daily=True)


@table("Rates", Text("Rates", "Курсы валют"), group="service", identity=("currency", "date"))
@dataclass(frozen=True, slots=True)
class Rate(Row):
    """What one unit of a currency is worth in the base currency from a day on."""

    currency: str | None = column(
        "text",
        ("Currency", "Валюта"),
        ("Three letters, as USD.", "Три буквы, например USD."),
        daily=True,
        width=9,
    )
    date_: date | None = column("date", ("Date", "Дата"), ("From this day on.", "С этого дня."), daily=True)
    rate: Decimal | None = column(
        "number",
        ("Rate", "Курс"),
        ("Units of the base currency for one of this.", "Сколько основной валюты за единицу этой."),
        daily=True,
        width=12,
    )
    hygiene: str = column("hygiene", HYGIENE, HYGIENE_MEANING, daily=True)


@table(
    "StageHistory",
    Text("Stage history", "История этапов"),
    group="service",
    identity=("deal_id", "pipeline", "stage", "entered_at"),
)
@dataclass(frozen=True, slots=True)
class StageEntry(Row):
    """A deal's entry into a stage, from an earlier system or typed by hand."""

    deal_id: str | None = column(
        "ref",
        _DEAL,
        ("The deal: its ID or its unique name.", "Сделка: № или единственное название."),
        daily=True,
        refers="Deals.name",
        aliases=("Deal ID", "№ сделки"),
        width=26,
    )
    pipeline: str | None = column(
        "text",
        ("Pipeline", "Воронка"),
        ("Only if you have several.", "Только если воронок несколько."),
        daily=True,
    )
    stage: str | None = column(
        "ref", ("Stage", "Этап"), ("The stage entered.", "На какой этап."), daily=True, refers="Stages.stage"
    )
    entered_at: datetime | None = column(
        "moment", ("Entered", "Когда"), ("When.", "Когда."), daily=True, aliases=("Entered at", "Дата")
    )
    owner: str | None = column(
        "ref",
        ("Owner", "Ответственный"),
        ("Who led the deal then.", "Кто тогда вёл сделку."),
        daily=True,
        refers="Team.user",
        aliases=("Manager", "Менеджер"),
    )
    hygiene: str = column("hygiene", HYGIENE, HYGIENE_MEANING, daily=True)
