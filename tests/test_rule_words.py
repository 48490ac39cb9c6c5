"""What rules say beyond where they fire: the words for people, what was left unjudged, and what only the log knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_crm import checks
from sheets_crm.book import read_book
from sheets_crm.checks import Checked
from sheets_crm.findings import Finding
from sheets_crm.firm import Firm
from sheets_crm.history import Change, Past, Seen
from sheets_crm.rules.cards import is_email, is_phone
from sheets_crm.rules.overrides import Opinions
from sheets_crm.sheet import Grid, Value
from tests.firms import TODAY, sheet, snapshot

DEALS = "deal_id stage prob_override prob_by prob_at"


def firm(*grids: Grid, past: Past | None = None) -> Firm:
    """A firm of these sheets on the day of the tests."""
    book = read_book(snapshot(*grids))
    return Firm(book, TODAY, checks.settings_of(book, TODAY), past or Past())


def said(code: str, *grids: Grid, past: Past | None = None) -> list[Finding]:
    """What one rule finds, in the order of the sheet's rows."""
    found = checks.run(firm(*grids, past=past)).findings
    return sorted((f for f in found if f.rule == code), key=lambda f: (f.key.table, f.row))


def unjudged(checked: Checked, code: str) -> Mapping[str | None, int | None]:
    """Part to the number of rows that a rule could not judge."""
    return {item.part: item.rows for item in checked.not_checked if item.rule == code}


def log(**fields: str) -> Past:
    """A log that knows the deal D1 since 1 May with these fields."""
    return Past(seen={("Deals", "d1"): Seen(date(2026, 5, 1), fields)})


# ----------------------------------------------------------------------- words


def test_an_unproven_reason_says_what_was_counted() -> None:
    """The tries so far and the tries asked for, in both languages, without a word of the user's in the To fix cell."""
    (found,) = said(
        "LS02",
        sheet(
            "Loss reasons",
            "reason | evidence | when_to_apply",
            ["Never reached", "attempts >= 5 and task_done(Email)", "5 tries"],
        ),
        sheet(
            "Deals", "deal_id stage closed_at lost_reason", ["D1", "Lost", date(2026, 5, 11), "Never reached"]
        ),
        sheet(
            "Tasks",
            "deal_id type done_at",
            ["D1", "Call", date(2026, 5, 4)],
            ["D1", "Call", date(2026, 5, 5)],
        ),
    )
    assert (
        found.actual.en
        == "attempts without an answer: 2, and >= 5 is asked for; does not hold: task_done(Email)"
    )
    assert found.actual.ru.startswith("попыток без ответа: 2, а нужно >= 5")
    assert found.words.en == "the reason is not proven"
    assert "5 tries" in found.expected.en


def test_a_blank_comment_that_is_asked_for_twice_is_one_finding() -> None:
    """The evidence filled(lost_comment) and «Comment required» are one cause."""
    found = said(
        "LS02",
        sheet("Loss reasons", "reason evidence comment_required", ["Spam", "filled(lost_comment)", "yes"]),
        sheet("Deals", "deal_id stage lost_reason lost_comment", ["D1", "Lost", "Spam", None]),
    )
    assert [(f.key.field, f.key.detail) for f in found] == [("lost_comment", "")]


def test_what_a_loss_standard_could_not_judge_is_said_with_its_deals() -> None:
    """The stage that is not known and the evidence that has no tasks, each with the number of deals."""
    checked = checks.run(
        firm(
            sheet(
                "Stages",
                "stage order kind",
                ["New", 1, "active"],
                ["Offer", 2, "active"],
                ["Lost", 3, "lost"],
            ),
            sheet("Loss reasons", "reason | allowed_from | evidence", ["Price", "Offer", "attempts >= 1"]),
            sheet("Deals", "deal_id stage lost_reason", ["D1", "Lost", "Price"], ["D2", "Lost", "Price"]),
        )
    )
    assert unjudged(checked, "LS02") == {"allowed_from": 2, "evidence": 2}


def test_a_warm_client_s_days_are_only_a_suggestion() -> None:
    """The reason's days stand in the advice."""
    (found,) = said(
        "LS04",
        sheet("Loss reasons", "reason category reactivate_days", ["No budget", "nurture", 90]),
        sheet("Deals", "deal_id stage lost_reason reactivate_on", ["D1", "Lost", "No budget", None]),
    )
    assert "90 days" in found.fix.en
    assert "90 дней" in found.fix.ru


def test_an_ambiguous_name_tells_its_candidates() -> None:
    """The IDs of the rows that it fits."""
    (found,) = said(
        "DQ01",
        sheet("Deals", "deal_id name stage", ["D1", "Pumps", "New"], ["D2", "Pumps", "New"]),
        sheet("Tasks", "task_id deal_id", ["T1", "pumps"]),
    )
    assert found.actual.en == "“pumps”: D1, D2"


def test_rows_under_one_id_tell_of_each_other_and_never_reach_the_bonus() -> None:
    """Each names the row of the other; its own key is a hash."""
    found = said(
        "DQ01",
        sheet("Deals", "deal_id name stage", ["D1", "A", "New"], ["D2", "B", "New"], ["d1", "C", "New"]),
    )
    assert [f.actual.en for f in found] == ["“D1”, also: row 4", "“d1”, also: row 2"]
    assert all(f.key.row_key.startswith("~") for f in found)


def test_a_link_into_an_empty_sheet_is_not_checked_once() -> None:
    """One line for the companies, however many sheets name them."""
    checked = checks.run(
        firm(
            sheet("Deals", "deal_id stage company_id", ["D1", "New", "Acme"]),
            sheet("Contacts", "contact_id name company_id", ["P1", "Ann", "Acme"]),
        )
    )
    assert unjudged(checked, "DQ01") == {"company_id": None}


def test_a_leaver_s_rows_say_how_much_is_to_be_reassigned() -> None:
    """Deals, contacts and companies still in that name, in both languages."""
    found = said(
        "DQ04",
        sheet("Team", "user end", ["Ann", date(2026, 5, 1)]),
        sheet("Deals", "deal_id stage owner", ["D1", "New", "Ann"], ["D2", "New", "Ann"]),
        sheet("Contacts", "contact_id name owner", ["P1", "Eve", "Ann"]),
    )
    assert len(found) == 3
    assert found[0].fix.en == "Give it to another person; still in the name of Ann: 2 open deals, 1 contact"
    assert found[0].fix.ru == "Передайте другому; всё ещё записано на Ann: 2 открытые сделки, 1 контакт"
    assert {f.answerable for f in found} == {"hos"}


def test_a_card_names_the_columns_of_which_one_is_enough() -> None:
    """Phone or e-mail, as the columns are called."""
    (found,) = said(
        "CD01",
        sheet("Deals", "deal_id stage contact_id", ["D1", "New", "P1"]),
        sheet("Contacts", "contact_id name phone email", ["P1", "Ann", None, None]),
    )
    assert found.words.ru == "пусто, и «E-mail» тоже"
    assert found.fix.en == "Fill “Phone” or “Email”"


# --------------------------------------------------------------- what the log knows


def test_a_change_that_the_log_saw_is_a_touch() -> None:
    """A deal whose amount changed ten days ago is not stale, whatever its dates say."""
    grid = sheet(
        "Deals", "deal_id stage created_at updated_at amount", ["D1", "New", date(2026, 1, 1), None, 5]
    )
    change = Change(TODAY - timedelta(days=10), "amount", "4", "5")
    assert said("DQ03", grid)
    assert not said("DQ03", grid, past=Past(history={("Deals", "d1"): [change]}))


@pytest.mark.parametrize(
    ("past", "since"),
    [
        (log(prob_override="60"), date(2026, 5, 1)),
        (log(prob_override="40"), TODAY),
        (log(prob_override=""), TODAY),
        (Past(), TODAY),
        (
            Past(
                seen={("Deals", "d1"): Seen(date(2026, 4, 1), {"prob_override": "60"})},
                history={("Deals", "d1"): [Change(date(2026, 5, 11), "prob_override", "", "60")]},
            ),
            date(2026, 5, 11),
        ),
    ],
    ids=["seen before", "another value before", "blank before", "no log", "changed in the log"],
)
def test_a_probability_without_a_date_is_as_old_as_the_log_knows(past: Past, since: date) -> None:
    """The day on which the log saw this value first; a value that it has not seen is of today."""
    own = firm(sheet("Deals", DEALS, ["D1", "New", 60, "Rob", None]), past=past)
    opinion = Opinions(own).of(own.open_deals[0])
    assert opinion is not None
    assert opinion.at == since


@pytest.mark.parametrize(
    ("rows", "percent"),
    [
        ([["D1", 20, "Ann", date(2026, 5, 11)]], 20),
        (
            [
                ["D1", 20, "Ann", date(2026, 5, 11)],
                ["D1", 30, "Rob", date(2026, 5, 11)],
                ["D1", 10, "Ann", date(2026, 5, 11)],
            ],
            30,
        ),
        ([["D1", 20, "Ann", date(2026, 5, 11)], ["D1", 10, "Ann", date(2026, 5, 11)]], 10),
        ([["D1", 20, "Ann", date(2026, 5, 10)]], 60),
        ([["D1", 20, "Ann", date(2026, 6, 1)]], 60),
        ([["D1", 20, "Ann", None]], 60),
    ],
    ids=["the sheet before the deal", "the Head of Sales", "the last row", "the later", "not yet", "undated"],
)
def test_of_several_probabilities_the_latest_wins(rows: Sequence[Sequence[Value]], percent: int) -> None:
    """By its day; on a tie the Head of Sales's, then the sheet Overrides, then its last row (ruling R17)."""
    own = firm(
        sheet("Deals", DEALS, ["D1", "New", 60, "Ann", date(2026, 5, 11)]),
        sheet("Overrides", "deal_id probability by at", *rows),
        sheet("Team", "user role", ["Rob", "hos"], ["Ann", "rep"]),
    )
    opinion = Opinions(own).of(own.open_deals[0])
    assert opinion is not None
    assert opinion.percent == percent
    assert opinion.ended is None


# -------------------------------------------------------------- phones and addresses


@given(st.text("0123456789", min_size=7, max_size=15), st.sampled_from(["", "+"]), st.sampled_from(" -.()"))
def test_a_number_in_any_spelling_stays_a_number(digits: str, plus: str, between: str) -> None:
    """7 to 15 digits with anything usual between them, with or without an extension."""
    assert is_phone(plus + between.join(digits))
    assert is_phone(plus + digits + " доб. 123")


@given(
    st.text("0123456789", max_size=6)
    | st.text("0123456789", min_size=16, max_size=30)
    | st.text("abcя@", min_size=1)
)
def test_too_few_or_too_many_digits_are_no_number(text: str) -> None:
    """No spelling saves them."""
    assert not is_phone(text)


@given(
    st.from_regex(r"[a-z0-9._+-]{1,20}", fullmatch=True),
    st.from_regex(r"([a-z0-9-]{1,10}\.){1,3}[a-z]{2,6}", fullmatch=True),
)
def test_an_address_has_one_at_sign_and_a_domain(name: str, domain: str) -> None:
    """name@domain is one; without the sign, with two, or without a dot behind it, it is not."""
    assert is_email(f"{name}@{domain}")
    for wrong in (
        name + domain,
        f"{name}@@{domain}",
        f"{name}@{domain.replace('.', '')}",
        f"{name}@{domain}.",
    ):
        assert not is_email(wrong)
