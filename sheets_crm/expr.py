"""The small language of exit criteria and evidence: a text goes in, a tree or a mistake comes out; nothing is executed.

    filled(decision_maker) and amount > 0
    date(«Дата оплаты») <= today and task_done(Звонок)
    attempts >= 5 and attempt_days >= 3

Names are column keys or headers in either language, quoted where they hold spaces. `today` is the day of the run.
Numbers are compared with numbers and dates with dates; of words one can only ask whether they are there.
A blank compares false; what cannot be known (a column that does not exist) is neither true nor false.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeAlias

from sheets_crm.schema import Column
from sheets_crm.schema.choices import TASK_TYPE
from sheets_crm.text import Text

DERIVED = ("attempts", "attempt_channels", "attempt_days", "communications")
"""Numbers counted from a deal's done contacts."""
_MOST = 2000
"""Characters of an expression; no sentence of a Sales Book is longer."""
_DEPTH = 40
"""Brackets and negations within each other; no person reads deeper, and no text may exhaust the stack."""

_TOKEN = re.compile(
    r"\s*(?:(?P<quoted>«[^»]*»|“[^”]*”|\"[^\"]*\")|(?P<number>\d+(?:[.,]\d+)?)|(?P<sign><=|>=|<>|!=|==|[<>=()])"
    r"|(?P<word>[^\W\d]\w*))"
)
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "=": operator.eq, "==": operator.eq, "!=": operator.ne, "<>": operator.ne,
}  # fmt: skip
_DAY_KINDS = ("date", "moment")
_NUMBER_KINDS = ("money", "number", "whole", "percent")
_AND, _OR, _NOT = ("and", "и"), ("or", "или"), ("not", "не")


class Mistake(NamedTuple):
    """Why an expression cannot be followed, and at which character (from 1)."""

    reason: Text
    at: int


class Facts(Protocol):
    """What an expression asks of a deal."""

    def field(self, key: str) -> Any:
        """The value of a column; None if blank. Raises LookupError if there is no such column."""

    def filled(self, key: str) -> bool:
        """Whether a column holds more than a placeholder. Raises LookupError if there is no such column."""

    def derived(self, name: str) -> int:
        """One of DERIVED. Raises LookupError if there are no tasks to count."""

    def task_done(self, kind: str) -> bool:
        """Whether a task of that type is done. Raises LookupError if there are no tasks to look at."""

    @property
    def today(self) -> date:
        """The day of the run."""


@dataclass(frozen=True, slots=True)
class Filled:
    """`filled(x)`."""

    key: str


@dataclass(frozen=True, slots=True)
class TaskDone:
    """`task_done(Type)`."""

    kind: str


@dataclass(frozen=True, slots=True)
class Value:
    """A column, a derived number, a number or `today`."""

    kind: str
    """field, derived, number or today."""
    what: Any = None


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values and a sign."""

    left: Value
    sign: str
    right: Value


@dataclass(frozen=True, slots=True)
class Join:
    """`and` or `or` over two or more parts."""

    word: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`not x`."""

    part: Node


Node: TypeAlias = Filled | TaskDone | Compare | Join | Not


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of several joined by `and`: what has to hold, and how the firm wrote it."""

    node: Node
    source: str
    key: str
    """The criterion in the columns' own keys: the same however the firm names them."""
    columns: tuple[str, ...]
    """The keys of the columns that it asks for, in order."""


Columns: TypeAlias = Callable[[str], Column | None]
"""The column that a written name means; None if there is none."""


def parse(text: str, column: Columns) -> tuple[Criterion, ...] | Mistake:
    """The criteria of an expression, in order, or the first mistake in it."""
    if len(text) > _MOST:
        return Mistake(_TOO_LONG, 1)
    try:
        return _Reader(text, column, list(_tokens(text))).criteria()
    except _Wrong as wrong:
        return Mistake(wrong.reason, wrong.at + 1)


def holds(node: Node, facts: Facts) -> bool | None:
    """Whether an expression is true of a deal; None where something it asks for does not exist.

    `and` is false as soon as one part is, `or` true as soon as one part is, whatever else is unknown.
    """
    if isinstance(node, Join):
        deciding = node.word == "or"
        known = [holds(part, facts) for part in node.parts]
        return deciding if deciding in known else None if None in known else not deciding
    if isinstance(node, Not):
        inner = holds(node.part, facts)
        return None if inner is None else not inner
    try:
        if isinstance(node, Filled):
            return facts.filled(node.key)
        if isinstance(node, TaskDone):
            return facts.task_done(node.kind)
        left, right = _evaluate(node.left, facts), _evaluate(node.right, facts)
    except LookupError:
        return None
    if left is None or right is None or isinstance(left, date) != isinstance(right, date):
        return False
    return bool(_SIGNS[node.sign](left, right))


def _evaluate(value: Value, facts: Facts) -> Decimal | date | None:
    if value.kind == "number":
        return Decimal(value.what)
    if value.kind == "today":
        return facts.today
    if value.kind == "derived":
        return Decimal(facts.derived(value.what))
    found = facts.field(value.what)
    if hasattr(found, "date"):  # a moment is compared as its day
        found = found.date()
    return found if isinstance(found, Decimal | date) else None


def _columns(node: Node) -> Iterator[str]:
    if isinstance(node, Filled):
        yield node.key
    elif isinstance(node, Compare):
        yield from (v.what for v in (node.left, node.right) if v.kind == "field")
    elif isinstance(node, Join):
        for part in node.parts:
            yield from _columns(part)
    elif isinstance(node, Not):
        yield from _columns(node.part)


# ---------------------------------------------------------------- parsing


class _Wrong(Exception):
    def __init__(self, reason: Text, at: int) -> None:
        super().__init__(reason.en)
        self.reason, self.at = reason, at


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


@dataclass
class _Reader:
    """Recursive descent over the tokens of one expression."""

    text: str
    column: Columns
    tokens: Sequence[_Token]
    at: int = 0
    depth: int = 0
    names: dict[str, str] = field(default_factory=dict)
    """Column key to the name that the firm wrote, quotes and all."""
    days: set[str] = field(default_factory=set)
    """Keys of the columns that hold dates."""

    def criteria(self) -> tuple[Criterion, ...]:
        """The parts joined by the outermost `and`; a lone `or` is one criterion."""
        node = self._or()
        if self.at < len(self.tokens):
            raise _Wrong(_UNEXPECTED.fill(word=self._token.text), self._token.start)
        parts = node.parts if isinstance(node, Join) and node.word == "and" else (node,)
        return tuple(
            Criterion(part, written(part, self.names), written(part), tuple(dict.fromkeys(_columns(part))))
            for part in parts
        )

    @property
    def _token(self) -> _Token:
        if self.at < len(self.tokens):
            return self.tokens[self.at]
        return _Token("end", "", len(self.text), len(self.text))

    def _follows(self, sign: str) -> bool:
        return self.at + 1 < len(self.tokens) and self.tokens[self.at + 1].text == sign

    def _take(self, *words: str) -> bool:
        found = self._token.kind != "quoted" and self._token.text.casefold() in words
        self.at += found
        return found

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise _Wrong(_EXPECTED.fill(sign=sign), self._token.start)

    def _or(self) -> Node:
        parts = [self._and()]
        while self._take(*_OR):
            parts.append(self._and())
        return _joined("or", parts)

    def _and(self) -> Node:
        parts = [self._not()]
        while self._take(*_AND):
            parts.append(self._not())
        return _joined("and", parts)

    def _not(self) -> Node:
        self.depth += 1
        if self.depth > _DEPTH:
            raise _Wrong(_TOO_DEEP, self._token.start)
        node = Not(self._not()) if self._take(*_NOT) else self._simple()
        self.depth -= 1
        return node

    def _simple(self) -> Node:
        if self._take("("):
            node = self._or()
            self._need(")")
            return node
        if self._take("filled"):
            self._need("(")
            node = Filled(self._column().key)
            self._need(")")
            return node
        if self._take("task_done"):
            return self._task_done()
        return self._comparison()

    def _comparison(self) -> Compare:
        left = self._value()
        sign = self._token
        if sign.text not in _SIGNS:
            raise _Wrong(_NO_SIGN, sign.start)
        self.at += 1
        start = self._token.start
        right = self._value()
        if self._is_day(left) != self._is_day(right):
            raise _Wrong(_UNLIKE, start)
        return Compare(left, sign.text, right)

    def _is_day(self, value: Value) -> bool:
        return value.kind == "today" or (value.kind == "field" and value.what in self.days)

    def _task_done(self) -> Node:
        self._need("(")
        start = self._token.start
        words: list[str] = []
        while self._token.kind in ("word", "quoted"):
            words.append(_bare(self._token.text))
            self.at += 1
        kind = TASK_TYPE.lookup().get(" ".join(words).casefold().replace("ё", "е"))
        if kind is None:
            raise _Wrong(
                _NO_TYPE.fill(types=Text(", ".join(TASK_TYPE.words("en")), ", ".join(TASK_TYPE.words("ru")))),
                start,
            )
        self._need(")")
        return TaskDone(kind)

    def _value(self) -> Value:
        token = self._token
        if token.kind == "number":
            self.at += 1
            return Value("number", token.text.replace(",", "."))
        if self._take("today", "сегодня"):
            return Value("today")
        if token.text.casefold() in ("date", "дата") and self._follows("("):
            self.at += 2
            value = self._compared()
            self._need(")")
            return value
        if token.text.casefold() in DERIVED and token.kind == "word":
            self.at += 1
            return Value("derived", token.text.casefold())
        return self._compared()

    def _compared(self) -> Value:
        token = self._token
        column = self._column()
        if column.kind in _DAY_KINDS:
            self.days.add(column.key)
        elif column.kind not in _NUMBER_KINDS:
            raise _Wrong(_WORDS.fill(name=_bare(token.text)), token.start)
        return Value("field", column.key)

    def _column(self) -> Column:
        token = self._token
        if token.kind not in ("word", "quoted"):
            raise _Wrong(_NO_NAME, token.start)
        column = self.column(_bare(token.text))
        if column is None:
            raise _Wrong(_UNKNOWN.fill(name=_bare(token.text)), token.start)
        self.at += 1
        self.names.setdefault(column.key, token.text)
        return column


def _joined(word: str, parts: Sequence[Node]) -> Node:
    """One part as it is, several as one Join: `(a and b) and c` is three parts."""
    if len(parts) == 1:
        return parts[0]
    flat = [p.parts if isinstance(p, Join) and p.word == word else (p,) for p in parts]
    return Join(word, tuple(part for inner in flat for part in inner))


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            rest = len(text) - len(text[at:].lstrip())
            raise _Wrong(_UNEXPECTED.fill(word=text[rest]), rest)
        kind = found.lastgroup or ""
        yield _Token(kind, found[kind], found.start(kind), found.end())
        at = found.end()


def _bare(name: str) -> str:
    return name.strip('«»“”"')


def written(node: Node, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """A part as a person would write it, by column keys or by `names`; `parse` makes the same part of it again."""
    if isinstance(node, Filled):
        return f"filled({names.get(node.key, node.key)})"
    if isinstance(node, TaskDone):
        return f"task_done({TASK_TYPE.word(node.kind).en})"
    if isinstance(node, Not):
        inner = written(node.part, names)
        return f"not ({inner})" if isinstance(node.part, Join) else f"not {inner}"
    if isinstance(node, Join):
        parts = [(part, written(part, names)) for part in node.parts]
        bracketed = [f"({w})" if node.word == "and" and isinstance(part, Join) else w for part, w in parts]
        return f" {node.word} ".join(bracketed)
    return f"{_side(node.left, names)} {node.sign} {_side(node.right, names)}"


def _side(value: Value, names: Mapping[str, str]) -> str:
    if value.kind == "today":
        return "today"
    return names.get(value.what, value.what) if value.kind == "field" else str(value.what)


_TOO_LONG = Text("longer than 2,000 characters", "длиннее 2000 знаков")
_TOO_DEEP = Text("too many brackets within each other", "слишком много вложенных скобок")
_UNEXPECTED = Text("“{word}” is not expected here", "здесь не ожидается «{word}»")
_EXPECTED = Text("“{sign}” is missing here", "здесь не хватает «{sign}»")
_NO_SIGN = Text("a sign such as <=, >= or = is missing here", "здесь не хватает знака <=, >= или =")
_NO_NAME = Text("the name of a column is missing here", "здесь не хватает названия столбца")
_UNKNOWN = Text("there is no column “{name}” in Deals", "в сделках нет столбца «{name}»")
_WORDS = Text(
    "“{name}” holds words, which cannot be compared; ask filled({name})",
    "в «{name}» слова, их не сравнить; спросите filled({name})",
)
_UNLIKE = Text("a date is compared with a number here", "здесь дата сравнивается с числом")
_NO_TYPE = Text("a type of task is missing here, one of: {types}", "здесь нужен тип задачи, один из: {types}")
