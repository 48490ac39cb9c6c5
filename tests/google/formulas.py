"""The formulas that are ever written by us, computed as a person sees them; references that follow rows and columns.

Known: the functions in `_FUNCTIONS`, references and open ranges (`A2:A`), `+ - * / & = <> < <= > >=`, text, numbers and
truths. `;` separates arguments in every locale; `,` only where the decimal sign is a point. An array is computed cell by
cell only inside ARRAYFORMULA or SUMPRODUCT: elsewhere the emulator refuses, so that a forgotten ARRAYFORMULA is noticed.
Not known: array constants, LET and LAMBDA, dates as text, everything that no page of ours uses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple, Protocol, TypeAlias

Plain: TypeAlias = str | float | bool | None


class Fault(NamedTuple):
    """The value of a cell that shows an error."""

    code: str


Scalar: TypeAlias = "Plain | Fault"
Rows: TypeAlias = list[list[Scalar]]


class FormulaError(ValueError):
    """A formula that Google would not take, or that this emulator does not know."""


class Place(NamedTuple):
    """A rectangle of cells from 0, ends excluded; None: to the end of the sheet. `sheet` None: the formula's own."""

    sheet: str | None
    row: int | None
    column: int | None
    end_row: int | None
    end_column: int | None


class Cells(Protocol):
    """What a formula sees of its spreadsheet."""

    def area(self, place: Place) -> tuple[Any, int, int, int, int]:
        """(sheet, first row, first column, end row, end column); KeyError if there is no such sheet."""

    def rows(self, sheet: Any, area: tuple[int, int, int, int]) -> Rows: ...

    def index(self, sheet: Any, area: tuple[int, int, int, int]) -> dict[Any, int]:
        """Key of a value (`key_of`) to its first place in an area, from 0."""

    def is_formula(self, sheet: Any, row: int, column: int) -> bool: ...


_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>"(?:[^"]|"")*") |
    (?P<broken>\#REF!) |
    (?P<ref>(?:(?:'(?:[^']|'')+'|[^\W\d][\w.]*)!)?
        (?:\$?[A-Z]{1,3}\$?\d+(?::\$?[A-Z]{1,3}(?:\$?\d+)?)?|\$?[A-Z]{1,3}:\$?[A-Z]{1,3}|\#REF!))(?![\w(]) |
    (?P<number>\d+(?:[.]\d+)?) |
    (?P<name>[A-Z][A-Z0-9.]*) |
    (?P<sign><>|<=|>=|[-+*/&=<>();,])
    )""",
    re.VERBOSE,
)
_REF = re.compile(
    r"(?:(?P<sheet>'(?:[^']|'')+'|[^\W\d][\w.]*)!)?(?P<a>\$?[A-Z]{1,3})(?P<b>\$?\d+)?(?::(?P<c>\$?[A-Z]{1,3})(?P<d>\$?\d+)?)?\Z"
)


def column_number(letters: str) -> int:
    """A is 0."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(number: int) -> str:
    """0 is A."""
    out, number = "", number + 1
    while number:
        number, rest = divmod(number - 1, 26)
        out = chr(65 + rest) + out
    return out


def place_of(ref: str) -> Place:
    """What a reference points to."""
    found = _REF.match(ref)
    if not found:
        raise FormulaError(ref)
    sheet = found["sheet"]
    if sheet and sheet.startswith("'"):
        sheet = sheet[1:-1].replace("''", "'")
    first = column_number(found["a"].replace("$", ""))
    row = int(found["b"].replace("$", "")) - 1 if found["b"] else None
    if not found["c"]:
        return Place(sheet, row, first, (row or 0) + 1, first + 1)
    end_row = int(found["d"].replace("$", "")) if found["d"] else None
    return Place(sheet, row, first, end_row, column_number(found["c"].replace("$", "")) + 1)


def _tokens(formula: str) -> Iterator[tuple[str, str]]:
    at, text = 1, formula.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found or found.end() == at:
            raise FormulaError(f"cannot be parsed at {at}: {formula[:200]}")
        kind = found.lastgroup or ""
        yield kind, found[kind]
        at = found.end()


def rewritten(formula: str, change: Callable[[str], str]) -> str:
    """The formula with every reference outside quotation marks changed."""
    out, at = [formula[:1]], 1
    while at < len(formula):
        found = _TOKEN.match(formula, at)
        if not found or found.end() == at:
            out.append(formula[at:])
            break
        text = found[0]
        if found["ref"]:
            text = text.replace(found["ref"], change(found["ref"]))
        out.append(text)
        at = found.end()
    return "".join(out)


def moved(ref: str, own: str, sheet: str, rows: bool, at: int, count: int) -> str:
    """A reference after `count` rows or columns were put in (or, negative, taken out) at `at` of `sheet`."""
    found = _REF.match(ref)
    if not found:
        return ref
    place = place_of(ref)
    if (place.sheet or own) != sheet:
        return ref
    prefix = f"{found['sheet']}!" if found["sheet"] else ""

    def shifted(number: int | None, *, end: bool) -> int | None:
        if number is None:
            return None
        if count >= 0:
            return number + count if number >= at + (1 if end else 0) else number
        gone = at - count
        if number >= gone + (1 if end else 0):
            return number + count
        return min(number, at) if number >= at else number

    r, c, er, ec = place.row, place.column, place.end_row, place.end_column
    if rows:
        r, er = shifted(r, end=False), shifted(er, end=True)
    else:
        c, ec = shifted(c, end=False), shifted(ec, end=True)
    if (r is not None and er is not None and r >= er) or (c is not None and ec is not None and c >= ec):
        return f"{prefix}#REF!"
    dollars = [("$" if (found[k] or "").startswith("$") else "") for k in "abcd"]
    first = f"{dollars[0]}{column_letters(c or 0)}" + (f"{dollars[1]}{r + 1}" if r is not None else "")
    if not found["c"]:
        return prefix + first
    last = f"{dollars[2]}{column_letters((ec or 1) - 1)}" + (f"{dollars[3]}{er}" if er is not None else "")
    return f"{prefix}{first}:{last}"


def renamed(ref: str, old: str, new: str) -> str:
    """A reference after a sheet got another name."""
    if "!" not in ref or ref.endswith("#REF!"):
        return ref
    place = place_of(ref)
    return f"'{new.replace(chr(39), chr(39) * 2)}'!{ref.rpartition('!')[2]}" if place.sheet == old else ref


# -------------------------------------------------------------------- computing


class _Range(NamedTuple):
    """A reference before its cells are looked at."""

    sheet: Any
    area: tuple[int, int, int, int]


Value: TypeAlias = "Scalar | Rows | _Range"


class Computation:
    """One formula in one cell of one spreadsheet."""

    def __init__(self, formula: str, cells: Cells, decimal_comma: bool) -> None:
        self._items = list(_tokens(formula))
        self._at = 0
        self._cells = cells
        self._comma = decimal_comma
        self.arrays = 0

    def result(self) -> Value:
        """A scalar, or rows of them to spill."""
        value = self._compare()
        if self._at != len(self._items):
            raise FormulaError("something stands after the formula's end")
        return self.scalar(value) if isinstance(value, _Range) else value

    # ------------------------------------------------------------ grammar

    def _peek(self) -> str:
        return self._items[self._at][1] if self._at < len(self._items) else ""

    def _binary(self, signs: Sequence[str], below: Callable[[], Value], apply: Any) -> Value:
        left = below()
        while self._peek() in signs and self._items[self._at][0] == "sign":
            sign = self._items[self._at][1]
            self._at += 1
            left = self.each(lambda a, b, s=sign: apply(s, a, b), left, below())
        return left

    def _compare(self) -> Value:
        return self._binary(("=", "<>", "<", "<=", ">", ">="), self._join, _compared)

    def _join(self) -> Value:
        return self._binary(("&",), self._sum, lambda _, a, b: _joined(a, b))

    def _sum(self) -> Value:
        return self._binary(("+", "-"), self._product, _reckoned)

    def _product(self) -> Value:
        return self._binary(("*", "/"), self._unary, _reckoned)

    def _unary(self) -> Value:
        if self._peek() == "-":
            self._at += 1
            return self.each(lambda v: _reckoned("-", 0.0, v), self._unary())
        return self._atom()

    def _atom(self) -> Value:
        kind, text = self._items[self._at]
        self._at += 1
        if kind == "text":
            return text[1:-1].replace('""', '"')
        if kind == "number":
            if "." in text and self._comma:
                raise FormulaError("a decimal point where the locale has a comma")
            return float(text)
        if kind == "broken" or (kind == "ref" and text.endswith("#REF!")):
            return Fault("#REF!")
        if kind == "ref":
            try:
                sheet, *area = self._cells.area(place_of(text))
            except KeyError:
                return Fault("#REF!")
            return _Range(sheet, (area[0], area[1], area[2], area[3]))
        if text == "(":
            value = self._compare()
            self._expect(")")
            return value
        if kind == "name" and text in ("TRUE", "FALSE") and self._peek() != "(":
            return text == "TRUE"
        if kind == "name" and self._peek() == "(":
            return self._call(text)
        raise FormulaError(f"unexpected {text!r}")

    def _call(self, name: str) -> Value:
        self._at += 1
        opens = name in ("ARRAYFORMULA", "SUMPRODUCT")
        self.arrays += opens
        arguments: list[Value] = []
        while self._peek() != ")":
            arguments.append(self._compare())
            if self._peek() in (";", "," if not self._comma else ";"):
                self._at += 1
            elif self._peek() != ")":
                raise FormulaError(f"{self._peek()!r} does not separate arguments here")
        self._expect(")")
        function = _FUNCTIONS.get(name)
        if function is None:
            raise FormulaError(f"the emulator does not know {name}")
        value = function(self, *arguments)
        self.arrays -= opens
        return value

    def _expect(self, sign: str) -> None:
        if self._peek() != sign:
            raise FormulaError(f"{sign!r} is missing")
        self._at += 1

    # ------------------------------------------------------------- values

    def rows(self, value: Value) -> Rows:
        """A value as rows of cells."""
        if isinstance(value, _Range):
            return self._cells.rows(value.sheet, value.area)
        return value if isinstance(value, list) else [[value]]

    def scalar(self, value: Value) -> Scalar:
        """A value that has to be one cell."""
        rows = self.rows(value)
        if len(rows) != 1 or len(rows[0]) != 1:
            raise FormulaError("an array where one value is due; ARRAYFORMULA is missing")
        return rows[0][0]

    def flat(self, value: Value) -> list[Scalar]:
        """All cells of a value."""
        return [cell for row in self.rows(value) for cell in row]

    def each(self, function: Callable[..., Scalar], *values: Value) -> Value:
        """A function of scalars, cell by cell where an array stands."""
        many = [self.rows(v) for v in values]
        height, width = max(len(m) for m in many), max(len(m[0]) if m else 0 for m in many)
        if height == width == 1:
            return function(*(m[0][0] for m in many))
        if not self.arrays:
            raise FormulaError("an array outside ARRAYFORMULA")
        if width == 1:
            columns = [[r[0] for r in m] if len(m) > 1 else [m[0][0]] * height for m in many]
            return [[function(*cells)] for cells in zip(*columns, strict=True)]
        return [
            [
                function(*(m[r if len(m) > 1 else 0][c if len(m[0]) > 1 else 0] for m in many))
                for c in range(width)
            ]
            for r in range(height)
        ]


def _number(value: Scalar) -> float | Fault:
    if isinstance(value, Fault):
        return value
    if value is None:
        return 0.0
    if isinstance(value, str):
        return Fault("#VALUE!")
    return float(value)


def _reckoned(sign: str, left: Scalar, right: Scalar) -> Scalar:
    a, b = _number(left), _number(right)
    if isinstance(a, Fault) or isinstance(b, Fault):
        return a if isinstance(a, Fault) else b
    match sign:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case _:
            return a / b if b else Fault("#DIV/0!")


def text_of(value: Scalar) -> str:
    """A value joined to a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def _joined(left: Scalar, right: Scalar) -> Scalar:
    bad = next((v for v in (left, right) if isinstance(v, Fault)), None)
    return bad or text_of(left) + text_of(right)


def key_of(value: Scalar) -> tuple[int, Any]:
    """How values are ordered and told apart: numbers, texts without case, truths."""
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, str):
        return 1, value.casefold()
    return 0, value or 0.0


def _compared(sign: str, left: Scalar, right: Scalar) -> Scalar:
    bad = next((v for v in (left, right) if isinstance(v, Fault)), None)
    if bad:
        return bad
    if left is None and isinstance(right, str):
        left = ""
    if right is None and isinstance(left, str):
        right = ""
    a, b = key_of(left), key_of(right)
    return {"=": a == b, "<>": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign]


def _if(run: Computation, test: Value, yes: Value, no: Value = False) -> Value:
    def chosen(t: Scalar, y: Scalar, n: Scalar) -> Scalar:
        return t if isinstance(t, Fault) else y if t and not isinstance(t, str) else n

    return run.each(chosen, test, yes, no)


def index_of(cells: Sequence[Scalar]) -> dict[tuple[int, Any], int]:
    """Key of a value to its first place; blanks and errors are not found."""
    found: dict[tuple[int, Any], int] = {}
    for at, value in enumerate(cells):
        if value is not None and not isinstance(value, Fault):
            found.setdefault(key_of(value), at)
    return found


def _xlookup(run: Computation, key: Value, keys: Value, found: Value, missing: Value = None) -> Value:
    if run.scalar(missing) is not None:
        raise FormulaError("the emulator's XLOOKUP has no value for what is missing: use IFNA")
    index, values = index_of(run.flat(keys)), run.flat(found)

    def looked(name: Scalar) -> Scalar:
        at = None if isinstance(name, Fault) else index.get(key_of(name))
        return name if isinstance(name, Fault) else Fault("#N/A") if at is None else values[at]

    return run.each(looked, key)


def _pattern(criterion: str) -> re.Pattern[str]:
    """A text with the wildcards of MATCH and COUNTIF, where `~` takes their power away."""
    parts = re.findall(r"~[*?~]|[*?]|[^*?~]+|~", criterion)
    plain = {"*": ".*", "?": "."}
    return re.compile(
        "".join(
            plain.get(p) or re.escape(p[1:] if len(p) == 2 and p[0] == "~" and p[1] in "*?~" else p)
            for p in parts
        ),
        re.IGNORECASE | re.DOTALL,
    )


def _meets(criterion: Scalar) -> Callable[[Scalar], bool]:
    if isinstance(criterion, str):
        if criterion[:1] in "<>=" and criterion:
            raise FormulaError("the emulator knows no comparisons in a criterion")
        if re.search(r"[*?~]", criterion):
            pattern = _pattern(criterion)
            return lambda v: isinstance(v, str) and pattern.fullmatch(v) is not None
    wanted = key_of(criterion)
    return lambda v: v is not None and not isinstance(v, Fault) and key_of(v) == wanted


def _match(run: Computation, key: Value, where: Value, exact: Value = 1.0) -> Scalar:
    if run.scalar(exact) != 0:
        raise FormulaError("MATCH without 0")
    wanted = run.scalar(key)
    if isinstance(wanted, Fault):
        return wanted
    if isinstance(where, _Range) and not (isinstance(wanted, str) and re.search(r"[*?~]", wanted)):
        at = run._cells.index(where.sheet, where.area).get(key_of(wanted))
        return Fault("#N/A") if at is None else float(at + 1)
    meets = _meets(wanted)
    return next((float(n) for n, v in enumerate(run.flat(where), 1) if meets(v)), Fault("#N/A"))


def _countifs(run: Computation, *pairs: Value) -> Scalar:
    columns = [run.flat(v) for v in pairs[::2]]
    tests = [_meets(run.scalar(v)) for v in pairs[1::2]]
    return float(
        sum(all(t(v) for t, v in zip(tests, cells, strict=True)) for cells in zip(*columns, strict=True))
    )


def _sumif(run: Computation, where: Value, criterion: Value, what: Value | None = None) -> Scalar:
    meets = _meets(run.scalar(criterion))
    amounts = run.flat(where if what is None else what)
    return sum(
        float(n)
        for v, n in zip(run.flat(where), amounts, strict=True)
        if meets(v) and isinstance(n, float) and not isinstance(n, bool)
    )


def _total(run: Computation, *values: Value) -> Scalar:
    cells = [cell for value in values for cell in run.flat(value)]
    bad = next((cell for cell in cells if isinstance(cell, Fault)), None)
    return bad or sum(float(c) for c in cells if isinstance(c, float) and not isinstance(c, bool))


def _sumproduct(run: Computation, value: Value) -> Scalar:
    cells = run.flat(value)
    bad = next((cell for cell in cells if isinstance(cell, Fault)), None)
    return bad or sum(float(c) for c in cells if isinstance(c, float | int))


def _round(value: Scalar, places: Scalar = 0.0) -> Scalar:
    number, digits = _number(value), _number(places)
    if isinstance(number, Fault) or isinstance(digits, Fault):
        return number if isinstance(number, Fault) else digits
    step = Decimal(1).scaleb(-int(digits))
    return float(Decimal(repr(number)).quantize(step, ROUND_HALF_UP)) + 0.0  # there is no negative zero


def _shown(value: Scalar, pattern: Scalar) -> Scalar:
    if pattern != "0":
        raise FormulaError("the emulator's TEXT knows the pattern 0")
    number = _number(value)
    return (
        number
        if isinstance(number, Fault)
        else f"{Decimal(repr(number)).quantize(Decimal(1), ROUND_HALF_UP):f}"
    )


def _left(value: Scalar, count: Scalar) -> Scalar:
    """The first characters, of which Google counts UTF-16 units; never half of one."""
    if isinstance(value, Fault):
        return value
    units = text_of(value).encode("utf-16-le")
    return units[: 2 * int(_number(count) or 0)].decode("utf-16-le", "ignore")  # type: ignore[arg-type]


def _where(run: Computation, value: Value, axis: int) -> Value:
    if isinstance(value, Fault):
        return value
    if not isinstance(value, _Range):
        raise FormulaError("ROW or COLUMN of something that is no reference")
    first, end = value.area[axis], value.area[axis + 2]
    if end - first == 1:
        return float(first + 1)
    if not run.arrays:
        raise FormulaError("an array outside ARRAYFORMULA")
    return [[float(n + 1)] for n in range(first, end)]


def _is_formula(run: Computation, value: Value) -> Scalar:
    if isinstance(value, Fault):
        return value
    if not isinstance(value, _Range):
        raise FormulaError("ISFORMULA of something that is no reference")
    return run._cells.is_formula(value.sheet, value.area[0], value.area[1])


def _index(run: Computation, where: Value, row: Value) -> Scalar:
    number = run.scalar(row)
    if isinstance(number, Fault):
        return number
    cells = run.flat(where)
    at = int(_number(number) or 0) - 1  # type: ignore[arg-type]
    return cells[at] if 0 <= at < len(cells) else Fault("#NUM!")


def _instead(of: Callable[[Scalar], bool]) -> Callable[..., Value]:
    return lambda run, value, other=None: run.each(lambda v, o: o if of(v) else v, value, other)


_FUNCTIONS: dict[str, Callable[..., Value]] = {
    "ARRAYFORMULA": lambda run, value: run.rows(value),
    "COLUMN": lambda run, value: _where(run, value, 1),
    "COUNTIF": _countifs,
    "COUNTIFS": _countifs,
    "EXACT": lambda run, a, b: run.each(lambda x, y: text_of(x) == text_of(y), a, b),
    "HYPERLINK": lambda run, link, text: next(
        (v for v in (run.scalar(link), run.scalar(text)) if isinstance(v, Fault)), run.scalar(text)
    ),
    "IF": _if,
    "IFERROR": _instead(lambda v: isinstance(v, Fault)),
    "IFNA": _instead(lambda v: v == Fault("#N/A")),
    "INDEX": _index,
    "ISFORMULA": _is_formula,
    "ISNUMBER": lambda run, v: run.each(lambda x: isinstance(x, float), v),
    "ISTEXT": lambda run, v: run.each(lambda x: isinstance(x, str), v),
    "LEFT": lambda run, v, count: run.each(_left, v, count),
    "MATCH": _match,
    "ROUND": lambda run, v, places=0.0: run.each(_round, v, places),
    "ROW": lambda run, value: _where(run, value, 0),
    "SUM": _total,
    "SUMIF": _sumif,
    "SUMPRODUCT": _sumproduct,
    "TEXT": lambda run, v, pattern: run.each(_shown, v, pattern),
    "XLOOKUP": _xlookup,
}
