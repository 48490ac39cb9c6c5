"""The rule tables: stages, loss reasons, the team, and the Sales Book with its settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sheets_crm.schema.choices import CATEGORY, KIND, ROLE, SEVERITY
from sheets_crm.schema.column import Row, column, table
from sheets_crm.schema.deals import HYGIENE, HYGIENE_MEANING
from sheets_crm.text import Text


@table("SalesBook", Text("Sales Book", "Книга продаж"), group="rules", identity=("code", "setting"))
@dataclass(frozen=True, slots=True)
class Clause(Row):
    """One line of the Sales Book: a rule's clause, one of its settings, or a setting of the firm (code FIRM)."""

    code: str | None = column(
        "text",
        ("Code", "Код"),
        ("The rule, or FIRM for the firm's own settings.", "Правило или FIRM: настройки фирмы."),
        daily=True,
        width=8,
    )
    active: bool | None = column(
        "yesno", ("Active", "Действует"), ("No switches the rule off.", "Нет: правило выключено."), daily=True
    )
    severity: str | None = column(
        "choice",
        ("Severity", "Важность"),
        ("How grave a breach is; blank means as shipped.", "Насколько серьёзно; пусто: как в поставке."),
        daily=True,
        choices=SEVERITY,
        width=16,
    )
    setting: str | None = column(
        "text",
        ("Setting", "Настройка"),
        ("Name of the setting on this line.", "Имя настройки в этой строке."),
        daily=True,
        width=22,
    )
    value: str | None = column(
        "text",
        ("Value", "Значение"),
        ("Its value; blank means as shipped.", "Её значение; пусто: как в поставке."),
        daily=True,
        width=16,
    )
    meaning: str | None = column(
        "note",
        ("Meaning", "Что значит"),
        ("What the line means.", "Что значит эта строка."),
        daily=True,
        width=52,
    )
    minutes: Decimal | None = column(
        "number",
        ("Minutes to fix", "Минут на исправление"),
        ("How long one correction takes.", "Сколько занимает одно исправление."),
        daily=True,
    )
    text: str | None = column(
        "note",
        ("Clause", "Текст пункта"),
        ("The clause as people read it.", "Пункт, как его читают люди."),
        daily=True,
        width=60,
    )
    effective_from: date | None = column(
        "date",
        ("In force from", "Действует с"),
        ("Earlier weeks are judged without it.", "Прежние недели судят без него."),
        daily=True,
    )
    version: str | None = column(
        "text",
        ("Version", "Версия"),
        ("Version of the book that brought the line.", "Версия книги, с которой появилась строка."),
        daily=True,
        width=9,
    )
    hygiene: str = column("hygiene", HYGIENE, HYGIENE_MEANING, daily=True)


@table("Stages", Text("Stages", "Этапы"), group="rules", identity=("pipeline", "stage"))
@dataclass(frozen=True, slots=True)
class Stage(Row):
    """One stage of a pipeline."""

    pipeline: str | None = column(
        "text",
        ("Pipeline", "Воронка"),
        ("Blank or «Sales» if there is only one.", "Пусто или «Продажи», если воронка одна."),
        daily=True,
        width=12,
    )
    stage: str | None = column(
        "text",
        ("Stage", "Этап"),
        ("Its name, as in Deals.", "Название, как в сделках."),
        daily=True,
        width=22,
    )
    order: Decimal | None = column(
        "whole",
        ("Order", "Порядок"),
        ("Its place in the pipeline, from 1.", "Место в воронке, с 1."),
        daily=True,
    )
    kind: str | None = column(
        "choice",
        ("Kind", "Вид этапа"),
        ("What being here means.", "Что значит быть здесь."),
        daily=True,
        choices=KIND,
    )
    goal: str | None = column(
        "note", ("Goal", "Цель"), ("The one thing this stage is for.", "Единственная цель этапа."), daily=True
    )
    exit_criteria: str | None = column(
        "expression",
        ("Exit criteria", "Критерии перехода"),
        ("Facts that must hold before the deal moves on.", "Факты, без которых сделка не идёт дальше."),
        daily=True,
    )
    required_fields: str | None = column(
        "names",
        ("Required fields", "Обязательные поля"),
        (
            "Columns to be filled on entry: keys or headers, separated by commas.",
            "Столбцы, заполненные при входе: ключи или заголовки через запятую.",
        ),
        daily=True,
    )
    fixed_actions: str | None = column(
        "note",
        ("Required actions", "Обязательные действия"),
        (
            "Actions to be done here: Type: what; Type or Type: what.",
            "Что надо сделать: Тип: что; Тип или Тип: что.",
        ),
        daily=True,
    )
    max_days: Decimal | None = column(
        "whole",
        ("Max days", "Не дольше, дней"),
        ("Calendar days a deal may stay here.", "Сколько календарных дней можно здесь быть."),
        daily=True,
    )
    probability: Decimal | None = column(
        "percent",
        ("Probability, %", "Вероятность, %"),
        ("Chance of a win from here.", "Вероятность победы отсюда."),
        daily=True,
    )
    clause: str | None = column(
        "text",
        ("Clause", "Пункт книги"),
        ("Clause of the Sales Book.", "Пункт книги продаж."),
        daily=True,
        width=10,
    )
    target_share: Decimal | None = column(
        "percent",
        ("Target share, %", "Норма доли, %"),
        ("Share of open deals that should be here.", "Какая доля открытых сделок должна быть здесь."),
        daily=True,
    )
    keywords: str | None = column(
        "text",
        ("Keywords", "Ключевые слова"),
        ("Words of tasks that serve this stage's goal.", "Слова задач, которые ведут к цели этапа."),
        daily=True,
    )
    hygiene: str = column("hygiene", HYGIENE, HYGIENE_MEANING, daily=True)


@table("LossReasons", Text("Loss reasons", "Причины отказа"), group="rules", identity=("reason",))
@dataclass(frozen=True, slots=True)
class LossReason(Row):
    """One reason of the closed list."""

    reason: str | None = column(
        "text",
        ("Reason", "Причина"),
        ("Its name, as in Deals.", "Название, как в сделках."),
        daily=True,
        width=30,
    )
    when_to_apply: str | None = column(
        "note",
        ("When to apply", "Когда ставить"),
        ("The standard of its use.", "Стандарт применения."),
        daily=True,
        width=46,
    )
    allowed_from: str | None = column(
        "ref",
        ("Not before stage", "Не раньше этапа"),
        ("The first stage at which it may be used.", "С какого этапа можно ставить."),
        daily=True,
        refers="Stages.stage",
    )
    evidence: str | None = column(
        "expression",
        ("Evidence", "Чем подтвердить"),
        ("Facts that must hold.", "Факты, которые должны быть."),
        daily=True,
    )
    category: str | None = column(
        "choice",
        ("Category (junk, sales, nurture)", "Группа (брак, продажи, тёплые)"),
        (
            "Not our client, our loss, or one to come back to.",
            "Не наш клиент, наш проигрыш или вернёмся позже.",
        ),
        daily=True,
        choices=CATEGORY,
    )
    reactivate_days: Decimal | None = column(
        "whole",
        ("Return after, days", "Вернуться через, дней"),
        ("A suggestion; the client's own date wins.", "Подсказка; дата клиента важнее."),
        daily=True,
    )
    active: bool | None = column(
        "yesno",
        ("Active", "Действует"),
        ("No takes it off the list.", "Нет: больше не применяется."),
        daily=True,
    )
    clause: str | None = column(
        "text",
        ("Clause", "Пункт книги"),
        ("Clause of the Sales Book.", "Пункт книги продаж."),
        daily=True,
        width=10,
    )
    comment_required: bool | None = column(
        "yesno",
        ("Comment required", "Нужен комментарий"),
        ("Whether the lost comment must be filled.", "Обязателен ли комментарий к отказу."),
        daily=True,
    )
    same_day_ok: bool | None = column(
        "yesno",
        ("Same day OK", "Можно в день создания"),
        ("Whether a deal may be lost the day it came.", "Можно ли закрыть в день обращения."),
        daily=True,
    )
    hygiene: str = column("hygiene", HYGIENE, HYGIENE_MEANING, daily=True)


@table("Team", Text("Team", "Команда"), group="rules", identity=("user",))
@dataclass(frozen=True, slots=True)
class Member(Row):
    """One person of the sales team."""

    user: str | None = column(
        "text",
        ("User", "Сотрудник (как в сделках)"),
        ("The name used in Deals and Tasks.", "Имя, как в сделках и задачах."),
        daily=True,
        aliases=("Сотрудник",),
    )
    name: str | None = column("text", ("Name", "ФИО"), ("Full name.", "Полное имя."), daily=True, width=26)
    role: str | None = column(
        "choice",
        ("Role", "Роль"),
        ("Rep, Head of Sales or other.", "Менеджер, РОП или другое."),
        daily=True,
        choices=ROLE,
    )
    manager: str | None = column(
        "ref",
        ("Manager", "Руководитель"),
        ("Whom the person reports to.", "Кому подчиняется."),
        daily=True,
        refers="Team.user",
    )
    email: str | None = column("email", ("Email", "E-mail"), ("Work address.", "Рабочий адрес."), daily=True)
    phone: str | None = column("phone", ("Phone", "Телефон"), ("Work phone.", "Рабочий телефон."), daily=True)
    start: date | None = column(
        "date", ("Start", "Работает с"), ("First day at work.", "Первый день работы."), daily=True
    )
    end: date | None = column(
        "date", ("End", "Работал до"), ("Last day at work.", "Последний день работы."), daily=True
    )
    plan: Decimal | None = column(
        "money", ("Sales plan", "План продаж"), ("Sales plan a month.", "План продаж на месяц."), daily=True
    )
    action_plan: Decimal | None = column(
        "whole",
        ("Actions per day", "План действий в день"),
        ("Contacts with clients a working day.", "Контактов с клиентами за рабочий день."),
        daily=True,
    )
    load_min: Decimal | None = column(
        "whole",
        ("Min deals", "Мин. сделок"),
        ("Fewer open deals cannot make the plan.", "С меньшим числом план не выполнить."),
        daily=True,
    )
    load_max: Decimal | None = column(
        "whole",
        ("Max deals", "Макс. сделок"),
        ("More open deals cannot be served.", "Больше не обслужить."),
        daily=True,
    )
    base_bonus: Decimal | None = column(
        "money",
        ("Full bonus", "Премия 100 %"),
        ("Bonus with a coefficient of 1.", "Премия при коэффициенте 1."),
        daily=True,
    )
    fte: Decimal | None = column(
        "number", ("FTE", "Ставка"), ("Share of a full job, 0.1-1.", "Доля ставки, 0,1-1."), daily=True
    )
    work_days: str | None = column(
        "weekdays",
        ("Working days", "Рабочие дни"),
        ("1-5 or 1,3,5; Monday is 1.", "1-5 или 1,3,5; понедельник 1."),
        daily=True,
    )
    ack_version: str | None = column(
        "text",
        ("Book version", "Версия книги"),
        ("Which version was read.", "Какую версию прочёл."),
        daily=True,
        width=10,
    )
    ack_at: date | None = column(
        "date", ("Acknowledged", "Ознакомлен"), ("When it was acknowledged.", "Когда ознакомлен."), daily=True
    )
    hygiene: str = column("hygiene", HYGIENE, HYGIENE_MEANING, daily=True)
