"""Every phrase in both languages: a text and its values go in, one language comes out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

Lang = Literal["en", "ru"]
LANGS: tuple[Lang, ...] = ("en", "ru")
NBSP = "\N{NO-BREAK SPACE}"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Text(NamedTuple):
    """One phrase in English and in Russian; `{name}` marks a value for `fill`."""

    en: str
    ru: str

    def get(self, lang: str) -> str:
        """The phrase in `lang`; English for any language that is not Russian."""
        return self.ru if lang == "ru" else self.en

    def fill(self, **values: object) -> Text:
        """Both phrases with their values: texts and nouns by language, dates and money as people write them."""
        return Text(
            self.en.format(**{k: shown(v, "en") for k, v in values.items()}),
            self.ru.format(**{k: shown(v, "ru") for k, v in values.items()}),
        )


class Noun(NamedTuple):
    """A countable word: English one / many, Russian one / few / many (1 сделка, 2 сделки, 5 сделок)."""

    en: tuple[str, str]
    ru: tuple[str, str, str]

    def of(self, number: int) -> Text:
        """`number` with the word in its right form."""
        return Text(
            f"{shown(number, 'en')} {self.form(number, 'en')}",
            f"{shown(number, 'ru')} {self.form(number, 'ru')}",
        )

    def form(self, number: int, lang: str) -> str:
        """The word alone, as it stands after `number`."""
        if lang != "ru":
            return self.en[0 if abs(number) == 1 else 1]
        tens, ones = abs(number) % 100, abs(number) % 10
        if 11 <= tens <= 14 or ones == 0 or ones >= 5:
            return self.ru[2]
        return self.ru[0 if ones == 1 else 1]


def same(word: str) -> Text:
    """A word that both languages write alike (a code, a name, a quotation)."""
    return Text(word, word)


def shown(value: object, lang: str) -> str:
    """A value as a person reads it: 19 May 2026 / 19.05.2026, 1,200,000.50 / 1 200 000,50, — for nothing."""
    if isinstance(value, Text):
        return value.get(lang)
    if value is None:
        return "—"
    if isinstance(value, bool):
        return YES_NO[value].get(lang)
    if isinstance(value, date):
        if lang == "ru":
            return f"{value.day:02}.{value.month:02}.{value.year}"
        return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
    if isinstance(value, int | Decimal):
        number = f"{value:,}"
        if lang == "ru":
            number = number.replace(",", NBSP).replace(".", ",")
        return number
    return str(value)


def listed(items: list[str], lang: str, most: int = 3) -> str:
    """The first `most` items, and how many more there are: `a, b, c and 4 more`."""
    head = ", ".join(items[:most])
    rest = len(items) - most
    if rest <= 0:
        return head
    return head + (f" и ещё {rest}" if lang == "ru" else f" and {rest} more")


YES_NO = {True: Text("Yes", "Да"), False: Text("No", "Нет")}
DAYS = Noun(("day", "days"), ("день", "дня", "дней"))
WORKING_DAYS = Noun(("working day", "working days"), ("рабочий день", "рабочих дня", "рабочих дней"))
DEALS = Noun(("deal", "deals"), ("сделка", "сделки", "сделок"))
TASKS = Noun(("task", "tasks"), ("задача", "задачи", "задач"))
FINDINGS = Noun(("finding", "findings"), ("замечание", "замечания", "замечаний"))
RULES = Noun(("rule", "rules"), ("правило", "правила", "правил"))
ROWS = Noun(("row", "rows"), ("строка", "строки", "строк"))
MINUTES = Noun(("minute", "minutes"), ("минута", "минуты", "минут"))
