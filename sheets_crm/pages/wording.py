"""What a verdict says in sentences: the headline, the movement, what to ask; the same words on page and terminal."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from sheets_crm.metrics.hygiene import Figure, Money, Movement, Talk, score_before, unchecked_rules
from sheets_crm.pages import Told
from sheets_crm.text import FINDINGS, RULES, Lang, Noun, Text, same, shown
from sheets_crm.verdict import LEAST_DEALS

OF_DEALS = Noun(("deal", "deals"), ("сделки", "сделок", "сделок"))
"""Out of so many deals."""
ON_DEALS = Noun(("deal", "deals"), ("сделке", "сделках", "сделках"))
"""On so many deals."""
ERRORS = Noun(("error", "errors"), ("ошибка", "ошибки", "ошибок"))
BASELINE_ERRORS = Noun(
    ("baseline error", "baseline errors"), ("исходная ошибка", "исходные ошибки", "исходных ошибок")
)
TAKEN = Noun(
    ("finding taken", "findings taken"),
    (
        "замечание принято за исходное",
        "замечания приняты за исходные",
        "замечаний принято за исходные",
    ),
)

FIGURES = {
    "deals_without_task": Text("Deals without tasks", "Сделки без задач"),
    "overdue_tasks": Text("Overdue tasks", "Просроченные задачи"),
    "missed_calls": Text("Missed calls", "Пропущенные звонки"),
    "wrong_status": Text("Wrong status", "Неверный статус"),
    "wrong_fields": Text("Wrong fields", "Неверные поля"),
}
"""Snitko's five figures, by key."""

SEAL = Text(
    "Seal of the log: {head}. Keep a printed copy: if anyone rewrites the history, the seal will no longer match.",
    "Подпись журнала: {head}. Храните распечатку: если историю перепишут, подпись не сойдётся.",
)
NO_SEAL = Text("There is no log yet: nothing has been written.", "Журнала ещё нет: ничего не записано.")
FINDING_ID = Text("Finding ID", "№ находки")

NO_OWNER = Text("no owner", "нет ответственного")
BUILT_LATER = Text("not checked yet", "ещё не проверяется")
NOT_CHECKED = Text("not checked", "не проверяется")


def seal(told: Told) -> Text:
    """The seal of the log, printed so that a paper copy proves what stood there."""
    return SEAL.fill(head=told.head) if told.head else NO_SEAL


def headline(told: Told, *, alone: bool = False) -> Text:
    """The score in words, what it was, and what was not checked; `alone`: where no reasons stand below."""
    blind = _blind(told, alone=alone)
    return Text(*(f"{_score(told).get(lang)}{blind.get(lang)}." for lang in ("en", "ru")))


def _score(told: Told) -> Text:
    verdict = told.verdict
    clean, audited, score = verdict.firm
    if verdict.first_run:
        return _first_run(len(verdict.findings))
    if "TK01" not in verdict.checked:
        return _NO_SCORE_BLIND
    whole = OF_DEALS.of(audited)
    if score is None:
        return _NO_SCORE_FEW.fill(clean=clean, deals=whole, least=OF_DEALS.of(LEAST_DEALS))
    one = clean == 1
    words = Text("is clean" if one else "are clean", "чистая" if one else "чистые")
    before = score_before(told.firm)
    was = Text("", "") if before is None else Text(", was {before}", ", было {before}").fill(before=before)
    return _SCORE.fill(clean=clean, deals=whole, words=words, score=score, was=was)


def _first_run(count: int) -> Text:
    if not count:
        return Text("First run: nothing found", "Первый запуск: замечаний нет")
    return Text("First run: {taken} as the baseline", "Первый запуск: {taken}").fill(taken=TAKEN.of(count))


def _blind(told: Told, *, alone: bool) -> Text:
    """How many rules were not checked, with the reason if they share one; nothing if all were."""
    missing = unchecked_rules(told.verdict)
    if not missing:
        return Text("", "")
    reason, *others = {item.reason for item in missing.values()}
    if others and alone:
        return Text("; {rules} not checked", "; не проверено {rules}").fill(rules=RULES.of(len(missing)))
    return Text("; {rules} not checked ({why})", "; не проверено {rules} ({why})").fill(
        rules=RULES.of(len(missing)), why=_REASONS_BELOW if others else reason
    )


def book_version(told: Told) -> Text:
    """Which Sales Book judged."""
    if not told.firm.book.clauses:
        return Text(
            "no Sales Book in this workbook: shipped rules", "Книги продаж в файле нет: правила программы"
        )
    version = told.firm.settings.version
    words = Text("Sales Book {version}", "Книга продаж {version}").fill(version=version)
    return Text(words.en.strip(), words.ru.strip())


def figure_note(figure: Figure) -> Text:
    """What stands under a figure: how many are old, what changed; or why there is none."""
    if figure.number is None:
        return figure.reason or BUILT_LATER
    parts = []
    if figure.legacy:
        parts.append(Text("baseline {n}", "исходных {n}").fill(n=figure.legacy))
    if figure.change is not None:
        parts.append(_CHANGE.fill(change=f"{figure.change:+}".replace("-", "−")) if figure.change else _SAME)
    return Text(*(" · ".join(part.get(lang) for part in parts) for lang in ("en", "ru")))


def moved(movement: Movement | None) -> Text:
    """«исправлено 14, новых 3, остаётся 12»."""
    if movement is None:
        return Text("First run: nothing to compare with yet", "Первый запуск: сравнивать пока не с чем")
    old = Text(" ({n} baseline)", " (из них исходных {n})").fill(n=movement.legacy)
    return _MOVED.fill(
        repaired=movement.repaired, new=movement.new, remaining=movement.remaining,
        old=old if movement.legacy else Text("", ""),
    )  # fmt: skip


def why_talk(talk: Talk, place: str) -> Text:
    """Why this person first: `3 errors on 2 deals; here: Next step: no task [TK01]`."""
    noun = BASELINE_ERRORS if talk.legacy else ERRORS
    abroad = Text(others(talk.money, "en"), others(talk.money, "ru"))
    also = (
        Text("; besides {abroad}", "; кроме того {abroad}").fill(abroad=abroad)
        if talk.money.others
        else same("")
    )
    return _WHY.fill(
        errors=noun.of(talk.errors), deals=ON_DEALS.of(talk.deals), place=place,
        words=talk.finding.words, rule=talk.finding.rule, also=also,
    )  # fmt: skip


def ask(talk: Talk) -> Text:
    """What to ask about the finding; the rule's own advice where there is no question for it."""
    return QUESTIONS.get(talk.finding.rule, talk.finding.fix)


def amount(money: Decimal, currency: str, lang: Lang) -> str:
    """An amount with its currency, for where a number alone would mislead."""
    return f"{shown(whole(money), lang)} {currency}"


def whole(money: Decimal) -> Decimal:
    """An amount as it is shown: without kopecks, halves up."""
    return money.quantize(Decimal(1), ROUND_HALF_UP)


def others(money: Money, lang: Lang) -> str:
    """The amounts in other currencies, one after another."""
    return ", ".join(amount(value, code, lang) for code, value in money.others)


def count_of_findings(count: int, minutes: int) -> Text:
    """«33 замечания, на исправление 74 мин»."""
    return Text("{n}, {m} min to mend", "{n}, на исправление {m} мин").fill(n=FINDINGS.of(count), m=minutes)


QUESTIONS: dict[str, Text] = {
    "TK01": Text(
        "What do you do next with this client, and on what day? Or is it lost?",
        "Что следующее делаем с этим клиентом и какого числа? Или сделки уже нет?",
    ),
    "TK02": Text(
        "What kept you from doing it on the day you promised? What new day does the client know of?",
        "Что помешало сделать в обещанный день? О каком новом дне знает клиент?",
    ),
    "ST02": Text(
        "Do you know this about the client? If not, when will you ask?",
        "Вы это знаете о клиенте? Если нет, когда спросите?",
    ),
    "ST05": Text(
        "Where does this deal really stand today: open, won or lost?",
        "Где сделка на самом деле: в работе, выиграна или проиграна?",
    ),
    "LS01": Text(
        "Why did the client say no, in their words? Which reason of the list is it?",
        "Почему клиент отказался, его словами? Какая это причина из списка?",
    ),
    "DQ02": Text(
        "What should stand in this cell? Please correct it while we talk.",
        "Что должно стоять в этой ячейке? Исправьте, пока говорим.",
    ),
}
"""What a Head of Sales asks first, by rule."""

_SCORE = Text("{clean} of {deals} {words} ({score}){was}", "{clean} из {deals} {words} ({score}){was}")
_NO_SCORE_FEW = Text(
    "{clean} of {deals} clean; there is a score from {least} on",
    "Чистых {clean} из {deals}; оценка считается от {least}",
)
_NO_SCORE_BLIND = Text(
    "No score: whether deals have tasks cannot be checked",
    "Оценки нет: нельзя проверить, есть ли у сделок задачи",
)
_REASONS_BELOW = Text("reasons below", "причины ниже")
_CHANGE = Text("since last run {change}", "с прошлого раза {change}")
_SAME = Text("same as last run", "как в прошлый раз")
_MOVED = Text(
    "{repaired} repaired, {new} new, {remaining} still open{old}",
    "исправлено {repaired}, новых {new}, остаётся {remaining}{old}",
)
_WHY = Text(
    "{errors} on {deals}; here: {place}: {words} [{rule}]{also}",
    "{errors} в {deals}; здесь: {place}: {words} [{rule}]{also}",
)
