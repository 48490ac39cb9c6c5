"""The language of criteria: what it reads, what it refuses and where, and the laws of what holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_crm.expr import (
    DERIVED,
    Compare,
    Filled,
    Join,
    Mistake,
    Node,
    Not,
    TaskDone,
    Value,
    holds,
    parse,
    written,
)
from sheets_crm.rules.facts import criteria, in_key
from sheets_crm.schema import TABLES
from sheets_crm.schema.choices import TASK_TYPE
from sheets_crm.template.defaults import default_reasons, default_stages
from sheets_crm.text import LANGS, Lang
from tests.firms import TODAY

COLUMNS = {column.key: column for column in TABLES["Deals"].fields}


@dataclass(frozen=True)
class Shown:
    """A deal made of plain values; a column or a number that is not in them does not exist."""

    values: Mapping[str, Any] = field(default_factory=dict)
    done: frozenset[str] | None = frozenset()
    today: date = TODAY

    def field(self, key: str) -> Any:
        return self.values[key]

    def filled(self, key: str) -> bool:
        return self.values[key] is not None

    def derived(self, name: str) -> int:
        return int(self.values[name])

    def task_done(self, kind: str) -> bool:
        if self.done is None:
            raise LookupError(kind)
        return kind in self.done


def parts(text: str) -> list[str]:
    """The criteria of a text that is right, by column keys."""
    found = criteria(text)
    assert not isinstance(found, Mistake), found
    return [criterion.key for criterion in found]


def answer(text: str, facts: Shown) -> bool | None:
    """Whether a text that is right holds, all its criteria together."""
    found = criteria(text)
    assert not isinstance(found, Mistake), found
    return holds(Join("and", tuple(c.node for c in found)), facts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("filled(need)", ["filled(need)"]),
        ("filled(need) and filled(decision_maker)", ["filled(need)", "filled(decision_maker)"]),
        ("filled(«Потребность») и «Сумма» > 0", ["filled(need)", "amount > 0"]),
        ("FILLED(Need) AND Amount >= 1,5", ["filled(need)", "amount >= 1.5"]),
        ("filled(“Decision maker”)", ["filled(decision_maker)"]),
        ('filled("ЛПР")', ["filled(decision_maker)"]),
        ("filled(«Сумма, ₽ с НДС»)", ["filled(amount)"]),
        ("filled(Менеджер)", ["filled(owner)"]),
        ("date(«План закрытия») <= today", ["expected_close <= today"]),
        ("дата(expected_close) <= сегодня", ["expected_close <= today"]),
        ("task_done(Звонок) or task_done(whatsapp)", ["task_done(Call) or task_done(Messenger)"]),
        ("task_done(«E-mail»)", ["task_done(Email)"]),
        ("task_done(Phone call)", ["task_done(Call)"]),
        ("attempts >= 5 and attempt_days >= 3", ["attempts >= 5", "attempt_days >= 3"]),
        ("not filled(lost_reason)", ["not filled(lost_reason)"]),
        ("не filled(lost_reason)", ["not filled(lost_reason)"]),
        ("(filled(need) and amount > 0) and margin > 0", ["filled(need)", "amount > 0", "margin > 0"]),
        ("((filled(need)))", ["filled(need)"]),
        ("amount > 0 or filled(need) and filled(terms)", ["amount > 0 or filled(need) and filled(terms)"]),
        ("(amount > 0 or filled(need)) and filled(terms)", ["amount > 0 or filled(need)", "filled(terms)"]),
        ("not (amount > 0 and filled(need))", ["not (amount > 0 and filled(need))"]),
        ("amount\u00a0>\n0", ["amount > 0"]),
        ("paid_amount >= amount", ["paid_amount >= amount"]),
        ("paid_amount <> 0 and amount != 1 and margin == 2", ["paid_amount <> 0", "amount != 1", "margin == 2"]),
    ],
)  # fmt: skip
def test_a_text_reads_as_its_criteria(text: str, expected: list[str]) -> None:
    """Keys or headers in either language, with unit or alias; the outermost `and` parts them."""
    assert parts(text) == expected


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        (" ", 2, "name of a column"),
        ("filled(ned)", 8, "no column “ned”"),
        ("filled(hygiene)", 8, "no column “hygiene”"),
        ("filled need", 8, "“(” is missing"),
        ("filled(need", 12, "“)” is missing"),
        ("filled(need) filled(terms)", 14, "“filled” is not expected"),
        ("filled(need))", 13, "“)” is not expected"),
        ("amount >", 9, "name of a column"),
        ("amount", 7, "a sign"),
        ("amount > 0 and", 15, "name of a column"),
        ("and amount > 0", 1, "no column “and”"),
        ("amount > 1 000", 12, "“000” is not expected"),
        ("amount > -1", 10, "“-” is not expected"),
        ("amount > 0; filled(need)", 11, "“;” is not expected"),
        ("task_done(pigeon)", 11, "one of: Call, Email"),
        ("task_done()", 11, "one of: Call"),
        ("need = 5", 1, "holds words"),
        ("5 < «Потребность»", 5, "holds words"),
        ("expected_close > 5", 18, "compared with a number"),
        ("amount > today", 10, "compared with a number"),
        ("the client has paid", 1, "no column “the”"),
        ("«amount", 1, "“«” is not expected"),
        ("(" * 50 + "amount > 0", 41, "too many brackets"),
        ("not " * 50 + "amount > 0", 161, "too many brackets"),
        ("amount > 0 or " * 200, 1, "longer than 2,000"),
    ],
)  # fmt: skip
def test_a_mistake_says_what_and_where(text: str, at: int, words: str) -> None:
    """The first mistake, at the character counted from 1."""
    found = criteria(text)
    assert isinstance(found, Mistake)
    assert found.at == at
    assert words in found.reason.en
    assert found.reason.ru != found.reason.en


def test_a_blank_cell_asks_for_nothing() -> None:
    """No criteria, and no mistake."""
    assert criteria(None) == ()


@pytest.mark.parametrize("lang", LANGS)
def test_the_ready_made_stages_and_loss_reasons_are_without_mistakes(lang: Lang) -> None:
    """Every criterion and every evidence of the template can be followed."""
    texts = [row.get("exit_criteria") for row in default_stages(lang)] + [
        row.get("evidence") for row in default_reasons(lang)
    ]
    assert sum(bool(text) for text in texts) == 19
    assert not [text for text in texts if text and isinstance(criteria(str(text)), Mistake)]


def test_a_criterion_knows_its_columns_and_how_the_firm_wrote_it() -> None:
    """In order, each once; the key is free of the firm's wording."""
    found = criteria("(«Сумма» > 0 or filled(Need) or «Сумма» > 5) and attempts > 1")
    assert not isinstance(found, Mistake)
    first, second = found
    assert first.columns == ("amount", "need")
    assert first.source == "«Сумма» > 0 or filled(Need) or «Сумма» > 5"
    assert first.key == "amount > 0 or filled(need) or amount > 5"
    assert second.columns == ()


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("amount > 0", {"amount": Decimal(1)}, True),
        ("amount > 0", {"amount": Decimal(0)}, False),
        ("amount > 0", {"amount": None}, False),
        ("amount <= 0", {"amount": None}, False),
        ("not amount > 0", {"amount": None}, True),
        ("amount > 0", {}, None),
        ("not amount > 0", {}, None),
        ("amount > 0 and filled(need)", {"need": None}, False),
        ("amount > 0 and filled(need)", {"need": "x"}, None),
        ("amount > 0 or filled(need)", {"need": "x"}, True),
        ("amount > 0 or filled(need)", {"need": None}, None),
        ("paid_amount >= amount", {"amount": Decimal("10.10"), "paid_amount": Decimal("10.1")}, True),
        ("expected_close <= today", {"expected_close": TODAY}, True),
        ("expected_close < today", {"expected_close": TODAY}, False),
        ("created_at = today", {"created_at": datetime(2026, 5, 20, 17, 30)}, True),
        ("attempts >= 5", {"attempts": 5}, True),
        ("attempts >= 5", {}, None),
        ("task_done(Call)", {}, True),
        ("task_done(Email)", {}, False),
        ("1 < 2", {}, True),
    ],
)  # fmt: skip
def test_what_holds(text: str, values: Mapping[str, Any], expected: bool | None) -> None:
    """A blank compares false; what does not exist is unknown, unless the rest decides."""
    assert answer(text, Shown(values, frozenset({"call"}))) is expected


def test_without_tasks_nothing_is_known_of_them() -> None:
    """Neither done nor undone."""
    assert answer("task_done(Call)", Shown(done=None)) is None


def test_a_long_criterion_keeps_a_short_key() -> None:
    """Different texts with one beginning have different keys; short ones stay as they are."""
    assert in_key("amount > 0") == "amount > 0"
    one, other = in_key("x" * 1000), in_key("x" * 999 + "y")
    assert one != other
    assert len(one) < 200


# ------------------------------------------------------------------- laws

WORDS = ["filled", "task_done", "(", ")", "and", "or", "not", "и", "или", "не", "need", "«Сумма»", "amount", "today",
         "date", ">", "<=", "=", "5", "1,5", "attempts", "Call", "«", '"', "%", "expected_close"]  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)))
def test_any_text_is_read_or_refused_and_never_raises(text: str) -> None:
    """Criteria, or a mistake within the text."""
    found = parse(text, COLUMNS.get)
    if isinstance(found, Mistake):
        assert 1 <= found.at <= len(text) + 1
        assert all(found.reason)
    else:
        assert found
        assert all(criterion.source for criterion in found)


def keys(*kinds: str) -> st.SearchStrategy[str]:
    """Keys of the Deals columns of these kinds; of all where none is named."""
    return st.sampled_from([key for key, c in COLUMNS.items() if not kinds or c.kind in kinds])


NUMBERS = st.one_of(
    st.builds(Value, st.just("number"), st.from_regex(r"[0-9]{1,6}(\.[0-9]{1,3})?", fullmatch=True)),
    st.builds(Value, st.just("derived"), st.sampled_from(DERIVED)),
    st.builds(Value, st.just("field"), keys("money", "percent")),
)
DAYS = st.one_of(st.just(Value("today")), st.builds(Value, st.just("field"), keys("date", "moment")))
SIGNS = st.sampled_from(["<", "<=", ">", ">=", "=", "==", "!=", "<>"])
LEAVES = st.one_of(
    st.builds(Filled, keys()),
    st.builds(TaskDone, st.sampled_from([item.key for item in TASK_TYPE.items])),
    st.builds(Compare, NUMBERS, SIGNS, NUMBERS),
    st.builds(Compare, DAYS, SIGNS, DAYS),
)


def joined(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Negations and joins; a join within a join of the same word is no tree of its own."""

    def join(word: str, inner: list[Node]) -> Node:
        flat = [p.parts if isinstance(p, Join) and p.word == word else (p,) for p in inner]
        return Join(word, tuple(part for group in flat for part in group))

    several = st.lists(parts, min_size=2, max_size=4)
    return st.one_of(st.builds(Not, parts), st.builds(join, st.sampled_from(["and", "or"]), several))


TREES: st.SearchStrategy[Node] = st.recursive(LEAVES, joined, max_leaves=12)


@given(TREES)
def test_what_is_written_reads_back_as_the_same_tree(node: Node) -> None:
    """The criteria of the written text are the tree, parted at its outermost `and`."""
    found = parse(written(node), COLUMNS.get)
    assert not isinstance(found, Mistake), found
    expected = node.parts if isinstance(node, Join) and node.word == "and" else (node,)
    assert tuple(criterion.node for criterion in found) == expected


VALUES: st.SearchStrategy[Mapping[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "need": st.sampled_from([None, "x"]),
        "amount": st.sampled_from([None, Decimal(0), Decimal(5)]),
        "expected_close": st.sampled_from([None, date(2026, 5, 19), date(2026, 5, 21)]),
        "attempts": st.integers(0, 9),
    },
)
DEALS = st.builds(Shown, VALUES, st.sampled_from([None, frozenset[str](), frozenset({"call"})]))
SMALL: st.SearchStrategy[Node] = st.recursive(
    st.one_of(
        st.builds(Filled, st.sampled_from(["need", "amount"])),
        st.just(TaskDone("call")),
        st.just(Compare(Value("field", "amount"), ">", Value("number", "1"))),
        st.just(Compare(Value("derived", "attempts"), ">=", Value("number", "5"))),
        st.just(Compare(Value("field", "expected_close"), "<=", Value("today"))),
    ),
    joined,
    max_leaves=6,
)


@given(SMALL, SMALL, SMALL, DEALS)
def test_truth_is_kleenes(a: Node, b: Node, c: Node, deal: Shown) -> None:
    """Unknown is neither true nor false, and the laws of strong three-valued logic hold."""

    def of(node: Node) -> bool | None:
        return holds(node, deal)

    def both(*nodes: Node) -> Node:
        return Join("and", nodes)

    def either(*nodes: Node) -> Node:
        return Join("or", nodes)

    rank = {False: 0, None: 1, True: 2}
    assert of(both(a, b)) is min(of(a), of(b), key=rank.__getitem__)
    assert of(either(a, b)) is max(of(a), of(b), key=rank.__getitem__)
    assert of(Not(Not(a))) is of(a)
    assert of(Not(a)) is (None if of(a) is None else not of(a))
    assert of(Not(both(a, b))) is of(either(Not(a), Not(b)))
    assert of(both(a, either(b, c))) is of(either(both(a, b), both(a, c)))
    assert of(both(a, b, c)) is of(both(a, both(b, c)))
    assert of(either(a, both(a, b))) is of(a)


@given(SMALL, VALUES, VALUES)
def test_more_knowledge_never_turns_a_known_answer(
    node: Node, less: Mapping[str, Any], more: Mapping[str, Any]
) -> None:
    """What is true or false without a column stays so when the column is added."""
    known = holds(node, Shown(less))
    if known is not None:
        assert holds(node, Shown({**more, **less})) is known
