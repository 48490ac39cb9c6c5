"""The demo firm: every planted mistake is found, and nothing else but slow deals; the file is a real one with its history."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest

from sheets_crm import sync
from sheets_crm.book import wanted
from sheets_crm.checks import RULES
from sheets_crm.demo import Demo, build, faulty_firm, replay, words
from sheets_crm.demo.faults import FAULTS, ROWS, STALLS, Planted, faults, listed
from sheets_crm.demo.firm import DemoFirm, firm
from sheets_crm.demo.lives import LOST, NEVER_REACHED, SILENT, Action, Life
from sheets_crm.demo.mistakes import MISTAKES, TASK_MISTAKES
from sheets_crm.findings import Finding
from sheets_crm.history import chain, log_of
from sheets_crm.hosts.xlsx import XlsxHost
from sheets_crm.metrics import bonus, money
from sheets_crm.metrics.bonus import Account
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
    return firm(lang, seed=5, as_of=LAST_DAY, deals=180, tasks=3600)


Place = tuple[str, str, str, str]
"""(rule, table, row key, field)"""


def place(finding: Finding) -> Place:
    """Where a finding stands, and by which rule."""
    return (finding.rule, finding.key.table, finding.key.row_key, finding.key.field)


def found(run: Run) -> set[Place]:
    """Everything that a run found, of whatever severity and status."""
    return {place(f) for f in run.verdict.findings}


def slow(run: Run) -> set[Place]:
    """What comes of itself where deals take their time: too long in a stage, untouched, or ready to move on."""
    return {
        place(f)
        for f in run.verdict.findings
        if f.rule in ("ST06", "DQ03") or (f.rule == "ST05" and f.key.detail == "ready")
    }


def account(run: Run) -> Account:
    """The bonuses as the last run tells them."""
    return bonus.account(run.firm, run.checked, run.verdict)


def row_of(made: DemoFirm, table: str, **values: object) -> dict[str, object]:
    """The first row of a table, on the last day, in which these values stand."""
    rows = made.rows(made.scene.as_of)[table]
    return next(dict(row) for row in rows if all(row.get(k) == v for k, v in values.items()))


each_firm = pytest.mark.parametrize(("lang", "seed", "last_day"), FIRMS, ids=[lang for lang, *_ in FIRMS])
each_lang = pytest.mark.parametrize("lang", LANGS)


# ------------------------------------------------------------ what the audit finds


@each_firm
def test_every_planted_mistake_is_found_and_nothing_else(lang: Lang, seed: int, last_day: date) -> None:
    """In each of the eight weeks the findings are the mistakes that stand then, and what slow deals bring."""
    _, planted, runs = told(lang, seed, last_day)
    for run in runs:
        standing = listed(planted, run.firm.as_of)
        assert standing <= found(run), run.firm.as_of
        assert found(run) - standing <= slow(run), run.firm.as_of
        assert len(found(run) - standing) <= 14


@each_firm
def test_slow_deals_are_never_errors(lang: Lang, seed: int, last_day: date) -> None:
    """What nobody planted is a warning or for information."""
    _, planted, runs = told(lang, seed, last_day)
    for run in runs:
        extra = found(run) - listed(planted, run.firm.as_of)
        assert {f.severity for f in run.verdict.findings if place(f) in extra} <= {"warning", "info"}


@each_firm
def test_what_the_first_run_finds_is_legacy(lang: Lang, seed: int, last_day: date) -> None:
    """The baseline has some mistakes, without errors and score; a part of it still stands at the end."""
    _, planted, runs = told(lang, seed, last_day)
    first, last = runs[0].verdict, runs[-1].verdict
    assert first.counts["legacy"] == len(first.findings)
    assert len(listed(planted, runs[0].firm.as_of)) >= 5
    assert first.firm.score is None
    assert 0 < last.counts["legacy"] < first.counts["legacy"]


@each_firm
def test_the_audit_has_a_story_to_tell(lang: Lang, seed: int, last_day: date) -> None:
    """About forty open findings and a score that leaves room; every week something new and something mended."""
    _, _, runs = told(lang, seed, last_day)
    last = runs[-1].verdict
    assert 30 <= sum(f.status == "open" for f in last.findings) <= 45
    assert last.counts["error"] >= 15
    assert last.counts["warning"] >= 12
    assert last.counts["waived"] == 1
    assert last.counts["pending"] >= 1
    assert last.firm.score is not None
    assert 70 <= last.firm.score <= 88
    assert all(run.verdict.difference.opened for run in runs)
    assert all(run.verdict.difference.cleared for run in runs[1:])


@each_firm
def test_every_rule_has_something_to_show(lang: Lang, seed: int, last_day: date) -> None:
    """Each rule finds something on the last day, overdue tasks both as warnings and as errors; one cell lets ST06 not judge."""
    _, _, runs = told(lang, seed, last_day)
    last = runs[-1].verdict
    assert {f.rule for f in last.findings} == set(RULES)
    assert [(gap.rule, gap.rows) for gap in last.not_checked] == [("ST06", 1)]
    assert {f.severity for f in last.findings if f.rule == "TK02"} == {"warning", "error"}


@each_firm
def test_habits_show(lang: Lang, seed: int, last_day: date) -> None:
    """The excellent one is cleaner than the careless one, and wins more deals, in spite of a leave."""
    made, _, runs = told(lang, seed, last_day)
    by_habit = {rep.habit: rep.name.get(lang) for rep in words.REPS}
    count = Counter(f.owner for f in runs[-1].verdict.findings)
    assert count[by_habit["careless"]] > 2 * count[by_habit["excellent"]]
    won = Counter(row["owner"] for row in made.rows(last_day)["Deals"] if row.get("paid_at"))
    assert won[by_habit["excellent"]] > won[by_habit["careless"]]


@each_lang
def test_without_mistakes_nothing_is_found(lang: Lang) -> None:
    """The firm as it should be has nothing but a few slow deals on its first run and on its last, and all is checked."""
    made = clean(lang)
    for run in replay(made, (made.scene.runs[0], made.scene.runs[-1])):
        assert found(run) == slow(run)
        assert len(found(run)) <= 10
        assert set(run.verdict.checked) == set(RULES)
        assert not run.verdict.not_checked


def test_a_larger_firm_has_more_of_everything() -> None:
    """Three times the deals: more mistakes, found all the same; as many tasks as wished."""
    made, planted = faulty_firm("en", as_of=LAST_DAY, deals=540, tasks=5400)
    for run in replay(made, made.scene.runs[-2:]):
        standing = listed(planted, run.firm.as_of)
        assert standing <= found(run) <= standing | slow(run)
    assert len(listed(planted, LAST_DAY)) > 80
    assert len(made.rows(LAST_DAY)["Tasks"]) == pytest.approx(5400, rel=0.03)


def test_the_list_of_mistakes_can_be_followed() -> None:
    """Every kind on the list is known, every kind known is on the list, and nothing is mended before it is made."""
    assert {fault.kind for fault in FAULTS} == {*MISTAKES, *TASK_MISTAKES, *STALLS, *ROWS}
    for day in (LAST_DAY - timedelta(days=n) for n in range(40)):
        runs = [day - timedelta(weeks=n) for n in reversed(range(8))]
        assert all(1 <= fault.first < (fault.last or 9) <= 9 for fault in faults(runs)), day


# --------------------------------------------------------------- what the firm is


@each_firm
def test_the_firm_is_of_the_size_announced(lang: Lang, seed: int, last_day: date) -> None:
    """Six people and one who has left, 180 deals of six months, about 3,600 tasks, 6 to 8 actions planned a day."""
    made, _, _ = told(lang, seed, last_day)
    rows = made.rows(last_day)
    assert [row["end"] is None for row in rows["Team"]].count(True) == 6
    assert len(rows["Team"]) == 7
    assert len(rows["Deals"]) == 180
    assert 3400 <= len(rows["Tasks"]) <= 3800
    assert {row["action_plan"] for row in rows["Team"]} == {None, 6, 7, 8}
    assert min(life.created for life in made.lives).date() < last_day - timedelta(days=170)
    kinds = Counter(life.on(last_day).stage for life in made.lives)
    assert sum(kinds[order] for order in range(1, 8)) >= 40
    assert all(kinds[order] for order in (2, 3, 4, 5, 8, 9, 10))


@each_firm
def test_days_are_as_busy_as_planned(lang: Lang, seed: int, last_day: date) -> None:
    """In the last two months each rep does on a day at work on average about as much as the plan says.

    Who stands in for a colleague does more; whoever began last week has nothing to do on most days.
    """
    made, _, _ = told(lang, seed, last_day)
    staff, days = made.scene.staff, made.scene.days
    numbers = range(days.at(last_day - timedelta(days=60)), days.at(last_day))
    done = Counter(action.owner.habit for action in _actions(made) if action.day in numbers)
    for rep in words.REPS:
        if rep is not words.NEWCOMER:
            worked = sum(staff.works(rep, number) for number in numbers)
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


# --------------------------------------------------------- what happens to people


@each_firm
def test_last_months_bonuses_tell_a_story(lang: Lang, seed: int, last_day: date) -> None:
    """The careless one missed two weeks or more, the wishful one a single one, all others none; the month is closed."""
    _, _, runs = told(lang, seed, last_day)
    told_now = account(runs[-1])
    month = told_now.bonuses[told_now.periods[1]]
    factors = {b.user: str(b.factor) for b in month}
    expected = {rep.name.get(lang): "1.00" for rep in words.REPS} | {
        words.CARELESS.name.get(lang): "0.90", words.WISHFUL.name.get(lang): "0.95",
    }  # fmt: skip
    assert factors.items() <= expected.items()
    assert len(factors) >= 5
    assert all(b.closed for b in month)


@each_firm
def test_one_objection_is_accepted_and_one_is_open(lang: Lang, seed: int, last_day: date) -> None:
    """But for the accepted one, the steady one would have missed a week."""
    _, _, runs = told(lang, seed, last_day)
    now = account(runs[-1])
    decided = {appealed.user: appealed.decision for appealed in now.appeals}
    assert decided == {words.CARELESS.name.get(lang): "open", words.STEADY.name.get(lang): "accepted"}
    (accepted,) = (appealed.id for appealed in now.appeals if appealed.decision == "accepted")
    steady = words.STEADY.name.get(lang)
    weeks = [c for c in runs[-1].firm.past.counts if (c.rule, c.user) == ("TK01", steady) and len(c.ids) > 1]
    assert len(weeks) == 1
    assert accepted in weeks[0].ids


@each_firm
def test_nothing_is_deducted_for_a_leave(lang: Lang, seed: int, last_day: date) -> None:
    """Two whole weeks seen by two runs; what is overdue then goes to whoever stands in, as information."""
    made, _, runs = told(lang, seed, last_day)
    name, stand_in = words.ON_LEAVE.name.get(lang), words.SUBSTITUTE.name.get(lang)
    leave = row_of(made, "Absences", user=name)
    assert leave["substitute"] == stand_in
    away = [run for run in runs if run.firm.absence(name, run.firm.as_of)]
    assert len(away) == 2
    for run in away:
        assert not [f for f in run.verdict.findings if f.owner == name and f.status == "open"]
    assert not [c for c in runs[-1].firm.past.counts if c.user == name and c.ids]


@each_firm
def test_a_leavers_deals_are_handed_over(lang: Lang, seed: int, last_day: date) -> None:
    """The log sees the new owners in the run before the last; who received a deal has peace on the last day."""
    made, _, runs = told(lang, seed, last_day)
    leaver, last = words.LEAVER.name.get(lang), runs[-1]
    assert row_of(made, "Team", user=leaver)["end"] < runs[-2].firm.as_of  # type: ignore[operator]
    moved = [d for d in last.firm.open_deals if last.firm.past.changes(d, "owner")]
    received = [d for d in moved if last.firm.past.changes(d, "owner")[0].old == leaver]
    assert len(received) >= 3
    assert all(last.firm.peace_until(deal) >= last_day for deal in received)
    left = [f for f in last.verdict.findings if f.rule == "DQ04" and f.owner == leaver]
    assert {f.key.table for f in left} == {"Deals", "Companies"}


@each_firm
def test_a_newcomer_has_time_to_learn(lang: Lang, seed: int, last_day: date) -> None:
    """Whoever began with the handover is within the ramp: nothing counts yet."""
    _, _, runs = told(lang, seed, last_day)
    name, last = words.NEWCOMER.name.get(lang), runs[-1]
    assert last.firm.bound_from(name) > last_day
    own = [f for f in last.verdict.findings if f.owner == name and f.answerable == "rep"]
    assert own
    assert {f.status for f in own} <= {"pending", "legacy"}


@each_lang
def test_a_part_timer_works_on_some_days_only(lang: Lang) -> None:
    """Half a job and half a bonus: nothing is done on Tuesdays and Thursdays."""
    made = clean(lang)
    member = row_of(made, "Team", user=words.STEADY.name.get(lang))
    assert (member["fte"], member["work_days"]) == (0.5, "1,3,5")
    assert member["base_bonus"] == int(words.BONUS.get(lang)) / 2
    days = {action.done.isoweekday() for action in _actions(made) if action.owner is words.STEADY}
    assert days == {1, 3, 5}


@each_firm
def test_a_lost_deal_comes_back(lang: Lang, seed: int, last_day: date) -> None:
    """One run sees it lost, a later one open again, by the log."""
    made, _, runs = told(lang, seed, last_day)
    (life,) = (life for life in made.lives if life.reopened)
    closings = runs[-1].firm.past.history["Deals", life.id.casefold()]
    lost = [c for c in closings if c.field == "closed_at"]
    assert [bool(change.new) for change in lost][:2] == [True, False]


@each_firm
def test_money_comes_in_two_currencies_and_in_parts(lang: Lang, seed: int, last_day: date) -> None:
    """Every deal of the second currency has a rate; most wins are paid in part; everyone and the firm have plans."""
    made, _, runs = told(lang, seed, last_day)
    rows, firm_now = made.rows(last_day), runs[-1].firm
    foreign = [row for row in rows["Deals"] if row["currency"] == words.FOREIGN.get(lang)]
    assert len(foreign) >= 5
    exchange = money.exchange(firm_now)
    assert all(exchange.rate(words.FOREIGN.get(lang), row["created_at"].date()) for row in foreign)  # type: ignore[union-attr]
    paid = [row for row in rows["Deals"] if row.get("paid_at") and row.get("amount")]
    parts = [int(row["paid_amount"]) / int(row["amount"]) for row in paid]  # type: ignore[arg-type]
    assert min(parts) < 0.6
    assert max(parts) == 1
    month = money.period_of(last_day, "month")
    plans = money.plans(firm_now)
    own = [plans.of(rep.name.get(lang), month) for rep in words.REPS]
    assert plans.firm(month) == sum(plan for plan in own if plan)
    assert not [entry for entry in money.revenue(firm_now).uncounted if entry.why == "no_rate"]


@each_firm
def test_words_between_people_are_there(lang: Lang, seed: int, last_day: date) -> None:
    """Talks every two weeks, estimates in force and one that is not, a waiver in force, one expired, one for nothing."""
    made, _, runs = told(lang, seed, last_day)
    rows, verdict = made.rows(last_day), runs[-1].verdict
    talks = [row for row in rows["OneOnOnes"] if row["user"] == words.CARELESS.name.get(lang)]
    assert len(talks) >= 10
    stale = [f for f in verdict.findings if f.rule == "RT02"]
    assert 1 <= len(stale) < len(rows["Overrides"])
    faults_of = {f.key.field: f.severity for f in verdict.findings if f.key.table == "Waivers"}
    assert faults_of == {"until": "warning", "rule": "info"}
    assert len(rows["Waivers"]) == 3
    (day_off,) = rows["Holidays"]
    assert not runs[-1].firm.calendar.works(day_off["date"])  # type: ignore[arg-type]


# -------------------------------------------- what later rules of the book will ask


def _actions(made: DemoFirm) -> list[Action]:
    return [*(action for life in made.lives for action in life.actions), *made.internal]


@each_lang
def test_work_is_done_in_working_hours(lang: Lang) -> None:
    """Every task is set before it is done, and done on a working day between nine and six."""
    made = clean(lang)
    (run,) = replay(made, (made.scene.as_of,))
    for action in _actions(made):
        assert action.created <= action.done
        assert action.created <= action.due
        assert run.firm.calendar.works(action.done.date())
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
        standard = made.scene.reasons[(life.on(LAST_DAY).reason or 0) - 1]
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
    """The demo workbook of each language, a small one."""
    folder = tmp_path_factory.mktemp("demo")
    return build(folder / "demo.xlsx", lang=request.param, as_of=LAST_DAY, deals=60)


def test_the_file_holds_the_last_run(demo: Demo) -> None:
    """The last of eight weekly runs is recorded on the last day, finds what is planted, and has a past to compare with."""
    run = demo.run
    standing = listed(demo.planted, LAST_DAY)
    assert standing <= found(run) <= standing | slow(run)
    assert run.obstacle is None
    assert run.verdict.firm.score is not None
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
