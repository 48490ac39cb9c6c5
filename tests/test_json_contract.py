"""The JSON contract: real answers against the JSON Schemas that are shipped, and what a schema cannot say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from sheets_crm.cli import contract
from sheets_crm.cli.formats import FINDING_COLUMNS
from sheets_crm.pages.tables import ReportColumn, ReportTable
from sheets_crm.reports import REPORTS
from sheets_crm.schema import Kind
from sheets_crm.schema.settings import SettingKind
from sheets_crm.text import LANGS, same
from tests.command_line import FAULTY, FIRST, LATER, PLAIN, SIX, call, deal, firm, judged, spelled

NAMES = ("audit", "report", "schema", "rules", "verify")
AUDIT = {
    "schema_version", "workbook", "as_of", "lang", "run_recorded", "baseline", "checked", "not_checked", "rows",
    "counts", "score", "findings",
}  # fmt: skip
FINDING = {
    "id", "occurrence", "rule", "also", "name", "title", "severity", "answerable", "status", "table", "sheet",
    "row_key", "cell", "field", "owner", "actual", "expected", "fix", "clause", "minutes", "amount", "currency",
    "first_seen", "last_seen", "waiver",
}  # fmt: skip
"""The keys as DESIGN section 7 names them."""


def answer(name: str, *args: object) -> dict[str, Any]:
    """The JSON that a command prints, valid under the schema `name`; nothing else on stdout."""
    found: dict[str, Any] = json.loads(call(*args, "--format", "json").stdout)
    schema = contract.json_schema(name)
    errors = [f"{e.json_path}: {e.message}" for e in Draft202012Validator(schema).iter_errors(found)]
    assert errors == []
    return found


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object of a schema."""
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from nodes(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from nodes(value)


@pytest.mark.parametrize("name", NAMES)
def test_the_schemas_are_sound_and_closed(name: str) -> None:
    """Valid draft 2020-12; every object requires all its keys and allows no other."""
    schema = contract.json_schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")
    for node in nodes(schema):
        if isinstance(node.get("properties"), dict):
            assert node["additionalProperties"] is False
            assert set(node["required"]) == set(node["properties"])


def test_the_schemas_know_every_kind() -> None:
    """The kinds of columns are those of the code, and no kind of setting is unknown to the schema."""
    for name in ("schema", "report"):
        assert contract.json_schema(name)["$defs"]["kind"]["enum"] == list(get_args(Kind))
    settings = contract.json_schema("rules")["properties"]["rules"]["items"]["properties"]["settings"]
    assert set(settings["items"]["properties"]["kind"]["enum"]) >= set(get_args(SettingKind))


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """A firm with one run behind it and three new faults."""
    return judged(tmp_path / "firm.xlsx")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("options", [(), ("--dry-run",), ("--rule", "TK01"), ("--by", "stage")], ids=spelled)
def test_an_audit_is_valid_and_adds_up(second: Path, options: tuple[str, ...], lang: str) -> None:
    """The six counts sum to the findings; read = audited + excluded; cells are Excel's own references."""
    found = answer("audit", "audit", second, "--as-of", LATER, "--lang", lang, *options)
    assert set(found) == AUDIT
    assert all(set(finding) == FINDING for finding in found["findings"])
    assert sum(found["counts"].values()) == len(found["findings"])
    assert found["lang"] == lang
    assert found["run_recorded"] is ("--dry-run" not in options)
    assert found["baseline"] == {"run": 1, "as_of": "2024-03-04"}
    assert found["rows"]["Deals"] == {"read": 6, "audited": 6, "excluded": []}
    assert found["score"]["firm"] == 67
    assert found["score"]["by_owner"]["Bob"] == {"clean": 0, "audited": 1, "score": None}
    assert found["findings"][0]["cell"] == "Deals!E5"
    assert not set(found["checked"]) & {
        n["rule"] for n in found["not_checked"] if n["part"] is n["rows"] is None
    }


def test_a_dry_run_gives_the_statuses_of_a_written_one(second: Path) -> None:
    """All but `run_recorded` is the same; the run that is then recorded says so, and again when repeated."""
    dry, written, again = (
        answer("audit", "audit", second, "--as-of", LATER, *options) for options in (("--dry-run",), (), ())
    )
    assert (dry.pop("run_recorded"), written.pop("run_recorded"), again.pop("run_recorded")) == (
        False,
        True,
        True,
    )
    assert dry == written == again


def test_a_first_run_is_legacy_without_a_score(tmp_path: Path) -> None:
    """Baseline null, score null, every finding legacy, no error counted."""
    found = answer("audit", "audit", firm(tmp_path / "f.xlsx", FAULTY, book=PLAIN), "--as-of", LATER)
    assert found["baseline"] is None
    assert found["score"]["firm"] is None
    assert {f["status"] for f in found["findings"]} == {"legacy"}
    assert found["counts"] == {"error": 0, "warning": 0, "info": 0, "waived": 0, "legacy": 3, "pending": 0}


def test_what_was_not_checked_says_which_rule_which_part_and_why(tmp_path: Path) -> None:
    """Deals with nothing but a stage: rules whose columns do not exist are not checked, none is silently passed."""
    found = answer(
        "audit", "audit", firm(tmp_path / "f.xlsx", [["Proposal"]], header=["Stage"]), "--as-of", FIRST
    )
    missing = {item["rule"] for item in found["not_checked"]}
    assert {"TK01", "TK02", "LS01"} <= missing
    assert not {"TK01", "TK02", "LS01"} & set(found["checked"])
    assert all(item["reason"] for item in found["not_checked"])
    assert found["findings"] == []


def test_excluded_rows_are_named_with_their_reason(tmp_path: Path) -> None:
    """A repeated header and a row of totals: read = audited + excluded, each with its cell as Excel writes it."""
    rows = [*SIX[:2], ["Deal ID", "Deal", "Stage"], *SIX[2:], ["Total", *[None] * 5, 6003]]
    found = answer("audit", "audit", firm(tmp_path / "f.xlsx", rows, sheet="Deals "), "--as-of", FIRST)
    deals = found["rows"]["Deals"]
    assert deals["read"] == deals["audited"] + len(deals["excluded"]) == 8
    assert [row["cell"] for row in deals["excluded"]] == ["'Deals '!A4", "'Deals '!A9"]


def test_money_is_a_decimal_string_and_dates_are_iso(tmp_path: Path) -> None:
    """1000.5 is "1000.5", one million is "1000000"; days as YYYY-MM-DD."""
    rows = [deal(1, amount=1000.5, closed=date(2024, 1, 5)), deal(2, amount=1e6, closed=date(2024, 1, 5))]
    found = answer("audit", "audit", firm(tmp_path / "f.xlsx", rows), "--as-of", FIRST)
    assert {f["amount"] for f in found["findings"]} == {"1000.5", "1000000"}
    assert {f["first_seen"] for f in found["findings"]} == {"2024-03-04"}


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15))
def test_money_keeps_its_value_and_has_no_exponent(value: Decimal) -> None:
    """Any sum comes back as it was."""
    text = contract.money(value)
    assert text is not None
    assert Decimal(text) == value
    assert "E" not in text
    assert contract.money(None) is None


def test_the_csv_has_the_same_keys() -> None:
    """One contract for both."""
    assert list(FINDING_COLUMNS) == list(contract.json_schema("audit")["$defs"]["finding"]["properties"])


def test_the_schema_is_valid_and_names_what_a_program_has_to_fill() -> None:
    """Every table with its keys; only the stage of a deal is required. Two columns are words of Python, not here."""
    found = answer("schema", "schema")
    columns = {f"{t['key']}.{c['key']}": c for t in found["tables"] for c in t["columns"]}
    assert [key for key, column in columns.items() if column["required"]] == ["Deals.stage"]
    assert {"StageHistory.deal_id", "StageHistory.stage", "StageHistory.entered_at"} <= set(columns)
    assert {"Absences.from", "OneOnOnes.date"} <= set(columns)
    assert columns["Deals.hygiene"]["header"] == {"en": "To fix", "ru": "Что исправить"}
    assert {t["key"] for t in found["tables"]} == {
        "Deals", "Tasks", "Companies", "Contacts", "SalesBook", "Stages", "LossReasons", "Team", "Plans", "Waivers",
        "Appeals", "Overrides", "OneOnOnes", "Absences", "Holidays", "Rates", "StageHistory",
    }  # fmt: skip


def test_the_rules_are_valid_with_the_shipped_values_or_a_firms_own(tmp_path: Path) -> None:
    """`value` is the default, or what the workbook says; `default` never changes."""
    path = firm(tmp_path / "f.xlsx", SIX, book=[("TK01", None, "horizon_days", "30")])
    for args, value in (((), 45), (("--workbook", path), 30)):
        rules = {rule["code"]: rule for rule in answer("rules", "rules", "list", *args)["rules"]}
        setting = rules["TK01"]["settings"][0]
        assert (setting["name"], setting["kind"], setting["default"], setting["value"]) == (
            "horizon_days",
            "whole",
            45,
            value,
        )
        assert rules["TK01"]["needs"] == [["Deals.stage"], ["Tasks.due_at", "Deals.next_date"]]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("2.50"), 2.5),
        (Decimal(3), 3),
        (date(2024, 1, 2), "2024-01-02"),
        (True, True),
        ("x", "x"),
        (None, None),
    ],
)
def test_a_setting_is_typed(value: object, written: object) -> None:
    """Numbers are numbers, dates ISO, yes and no booleans."""
    assert contract.typed(value) == written


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("lang", LANGS)
def test_a_report_is_valid(second: Path, lang: str, name: str) -> None:
    """Its period, and rows in the order of its columns."""
    found = answer("report", "report", second, name, "--as-of", LATER, "--lang", lang)
    assert found["report"] == name
    assert found["tables"]
    assert found["period"] == {"from": "2024-03-01", "to": "2024-03-31"}
    for table in found["tables"]:
        assert all(len(row) == len(table["columns"]) for row in table["rows"])


def test_a_value_of_a_report_is_typed_by_its_column(second: Path) -> None:
    """Money is a string, other numbers are numbers, dates are ISO, blanks are null."""
    from sheets_crm import sync
    from sheets_crm.hosts.xlsx import XlsxHost

    run = sync.run(XlsxHost(second), today=lambda _: LATER, as_of=LATER, write=False)
    kinds: Any = ("money", "money", "percent", "whole", "date", "text", "text")
    columns = tuple(ReportColumn(f"c{n}", kind, same("C")) for n, kind in enumerate(kinds))
    row: list[Any] = [Decimal("10.50"), 7, Decimal("33.3"), Decimal(4), FIRST, None, "x"]
    made = contract.report_json(
        contract.View(run), "audit", [ReportTable("t", same("T"), columns, [row])], "en"
    )
    assert made["tables"][0]["rows"] == [["10.5", "7", 33.3, 4, "2024-03-04", None, "x"]]


@pytest.mark.parametrize(("day", "length", "period"), [
    (date(2024, 2, 29), "month", ("2024-02-01", "2024-02-29")),
    (date(2024, 12, 31), "month", ("2024-12-01", "2024-12-31")),
    (date(2024, 12, 31), "quarter", ("2024-10-01", "2024-12-31")),
    (date(2025, 1, 1), "quarter", ("2025-01-01", "2025-03-31")),
])  # fmt: skip
def test_the_period_is_the_month_or_the_quarter_of_the_day(
    tmp_path: Path, day: date, length: str, period: tuple[str, str]
) -> None:
    """First and last day, as the firm's setting says."""
    path = firm(tmp_path / "f.xlsx", SIX, book=[("FIRM", None, "period", length)])
    found = answer("report", "report", path, "audit", "--as-of", day)
    assert tuple(found["period"].values()) == period


def test_the_forecast_can_end_on_another_day(tmp_path: Path) -> None:
    """`--period-end` ends the period there; the table of deals has the columns of the contract."""
    path = firm(tmp_path / "f.xlsx", SIX)
    answer = call(
        "report", path, "forecast", "--format", "json", "--as-of", LATER, "--period-end", "2024-12-31"
    )
    told = json.loads(answer.stdout)
    (deals,) = [table for table in told["tables"] if table["name"] == "deals"]
    assert told["period"]["to"] == "2024-12-31"
    assert [c["key"] for c in deals["columns"]] == [
        "deal_id", "owner", "stage", "days_in_stage", "amount", "probability", "source", "expected", "because",
    ]  # fmt: skip
