"""Settings as the Sales Book of this workbook has them on a day; what is wrong there is told, not guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sheets_crm.book.parse import Problem, Reading, folded, parser
from sheets_crm.schema import FIRM_SETTINGS, TABLES, Clause, Setting
from sheets_crm.schema.choices import YESNO
from sheets_crm.schema.settings import FIRM
from sheets_crm.text import Text

_MAY_BE_BLANK = ("zone", "country", "date", "order")
"""Kinds for which a blank value says something: this computer's zone, weekends only, no date, not stated."""


class BadSetting(NamedTuple):
    """A line of the Sales Book that cannot be followed."""

    clause: Clause
    field: str
    raw: str
    expected: Text


@dataclass(frozen=True)
class Settings:
    """Everything that the Sales Book says on one day, typed, with the shipped values where it is silent."""

    firm: Mapping[str, Any]
    """Name to value, of the firm's own settings."""
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Code to the settings of that rule."""
    off: frozenset[str] = frozenset()
    """Codes of the rules that are switched off."""
    severity: Mapping[str, str] = field(default_factory=dict)
    minutes: Mapping[str, int] = field(default_factory=dict)
    clauses: Mapping[str, str] = field(default_factory=dict)
    """Code to the firm's own wording of the clause."""
    version: str = ""
    """The newest version that any line in force names."""
    bad: tuple[BadSetting, ...] = ()


def resolve(
    clauses: Sequence[Clause], specs: Mapping[str, Mapping[str, Setting]], as_of: date, lang: str
) -> Settings:
    """The book as it is in force on `as_of`; of two lines for one setting the later in force wins."""
    known = {FIRM: FIRM_SETTINGS, **specs}
    values = {
        code: {n: _value(s, s.default.get(lang)) for n, s in own.items()} for code, own in known.items()
    }
    off: set[str] = set()
    severity: dict[str, str] = {}
    minutes: dict[str, int] = {}
    texts: dict[str, str] = {}
    bad: list[BadSetting] = []
    for clause in sorted(clauses, key=lambda c: c.effective_from or date.min):
        code = (clause.code or "").strip().upper()
        if not code or (clause.effective_from and clause.effective_from > as_of):
            continue
        if code not in known:
            bad.append(BadSetting(clause, "code", clause.code or "", _UNKNOWN_CODE))
        elif clause.setting is None:
            (off.discard if clause.active in (None, True) else off.add)(code)
            severity.update({code: clause.severity} if clause.severity else {})
            minutes.update({code: int(clause.minutes)} if clause.minutes is not None else {})
            texts.update({code: clause.text} if clause.text else {})
        elif (spec := known[code].get(folded(clause.setting))) is None:
            bad.append(BadSetting(clause, "setting", clause.setting, _unknown_setting(known[code])))
        elif clause.active is not False and (clause.value is not None or spec.kind in _MAY_BE_BLANK):
            found = _value(spec, clause.value or "")
            if isinstance(found, Problem):
                bad.append(BadSetting(clause, "value", clause.value or "", found.reason))
            else:
                values[code][spec.name] = found
    version = max((c.version or "" for c in clauses), default="")
    return Settings(values.pop(FIRM), values, frozenset(off), severity, minutes, texts, version, tuple(bad))


def _value(spec: Setting, raw: str) -> Any:
    """A setting's text as its kind asks for; a Problem where it does not fit."""
    text = raw.strip()
    if not text and spec.kind in _MAY_BE_BLANK:
        return None if spec.kind == "date" else ""
    if spec.kind in ("word", "order"):
        return (
            text.lower()
            if text.lower() in spec.words
            else Problem(raw, _ONE_OF.fill(words=", ".join(spec.words)))
        )
    if spec.kind == "yesno":
        key = YESNO.lookup().get(folded(text))
        return Problem(raw, _YES_OR_NO) if key is None else key == "yes"
    if spec.kind in ("whole", "number"):
        return _number(spec, raw)
    if spec.kind == "date":
        found = parser(_DATE)(Reading(order_stated=True), text)
        return Problem(raw, _A_DATE) if isinstance(found, Problem) else found
    if spec.kind == "weekdays":
        found = parser(_WEEKDAYS)(Reading(), text)
        return Problem(raw, _SOME_WEEKDAYS) if isinstance(found, Problem) else found
    if spec.kind == "zone":
        return Problem(raw, _A_ZONE) if zone(text) is None else text
    if spec.kind == "time":
        hours, _, minutes = text.partition(":")
        fits = hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60
        return f"{int(hours):02}:{int(minutes):02}" if fits else Problem(raw, _A_TIME)
    if spec.kind == "country":
        return text.upper() if len(text) == 2 and text.isalpha() else Problem(raw, _A_COUNTRY)
    return text


def _number(spec: Setting, raw: str) -> int | Decimal | Problem:
    try:
        value = Decimal(raw.strip().replace(",", ".").removesuffix("%"))
    except ArithmeticError:
        return Problem(raw, _A_NUMBER)
    if not value.is_finite() or (spec.least is not None and value < Decimal(str(spec.least))):
        return Problem(raw, _A_NUMBER)
    if spec.most is not None and value > Decimal(str(spec.most)):
        return Problem(raw, _A_NUMBER)
    if spec.kind == "whole":
        return int(value) if value == int(value) else Problem(raw, _A_NUMBER)
    return value


def zone(name: str) -> ZoneInfo | None:
    """The time zone of that name; None if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _unknown_setting(known: Mapping[str, Setting]) -> Text:
    if not known:
        return Text("this rule has no settings", "у этого правила нет настроек")
    return _ONE_OF.fill(words=", ".join(known))


_DATE = TABLES["SalesBook"].column("effective_from")
_WEEKDAYS = TABLES["Team"].column("work_days")
_UNKNOWN_CODE = Text(
    "a code of the rules, or FIRM; `sheets-crm rules list` shows them",
    "код правила или FIRM; список: `sheets-crm rules list`",
)
_ONE_OF = Text("one of: {words}", "одно из: {words}")
_YES_OR_NO = Text("yes or no", "да или нет")
_A_NUMBER = Text("a number that makes sense here", "число, которое здесь имеет смысл")
_A_DATE = Text("a date", "дата")
_A_TIME = Text("a time such as 09:00", "время вида 09:00")
_A_ZONE = Text("a time zone such as Europe/Moscow", "часовой пояс вида Europe/Moscow")
_A_COUNTRY = Text("two letters of a country, such as RU", "две буквы страны, например RU")
_SOME_WEEKDAYS = Text("working days such as 1-5 or 1,3,5", "рабочие дни вида 1-5 или 1,3,5")
