"""The demo firm: every planted mistake is found, and nothing else; the file is a real one with its history."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest

from sheets_crm import sync
from sheets_crm.book import wanted
from sheets_crm.calendar import WorkCalendar
from sheets_crm.demo import Demo, build, faulty_firm, replay, words
from sheets_crm.demo.faults import FAULTS, MISTAKES, Planted, listed
from sheets_crm.demo.firm import DemoFirm, firm
from sheets_crm.demo.lives import LOST, NEVER_REACHED, SILENT, Action, Life
from sheets_crm.history import chain, log_of
from sheets_crm.hosts.xlsx import XlsxHost
from sheets_crm.schema.choices import TASK_TYPE
from sheets_crm.sync import Run
from sheets_crm.template import default_stages
from sheets_crm.text import LANGS, Lang

LAST_DAY = date(2026, 5, 20)
FIRMS: tuple[tuple[Lang, int, date], ...] = (("en", 3, LAST_DAY), ("ru", 4, date(2026, 3, 2)))
"""(language, seed, last day); the Russian one lies behind the winter holidays."""


@cache
def told(lang: Lang, seed: int, last_day: date) -> tuple[DemoFirm, list[Planted], list[Run]]:
    """A firm, its mistakes and its eight runs."""
    made, planted = faulty_firm(lang, as_of=last_day, seed=seed)
    return made, planted, list(replay(made, made.scene.runs))


@cache
def clean(lang: Lang) -> DemoFirm:
    """A firm before anyone makes a mistake."""
    return firm(lang, seed=5, as_of=LAST_DAY, deals=180, tasks=4000)


def found(run: Run) -> set[tuple[str, str, str, str]]:
    """(rule, table, row key, field) of everything that a run found, of whatever severity and status."""
    return {(f.rule, f.key.table, f.key.row_key, f.key.field) for f in run.verdict.findings}


each_firm = pytest.mark.parametrize(("lang", "seed", "last_day"), FIRMS, ids=[lang for lang, *_ in FIRMS])
each_lang = pytest.mark.parametrize("lang", LANGS)


# ------------------------------------------------------------ what the audit finds


@each_firm
def test_every_planted_mistake_is_found_and_nothing_else(lang: Lang, seed: int, last_day: date) -> None:
    """In each of the eight weeks the findings are the mistakes that stand then; the mended ones are gone."""
    _, planted, runs = told(lang, seed, last_day)
    for run in runs:
        assert found(run) == listed(planted, run.firm.as_of), run.firm.as_of


@each_firm
def test_what_the_first_run_finds_is_legacy(lang: Lang, seed: int, last_day: date) -> None:
    """The baseline has some mistakes, without errors and score; a part of it still stands at the end."""
    _, planted, runs = told(lang, seed, last_day)
    first, last = runs[0].verdict, runs[-1].verdict
    assert first.counts["legacy"] == len(first.findings) == len(listed(planted, runs[0].firm.as_of)) >= 5
    assert first.firm.score is None
    assert 0 < last.counts["legacy"] < first.counts["legacy"]


@each_firm
def test_the_audit_has_a_story_to_tell(lang: Lang, seed: int, last_day: date) -> None:
    """About thirty open findings and a score that leaves room; every week something new and something mended."""
    _, _, runs = told(lang, seed, last_day)
    last = runs[-1].verdict
    assert 22 <= len(last.findings) <= 35
    assert last.counts["error"] >= 12
    assert last.counts["warning"] >= 5
    assert last.firm.score is not None
    assert 70 <= last.firm.score <= 90
    assert all(run.verdict.difference.opened for run in runs)
    assert all(run.verdict.difference.cleared for run in runs[1:])


@each_firm
def test_every_rule_has_something_to_show(lang: Lang, seed: int, last_day: date) -> None:
    """Each rule that is checked finds something on the last day, overdue tasks both as warnings and as errors."""
    _, _, runs = told(lang, seed, last_day)
    last = runs[-1].verdict
    assert {f.rule for f in last.findings} == set(last.checked)
    assert not last.not_checked
    assert {f.severity for f in last.findings if f.rule == "TK02"} == {"warning", "error"}


@each_firm
def test_habits_show(lang: Lang, seed: int, last_day: date) -> None:
    """The excellent one is cleaner than the careless one, and wins more deals."""
    made, _, runs = told(lang, seed, last_day)
    by_habit = {rep.habit: rep.name.get(lang) for rep in words.REPS}
    count = Counter(f.owner for f in runs[-1].verdict.findings)
    assert count[by_habit["careless"]] > 2 * count[by_habit["excellent"]]
    won = Counter(row["owner"] for row in made.rows(last_day)["Deals"] if row.get("paid_at"))
    assert won[by_habit["excellent"]] > won[by_habit["careless"]]


@each_lang
def test_without_mistakes_nothing_is_found(lang: Lang) -> None:
    """The firm as it should be is clean on its first run and on its last."""
    made = clean(lang)
    for run in replay(made, (made.scene.runs[0], made.scene.runs[-1])):
        assert found(run) == set()
        assert run.verdict.checked


def test_a_larger_firm_has_more_of_everything() -> None:
    """Five times the deals: more mistakes, found all the same; as many tasks as wished."""
    made, planted = faulty_firm("en", as_of=LAST_DAY, deals=900, tasks=9000)
    for run in replay(made, made.scene.runs[-2:]):
        assert found(run) == listed(planted, run.firm.as_of)
    assert len(listed(planted, LAST_DAY)) > 100
    assert len(made.rows(LAST_DAY)["Tasks"]) == pytest.approx(9000, rel=0.03)


def test_the_list_of_mistakes_can_be_followed() -> None:
    """Every kind on the list is known, every kind known is on the list, and nothing is mended before it is made."""
    other = {"no task", "late", "very late", "task done and open", "outcome of one's own", "setting in words"}
    assert {fault.kind for fault in FAULTS} == {*MISTAKES, *other}
    assert all(1 <= fault.first < (fault.last or 9) <= 9 for fault in FAULTS)


# --------------------------------------------------------------- what the firm is


@each_firm
def test_the_firm_is_of_the_size_announced(lang: Lang, seed: int, last_day: date) -> None:
    """Six people, 180 deals of six months, about 4,000 tasks, 6 to 8 actions planned a day."""
    made, _, _ = told(lang, seed, last_day)
    rows = made.rows(last_day)
    assert len(rows["Team"]) == 6
    assert len(rows["Deals"]) == 180
    assert 3700 <= len(rows["Tasks"]) <= 4200
    assert {row["action_plan"] for row in rows["Team"]} == {None, 6, 7, 8}
    assert min(life.created for life in made.lives).date() < last_day - timedelta(days=170)
    kinds = Counter(life.on(last_day).stage for life in made.lives)
    assert sum(kinds[order] for order in range(1, 8)) >= 40
    assert all(kinds[order] for order in range(2, 11))


@each_firm
def test_days_are_as_busy_as_planned(lang: Lang, seed: int, last_day: date) -> None:
    """In the last two months each rep does on average about as much a day as the plan says."""
    made, _, _ = told(lang, seed, last_day)
    since = last_day - timedelta(days=60)
    days = [since + timedelta(days=n) for n in range(60)]
    worked = sum(made.scene.days.works(day) for day in days)
    done = Counter(action.owner.habit for action in _actions(made) if since <= action.done.date() < last_day)
    for rep in words.REPS:
        assert done[rep.habit] / worked == pytest.approx(rep.actions, rel=0.3), rep.habit


def test_the_same_seed_tells_the_same_story() -> None:
    """Equal arguments give equal rows; another seed gives others; the languages share nothing but the plot."""
    first, second = (faulty_firm("en", as_of=LAST_DAY, deals=40)[0].rows(LAST_DAY) for _ in range(2))
    assert first == second
    assert faulty_firm("en", as_of=LAST_DAY, deals=40, seed=2)[0].rows(LAST_DAY) != first
    russian = faulty_firm("ru", as_of=LAST_DAY, deals=40)[0].rows(LAST_DAY)
    names = {str(row["name"]) for row in russian["Companies"]}
    assert not names & {str(row["name"]) for row in first["Companies"]}
    assert all(not any("a" <= ch.lower() <= "z" for ch in name) for name in names)


# -------------------------------------------- what later rules of the book will ask


def _actions(made: DemoFirm) -> list[Action]:
    return [*(action for life in made.lives for action in life.actions), *made.internal]


@each_lang
def test_work_is_done_in_working_hours(lang: Lang) -> None:
    """Every task is set before it is done, and done on a working day between nine and six."""
    made = clean(lang)
    country = "RU" if lang == "ru" else ""
    calendar = WorkCalendar(country=country)
    for action in _actions(made):
        assert action.created <= action.done
        assert action.created <= action.due
        assert calendar.works(action.done.date())
        assert 9 <= action.done.hour < 18


@each_lang
def test_what_was_said_is_written_down(lang: Lang) -> None:
    """Every task done has a result of a full sentence, unless nobody was reached; few are word for word the same."""
    rows = clean(lang).rows(LAST_DAY)["Tasks"]
    done = [row for row in rows if row.get("done_at")]
    silent = {"no_answer", "rescheduled", "spam"}
    assert all(len(str(row["result"] or "")) >= 20 for row in done if row["outcome"] not in silent)
    assert all(row["result"] is None for row in done if row["outcome"] in silent)
    actions = _actions(clean(lang))
    weekly = Counter((a.owner.habit, a.done.isocalendar()[:2], a.said) for a in actions if a.said)
    assert max(weekly.values()) <= 3
    assert all(
        len(str(row["title"]).split()) >= 2 and len(str(row["title"])) >= 10 and row["goal"] for row in rows
    )


@each_lang
def test_the_fixed_actions_are_those_of_the_ready_made_stages(lang: Lang) -> None:
    """Type and subtype of each fixed action stand in the stage's own text."""
    for stage, acts in zip(default_stages(lang), words.FIXED, strict=False):
        asked = [part.split(": ") for part in str(stage["fixed_actions"]).split("; ")]
        assert [subtype for _, subtype in asked] == [act.subtype.get(lang) for act in acts]
        for (types, _), act in zip(asked, acts, strict=True):
            assert TASK_TYPE.word(act.type).get(lang) in types


@each_lang
def test_no_stage_is_left_before_its_fixed_actions_are_done(lang: Lang) -> None:
    """Each deal that moved on had done what its stage asks for; the same holds for a stage in which it was lost."""
    for life in clean(lang).lives:
        asked = [act for acts in words.FIXED[: _stages_seen(life)] for act in acts]
        if life.reason != NEVER_REACHED:
            assert [a.act for a in life.actions if a.act in asked and a.act.subtype.en] == asked


def _stages_seen(life: Life) -> int:
    return life.actions[life.end].stage + 1


@each_lang
def test_losses_meet_the_standard_of_their_reason(lang: Lang) -> None:
    """Never reached: five attempts on three days by two ways; silent: four attempts, one an e-mail; comments stand."""
    made = clean(lang)
    lost = [life for life in made.lives if life.on(LAST_DAY).stage == LOST]
    assert lost
    rows = {row["deal_id"]: row for row in made.rows(LAST_DAY)["Deals"]}
    for life in lost:
        row = rows[life.id]
        standard = made.scene.reasons[(life.reason or 0) - 1]
        first_stage = made.scene.stages.index(str(standard["allowed_from"]))
        assert life.actions[life.end].stage >= first_stage
        assert row.get("lost_comment") or not standard["comment_required"] or life.reason == NEVER_REACHED
        assert row.get("reactivate_on") or standard["category"] != "nurture"
        tail = _attempts(life)
        if life.reason in (NEVER_REACHED, SILENT):
            assert len({action.done.date() for action in tail}) >= 3
            assert len(tail) >= (5 if life.reason == NEVER_REACHED else 4)
            assert len({action.act.type for action in tail}) >= 2


def _attempts(life: Life) -> list[Action]:
    """The attempts since the client last answered."""
    done = life.actions[: life.end + 1]
    answered = max((n for n, a in enumerate(done) if a.outcome != "no_answer"), default=-1)
    return done[answered + 1 :]


@each_lang
def test_open_deals_hold_what_their_stage_asks_for(lang: Lang) -> None:
    """What is known grows with the stage; the expected close lies ahead; pauses have a day of return."""
    made = clean(lang)
    known = {
        3: "need decision_maker",
        4: "amount expected_close",
        5: "quote_link",
        6: "terms",
        7: "contract_no",
    }
    for row in made.rows(LAST_DAY)["Deals"]:
        order = made.scene.stages.index(str(row["stage"])) + 1
        asked = " ".join(names for stage, names in known.items() if stage <= order < 8).split()
        assert [name for name in asked if not row.get(name)] == []
        if order < 8 and "expected_close" in row:
            assert row["expected_close"] >= LAST_DAY  # type: ignore[operator]
        if order == 8:
            assert row["reactivate_on"] > LAST_DAY  # type: ignore[operator]


@each_lang
def test_nobody_real_can_be_called(lang: Lang) -> None:
    """Telephone numbers and addresses are of ranges that belong to nobody, and no two are alike."""
    contacts = clean(lang).rows(LAST_DAY)["Contacts"]
    phones = [str(row["phone"]) for row in contacts]
    assert len(set(phones)) == len(phones)
    assert all(phone.startswith("+7 000 ") if lang == "ru" else " 555-01" in phone for phone in phones)
    assert all(str(row["email"]).endswith(".example.com") and str(row["email"]).isascii() for row in contacts)
    assert len({row["name"] for row in contacts}) == len(contacts)


# --------------------------------------------------------------------- the file


@pytest.fixture(scope="module", params=LANGS)
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo workbook of each language."""
    folder = tmp_path_factory.mktemp("demo")
    return build(folder / "demo.xlsx", lang=request.param, as_of=LAST_DAY)


def test_the_file_holds_the_last_run(demo: Demo) -> None:
    """The last of eight weekly runs is recorded on the last day, finds what is planted, and has a past to compare with."""
    run = demo.run
    assert found(run) == listed(demo.planted, LAST_DAY)
    assert run.obstacle is None
    assert run.verdict.firm.score is not None
    assert 70 <= run.verdict.firm.score <= 90
    assert run.verdict.difference.opened
    assert run.verdict.difference.cleared
    snapshot = XlsxHost(demo.path).read(wanted)
    log = log_of(snapshot)
    assert chain(log).broken_at is None
    assert [entry.as_of for entry in run.firm.past.runs] == [
        LAST_DAY - timedelta(weeks=n) for n in range(7, 0, -1)
    ]


def test_the_same_day_again_changes_no_byte(demo: Demo) -> None:
    """A run on the last day finds itself already done; nothing stands beside the file."""
    before = demo.path.read_bytes()
    again = sync.run(XlsxHost(demo.path), today=lambda _: LAST_DAY)
    assert again.repeated
    assert demo.path.read_bytes() == before
    assert [p.name for p in demo.path.parent.iterdir()] == [demo.path.name]
    assert [f.id for f in again.verdict.findings] == [f.id for f in demo.run.verdict.findings]


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    """Two builds are one; the second takes the place of the first."""
    path = tmp_path / "demo.xlsx"
    built = [build(path, lang="ru", as_of=LAST_DAY, deals=30, tasks=300).path.read_bytes() for _ in range(2)]
    assert built[0] == built[1]
