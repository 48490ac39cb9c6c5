"""A firm of three reps in each language before the end of a month: wins, a refund, a second currency, one-on-ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeAlias

from sheets_crm.pages import Told
from sheets_crm.sheet import Value
from sheets_crm.text import Lang, Text
from tests.money_firms import TODAY, Rows, day, told

Bilingual: TypeAlias = Sequence[Mapping[str, Value | Text]]
ANN, BOB, ILYA = Text("Ann", "Анна"), Text("Boris Ivanov", "Иванов Борис"), Text("Ilya", "Илья")
HELEN = Text("Helen", "Елена")
NEW, OFFER, CONTRACT = Text("New", "Новая"), Text("Proposal", "КП отправлено"), Text("Contract", "Договор")
HOLD, WON = Text("On hold", "На паузе"), Text("Won", "Успешно")
LOST, REFUND = Text("Lost", "Отказ"), Text("Refund", "Возврат")
PUMP, LINE = (
    Text("Pump for Camomile", "Насос для «Ромашки»"),
    Text("Filling line, Vector", "Линия розлива, «Вектор»"),
)

STAGES: Bilingual = [
    {"stage": NEW, "order": 1, "kind": "active", "probability": 10},
    {"stage": OFFER, "order": 2, "kind": "active", "probability": 35},
    {"stage": CONTRACT, "order": 3, "kind": "active", "probability": 75},
    {"stage": HOLD, "order": 4, "kind": "passive", "probability": 0},
    {"stage": WON, "order": 5, "kind": "won", "probability": 100},
    {"stage": LOST, "order": 6, "kind": "lost", "probability": 0},
    {"stage": REFUND, "order": 7, "kind": "refund", "probability": 0},
]
TEAM: Bilingual = [
    {"user": ANN, "role": "rep", "plan": 600_000},
    {"user": BOB, "role": "rep", "plan": 400_000},
    {"user": ILYA, "role": "rep", "plan": None},
    {"user": HELEN, "role": "hos", "plan": None},
]
PLANS: Bilingual = [
    {"period_start": day("5-1"), "period_end": day("5-31"), "user": ANN, "target": 1_500_000.5},
]
RATES: Bilingual = [
    {"currency": "EUR", "date": day("4-1"), "rate": 90.5},
    {"currency": "EUR", "date": day("5-18"), "rate": 92.25},
]
OVERRIDES: Bilingual = [
    {"deal_id": "D0002", "probability": 60, "by": HELEN, "at": day("5-15"), "note": Text("The director said yes", "Директор согласен")},
    {"deal_id": "D0003", "probability": 90, "by": BOB, "at": day("5-1"), "note": Text("I feel it", "Чувствую")},
]  # fmt: skip
TALKS: Bilingual = [{"user": ANN, "date": day("5-15")}]
SETTINGS: Bilingual = [
    {"code": "FIRM", "setting": "country", "value": ""},
    {"code": "FIRM", "setting": "base_currency", "value": "RUB"},
    {"code": "FIRM", "setting": "lang", "value": Text("en", "ru")},
]


def _deal(
    number: int, name: Text, stage: Text, owner: Text | None, amount: Value, due: str | None, **more: Value | Text
) -> dict[str, Value | Text]:  # fmt: skip
    row: dict[str, Value | Text] = {"deal_id": f"D{number:04}", "name": name, "stage": stage, "owner": owner}
    row |= {"amount": amount, "expected_close": day(due) if due else None, "stage_entered_at": day("4-20")}
    return (
        row | {"next_step": Text("call the director", "позвонить директору"), "next_date": day("5-21")} | more
    )


def april() -> Bilingual:
    """The deals on the last run before the month."""
    return [
        _deal(1, PUMP, CONTRACT, ANN, 420_000, "5-25"),
        _deal(2, LINE, OFFER, ANN, 900_000, "6-20"),
        _deal(3, LINE, OFFER, BOB, 250_000.55, "5-29"),
        _deal(4, PUMP, CONTRACT, BOB, 300_000, "5-12"),
        _deal(5, PUMP, OFFER, ILYA, 100_000, "5-20"),
        _deal(6, LINE, OFFER, ILYA, 80_000, "5-10"),
        _deal(
            7,
            PUMP,
            WON,
            BOB,
            150_000,
            "4-10",
            closed_at=day("4-10"),
            paid_amount=100_000,
            paid_at=day("4-10"),
        ),
        _deal(8, LINE, OFFER, ANN, 5_000, "5-30", currency="EUR"),
        _deal(9, PUMP, HOLD, ANN, 70_000, "5-30"),
    ]


def may() -> Bilingual:
    """The same deals on 20 May, and those that came since."""
    return [
        _deal(1, PUMP, CONTRACT, ANN, 450_000, "5-25"),
        _deal(2, LINE, OFFER, ANN, 900_000, "5-28"),
        _deal(3, LINE, OFFER, BOB, 250_000.55, "5-29", next_step=None, next_date=None),
        _deal(4, PUMP, WON, ILYA, 300_000, "5-12", closed_at=day("5-12")),
        _deal(5, PUMP, LOST, ILYA, 100_000, "5-20", closed_at=day("5-14")),
        _deal(6, LINE, OFFER, ILYA, 80_000, "5-10"),
        _deal(7, PUMP, WON, BOB, 150_000, "4-10", closed_at=day("4-10"), paid_amount=100_000, paid_at=day("4-10")),
        _deal(8, LINE, OFFER, ANN, 5_000, "5-30", currency="EUR"),
        _deal(9, PUMP, OFFER, ANN, 70_000, "5-30"),
        _deal(10, PUMP, NEW, None, 60_000, "6-15"),
        _deal(11, LINE, NEW, ANN, None, None),
        _deal(12, PUMP, OFFER, ANN, 2_000, "5-30", currency="GBP"),
        _deal(13, PUMP, REFUND, BOB, -20_000, None, closed_at=day("5-6")),
        _deal(14, LINE, WON, ANN, 1_000, None, closed_at=day("5-18"), currency="EUR"),
        _deal(15, LINE, WON, ANN, 40_000, None),
    ]  # fmt: skip


def firm(lang: Lang) -> Told:
    """The firm on 20 May: runs on 28 April, on 12 May and today."""
    run = {"Stages": STAGES, "Team": TEAM, "Plans": PLANS, "Rates": RATES, "Overrides": OVERRIDES}
    tables = {
        key: _in(rows, lang) for key, rows in (run | {"OneOnOnes": TALKS, "SalesBook": SETTINGS}).items()
    }
    before, now = _in(april(), lang), _in(may(), lang)
    middle = [{**row, "owner": BOB.get(lang)} if row["deal_id"] == "D0004" else row for row in now]
    return told((date(2026, 4, 28), before), (day("5-12"), middle), (TODAY, now), lang=lang, tables=tables)


def _in(rows: Bilingual, lang: Lang) -> Rows:
    return [
        {key: value.get(lang) if isinstance(value, Text) else value for key, value in row.items()}
        for row in rows
    ]
