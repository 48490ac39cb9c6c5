"""What a firm starts with: seven B2B stages, twelve closed loss reasons, the Sales Book as shipped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sheets_crm.checks import RULES, Rule
from sheets_crm.schema import FIRM_SETTINGS, TABLES, Setting
from sheets_crm.schema.choices import YESNO
from sheets_crm.schema.settings import FIRM
from sheets_crm.sheet import Value
from sheets_crm.template.tables import RowValues
from sheets_crm.text import Lang, Text, same

BOOK_VERSION = "1.0"
"""Version of the Sales Book as shipped."""
PIPELINE = Text("Sales", "Продажи")


class _Stage(NamedTuple):
    name: Text
    goal: Text
    exit_criteria: str
    required: str
    """Keys of Deals, shown as the headers that people see."""
    actions: Text
    max_days: int | None
    probability: int
    kind: str = "active"


_NOTHING = same("")
_STAGES = (
    _Stage(
        Text("New lead", "Новая заявка"),
        Text("Reach them, see if they are ours", "Связаться и понять, наш ли клиент"),
        "filled(first_response_at)",
        "name owner source contact_id",
        Text("Call, Messenger or Email: first contact", "Звонок, Мессенджер или Email: первый контакт"),
        2,
        5,
    ),
    _Stage(
        Text("Qualification", "Квалификация"),
        Text("Learn the need and who decides", "Понять задачу и кто решает"),
        "filled(need) and filled(decision_maker)",
        "product",
        Text("Call: qualification", "Звонок: квалификация"),
        7,
        10,
    ),
    _Stage(
        Text("Discovery", "Встреча и потребности"),
        Text("Agree need, scope, timing", "Согласовать задачу, объём, сроки"),
        "amount > 0",
        "company_id",
        Text("Meeting: meeting; Email: meeting summary", "Встреча: встреча; Email: итоги встречи"),
        14,
        20,
    ),
    _Stage(
        Text("Proposal", "КП отправлено"),
        Text("Get the decision maker's answer", "Получить ответ ЛПР по КП"),
        "filled(quote_link) and filled(decision_maker)",
        "expected_close",
        Text("Email: send it; Call: walk through it", "Email: отправить КП; Звонок: разобрать КП"),
        14,
        35,
    ),
    _Stage(
        Text("Negotiation", "Переговоры"),
        Text("Agree terms", "Договориться об условиях"),
        "filled(terms) and amount > 0",
        "",
        Text("Call or Meeting: settle objections", "Звонок или Встреча: снять возражения"),
        21,
        55,
    ),
    _Stage(
        Text("Contract", "Договор"),
        Text("Sign", "Подписать"),
        "filled(contract_no)",
        "currency",
        Text("Email: send it; Task: check details", "Email: отправить договор; Задача: проверить реквизиты"),
        14,
        75,
    ),
    _Stage(
        Text("Awaiting payment", "Ждём оплату"),
        Text("Get first payment", "Получить первую оплату"),
        "paid_amount > 0",
        "",
        Text("Email: invoice; Call: confirm date", "Email: счёт; Звонок: подтвердить дату оплаты"),
        10,
        90,
    ),
    _Stage(Text("On hold", "На паузе"), _NOTHING, "", "", _NOTHING, None, 0, "passive"),
    _Stage(Text("Won", "Успешно"), _NOTHING, "", "", _NOTHING, None, 100, "won"),
    _Stage(Text("Lost", "Отказ"), _NOTHING, "", "", _NOTHING, None, 0, "lost"),
    _Stage(Text("Refund", "Возврат"), _NOTHING, "", "", _NOTHING, None, 0, "refund"),
)


class _Reason(NamedTuple):
    name: Text
    when: Text
    evidence: str
    first_stage: int
    """Order of the first stage at which it may be used."""
    category: str
    days: int | None
    same_day: bool = False
    comment: bool = True


_REASONS = (
    _Reason(
        Text("Duplicate", "Дубль"),
        Text("Another deal for the same request; its ID in the comment",
             "Есть другая сделка по тому же запросу; её № в комментарии"),
        "filled(lost_comment)", 1, "junk", None, same_day=True,
    ),
    _Reason(
        Text("Spam or wrong number", "Спам или ошибка номера"),
        Text("Not a client; number checked", "Не клиент; номер проверен"),
        "attempts >= 1", 1, "junk", None, same_day=True, comment=False,
    ),
    _Reason(
        Text("Not our customer", "Не наш клиент"),
        Text("Wrong region, product, kind; what they wanted", "Не тот регион, продукт, тип; что искал"),
        "filled(lost_comment)", 1, "junk", None, same_day=True,
    ),
    _Reason(
        Text("Never reached", "Не вышли на связь"),
        Text("No answer: 5 tries, 3 days, 2 channels", "Ни одного ответа: 5 попыток за 3 дня, 2 канала"),
        "attempts >= 5 and attempt_days >= 3 and attempt_channels >= 2", 1, "nurture", 60, comment=False,
    ),
    _Reason(
        Text("Silent after proposal", "Пропал после КП"),
        Text("Got the proposal, silent; closing e-mail sent",
             "КП получил и молчит; отправлено прощальное письмо"),
        "filled(quote_link) and attempts >= 4 and attempt_days >= 3 and task_done(Email)", 4, "nurture", 45,
    ),
    _Reason(
        Text("No need now", "Сейчас не нужно"),
        Text("Decision maker says no need; what would revive it", "ЛПР сказал, что задачи нет; что её вернёт"),
        "communications >= 1 and filled(lost_comment)", 2, "nurture", 90, same_day=True,
    ),
    _Reason(
        Text("No budget", "Нет бюджета"),
        Text("Need but no money; when the budget comes",
             "Потребность есть, денег в периоде нет; когда бюджет"),
        "filled(need) and filled(lost_comment)", 2, "nurture", 90, same_day=True,
    ),
    _Reason(
        Text("Postponed", "Отложили решение"),
        Text("Client named a date", "Клиент назвал срок возврата"),
        "filled(reactivate_on)", 2, "nurture", 60, same_day=True,
    ),
    _Reason(
        Text("Price too high", "Дорого"),
        Text("Price given, value shown, alternative offered",
             "Цена названа, ценность показана, предложен другой вариант"),
        "filled(quote_link) and task_done(Call) and filled(lost_comment)", 4, "sales", 120,
    ),
    _Reason(
        Text("Chose a competitor", "Выбрали конкурента"),
        Text("Who, why better, contract until when", "Кого, чем лучше, до какого срока договор"),
        "filled(need) and filled(lost_comment)", 3, "sales", 180,
    ),
    _Reason(
        Text("Product or terms did not fit", "Не подошёл продукт или условия"),
        Text("What was missing; checked with the HoS", "Чего не хватило; проверено у РОПа"),
        "filled(need) and filled(lost_comment)", 3, "sales", 180,
    ),
    _Reason(
        Text("Our mistake", "Наша ошибка"),
        Text("Late or broken promise; the HoS reviewed. Admitting it never costs bonus",
             "Поздно ответили, сорвали обещание; РОП разобрал. Честное признание не снижает премию"),
        "filled(lost_comment)", 1, "sales", 60,
    ),
)  # fmt: skip


def default_stages(lang: Lang) -> list[RowValues]:
    """The ready-made pipeline as rows of Stages, service rows last."""
    return [_stage_row(order, stage, lang) for order, stage in enumerate(_STAGES, start=1)]


def _stage_row(order: int, stage: _Stage, lang: Lang) -> dict[str, Value]:
    deals = TABLES["Deals"]
    return {
        "pipeline": PIPELINE.get(lang),
        "stage": stage.name.get(lang),
        "order": order,
        "kind": stage.kind,
        "goal": stage.goal.get(lang),
        "exit_criteria": stage.exit_criteria,
        "required_fields": ", ".join(deals.column(key).header.get(lang) for key in stage.required.split()),
        "fixed_actions": stage.actions.get(lang),
        "max_days": stage.max_days,
        "probability": stage.probability,
    }


def default_reasons(lang: Lang) -> list[RowValues]:
    """The ready-made closed list as rows of LossReasons; its stages are those of `default_stages`."""
    return [
        {
            "reason": reason.name.get(lang),
            "when_to_apply": reason.when.get(lang),
            "allowed_from": _STAGES[reason.first_stage - 1].name.get(lang),
            "evidence": reason.evidence,
            "category": reason.category,
            "reactivate_days": reason.days,
            "active": True,
            "comment_required": reason.comment,
            "same_day_ok": reason.same_day,
        }
        for reason in _REASONS
    ]


def book_rows(lang: Lang) -> list[RowValues]:
    """The Sales Book as shipped: the firm's settings, then each rule's clause with the rule's settings below it."""
    firm = (_setting_row(FIRM, setting, lang) for setting in FIRM_SETTINGS.values())
    rules = (row for rule in RULES.values() for row in _rule_rows(rule, lang))
    return [*firm, *rules]


def _rule_rows(rule: Rule, lang: Lang) -> Iterator[dict[str, Value]]:
    yield {
        "code": rule.code,
        "active": True,
        "severity": rule.severity,
        "meaning": rule.title.get(lang),
        "minutes": rule.minutes,
        "text": rule.clause.get(lang),
        "version": BOOK_VERSION,
    }
    for setting in rule.settings.values():
        yield _setting_row(rule.code, setting, lang)


def _setting_row(code: str, setting: Setting, lang: Lang) -> dict[str, Value]:
    return {
        "code": code,
        "setting": setting.name,
        "value": _default(setting).get(lang),
        "meaning": setting.meaning.get(lang),
        "version": BOOK_VERSION,
    }


def _default(setting: Setting) -> Text:
    return YESNO.word(setting.default.en) if setting.kind == "yesno" else setting.default
