"""What can be typed wrong in the demo firm: in which rows, in which cell, and by which rules it is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple, TypeAlias

from sheets_crm.demo import words
from sheets_crm.demo.firm import DemoFirm
from sheets_crm.demo.lives import HOLD, LOST, WON, Action, Life, State, deal_row
from sheets_crm.sheet import Value
from sheets_crm.text import Text

Fits: TypeAlias = Callable[[DemoFirm, Life, State, date], bool]
Typing: TypeAlias = Callable[[DemoFirm, Life, date], Value]
TYPED_TWICE = 4
"""Tasks that get one and the same result, where results are copied."""
_WARM = (4, 5, 6, 7)
"""Numbers of the reasons after which one comes back to the client on a day that is not part of their evidence."""
_COMPETITOR, _FROM_DISCOVERY = 10, 3
"""A reason that is not allowed before that stage."""


class Mistake(NamedTuple):
    """What is typed wrong in a deal's row or in its client's, and in which deals."""

    rule: str
    field: str
    fits: Fits
    value: Typing
    table: str = "Deals"
    also: str | None = None
    """A second rule that names the same cell."""


class TaskMistake(NamedTuple):
    """What is typed wrong in the row of a task just done."""

    rule: str
    field: str
    value: Typing
    fits: Callable[[Action], bool] = lambda _action: True
    state: Fits = lambda *_: True
    times: int = 1


def _open(least: int = 1, most: int = 7) -> Fits:
    return lambda _firm, _life, state, _day: state.active and least <= state.stage <= most


def _required(least: int, most: int = 7) -> Fits:
    """Open deals for whose present stage the grace of two working days is over."""

    def fits(firm: DemoFirm, _life: Life, state: State, day: date) -> bool:
        grace = firm.scene.days.at(state.entered + timedelta(days=1)) + 1
        return state.active and least <= state.stage <= most and firm.scene.days[grace] <= day

    return fits


def _past(stage: int) -> Fits:
    """Open deals that left a stage and had begun at the first: clients who come back may begin later."""

    def fits(_firm: DemoFirm, life: Life, state: State, _day: date) -> bool:
        new = "reactivated_from" not in life.known and life.known["source"] not in words.RETURNING
        return state.active and state.stage > stage and new

    return fits


def _ended(*stages: int) -> Fits:
    return lambda _firm, _life, state, _day: state.stage in stages


def _lost_for(*reasons: int) -> Fits:
    return lambda _firm, _life, state, _day: state.stage == LOST and state.reason in reasons


def _lost_with_comment(_firm: DemoFirm, _life: Life, state: State, _day: date) -> bool:
    return state.stage == LOST and state.reason in words.COMMENTS


def _lost_early(firm: DemoFirm, life: Life, state: State, day: date) -> bool:
    return _lost_with_comment(firm, life, state, day) and life.actions[life.end].stage == _FROM_DISCOVERY - 2


def _with_amount(_firm: DemoFirm, life: Life, state: State, _day: date) -> bool:
    return state.active and any("amount" in a.fills for a in life.actions[: state.done])


def _closed_after_creation(firm: DemoFirm, life: Life, state: State, day: date) -> bool:
    """Lost so lately that a date before its creation still falls after the first run, unless all is old anyway."""
    bound = firm.scene.runs[0]
    return state.stage == LOST and (day == bound or life.created.date() - timedelta(days=2) >= bound)


def _handed(_firm: DemoFirm, life: Life, state: State, day: date) -> bool:
    return state.active and life.handed <= day


def _leavers(firm: DemoFirm, life: Life, _state: State, day: date) -> bool:
    return life.heir is not None and day >= firm.scene.staff.handed


def _as_text(_firm: DemoFirm, life: Life, _day: date) -> Value:
    return f"{life.values['amount']:,}".replace(",", " ")


def _mixed(_firm: DemoFirm, life: Life, _day: date) -> Value:
    """The name with one letter of the other alphabet in its first word."""
    for own, twin in zip("оеасoeac", "oeacоеас", strict=True):
        if own in life.name.split()[0]:
            return life.name.replace(own, twin, 1)
    return life.name


def _can_be_mixed(firm: DemoFirm, life: Life, state: State, day: date) -> bool:
    return state.active and _mixed(firm, life, day) != life.name


def _leaver(firm: DemoFirm, _life: Life, _day: date) -> Value:
    return words.LEAVER.name.get(firm.scene.lang)


def _word(text: Text) -> Typing:
    return lambda firm, _life, _day: text.get(firm.scene.lang)


def _reason(number: int) -> Typing:
    return lambda firm, _life, _day: firm.scene.reasons[number - 1]["reason"]


def _nothing(_firm: DemoFirm, _life: Life, _day: date) -> Value:
    return None


def _ago(days: int) -> Typing:
    return lambda _firm, _life, day: day - timedelta(days=days)


MISTAKES: dict[str, Mistake] = {
    "lost without reason": Mistake("LS01", "lost_reason", _ended(LOST), _nothing),
    "lost for a reason of one's own": Mistake(
        "LS01", "lost_reason", _ended(LOST), lambda f, *_: f.scene.pick(words.FREE_REASONS)),
    "lost too early for the reason": Mistake("LS02", "lost_reason", _lost_early, _reason(_COMPETITOR)),
    "lost without a comment": Mistake("LS02", "lost_comment", _lost_with_comment, _nothing),
    "warm client without a date": Mistake("LS04", "reactivate_on", _lost_for(*_WARM), _nothing),
    "on hold without a date": Mistake("ST08", "reactivate_on", _ended(HOLD), _nothing),
    "return date forgotten": Mistake("ST08", "reactivate_on", _ended(HOLD), _ago(6)),
    "stage of one's own": Mistake("ST05", "stage", _open(4), _word(words.OWN_STAGE)),
    "no stage": Mistake("ST05", "stage", _open(), _nothing),
    "won without a date": Mistake("ST05", "closed_at", _ended(WON), _nothing, also="WN01"),
    "won without a product": Mistake("WN01", "product", _ended(WON), _nothing),
    "won without an amount": Mistake("WN01", "amount", _ended(WON), _nothing),
    "closing date on an open deal": Mistake("ST05", "closed_at", _open(3), _ago(2)),
    "lost reason on an open deal": Mistake("ST05", "lost_reason", _open(2), _reason(8)),
    "won with a lost reason": Mistake("ST05", "lost_reason", _ended(WON), _reason(9)),
    "moved on without the need": Mistake("ST01", "need", _past(2), _nothing),
    "moved on without the proposal": Mistake("ST01", "quote_link", _past(4), _nothing),
    "no product": Mistake("ST02", "product", _required(2), _nothing),
    "source unknown": Mistake("ST02", "source", _required(1), lambda *_: "?"),
    "no contact": Mistake("ST02", "contact_id", _required(1), lambda *_: "-"),
    "no expected close": Mistake("ST02", "expected_close", _required(4, 4), _nothing),
    "contact without a position": Mistake("CD01", "role", _open(2), _nothing, "Contacts"),
    "words for a phone": Mistake("CD01", "phone", _open(), _word(words.NO_PHONE), "Contacts"),
    "company without an industry": Mistake("CD02", "industry", _open(2), _nothing, "Companies"),
    "company without a city": Mistake("CD02", "city", _open(2), lambda *_: "-", "Companies"),
    "company not on the list": Mistake("DQ01", "company_id", _open(), _word(words.UNKNOWN_COMPANY)),
    "closed before created": Mistake(
        "DQ02", "closed_at", _closed_after_creation, lambda _f, life, _d: life.created.date() - timedelta(days=2)),
    "amount of zero": Mistake("DQ02", "amount", _open(1, 3), lambda *_: 0),
    "amount as text": Mistake("DQ02", "amount", _with_amount, _as_text),
    "currency in words": Mistake("DQ02", "currency", _open(), _word(words.OWN_CURRENCY)),
    "owner by first name": Mistake(
        "DQ02", "owner", _open(), lambda f, life, day: life.owner(day).name.get(f.scene.lang).split()[0]),
    "expected close in words": Mistake("DQ02", "expected_close", _open(1, 3), _word(words.WORDS_FOR_DATE)),
    "expected close in the past": Mistake("DQ02", "expected_close", _open(4), _ago(4)),
    "phone as the name": Mistake("DQ02", "name", _open(), lambda _f, life, _d: life.card.contact["phone"]),
    "two alphabets": Mistake("DQ02", "name", _can_be_mixed, _mixed),
    "no owner": Mistake("DQ04", "owner", _open(), _nothing),
    "left with the leaver": Mistake("DQ04", "owner", _handed, _leaver),
    "company left with the leaver": Mistake("DQ04", "owner", _leavers, _leaver, "Companies"),
}  # fmt: skip
"""By name; those in which clients are at fault stand in the rows of their cards."""


def _told(action: Action) -> bool:
    return bool(action.said)


def _by_the_way(action: Action) -> bool:
    """Nothing rests on it: no stage asks for it, and nothing is known by it."""
    return action.moves is None and not action.fills and not action.act.subtype.en and bool(action.said)


TASK_MISTAKES: dict[str, TaskMistake] = {
    "task done and open": TaskMistake("DQ02", "status", lambda *_: "open"),
    "outcome of one's own": TaskMistake("DQ02", "outcome", _word(words.OWN_OUTCOME), _by_the_way),
    "type of one's own": TaskMistake("TK04", "type", _word(words.UNKNOWN_TYPE), _by_the_way),
    "title of one word": TaskMistake("TK05", "title", _word(words.BARE_TITLE), _told),
    "no result": TaskMistake("TK08", "result", _nothing, _told),
    "result of two letters": TaskMistake(
        "TK08", "result", _word(words.SHORT_RESULT), _told, _ended(HOLD, LOST)
    ),
    "copied results": TaskMistake("TK08", "result", _word(words.COPIED_RESULT), _told, _open(), TYPED_TWICE),
    "task of a deal that is not there": TaskMistake(
        "DQ01", "deal_id", lambda *_: "D9999", _by_the_way, _open()
    ),
}


def can_be_left_alone(firm: DemoFirm, life: Life, day: date) -> bool:
    """Whether the runs saw a deal enter its stage, the last of them a week before, and nothing changes by itself since."""
    state, runs = life.on(day), firm.scene.runs
    known = runs[0] <= state.entered < max(run for run in runs if run < day)
    if not known or state.stage == 1:
        return False
    before, now = (deal_row(firm.scene, life, d) for d in (day - timedelta(days=7), day))
    due = now.get("expected_close")
    return before == now | {"updated_at": before["updated_at"]} and (due is None or due >= firm.scene.as_of)  # type: ignore[operator]
