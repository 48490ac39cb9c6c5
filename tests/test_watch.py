"""`watch`: a ticked box runs the week and is unticked; errors make the looks rarer, and nothing ends the watch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sheets_crm import sync
from sheets_crm.errors import WorkbookForbidden
from sheets_crm.hosts.google import credentials
from sheets_crm.hosts.google.button import Button
from sheets_crm.serve.task import Done, Work, work
from sheets_crm.serve.watch import LONGEST, USUAL, Watch, keep
from sheets_crm.text import Lang, Text, same
from tests.command_line import call
from tests.firms import TODAY, deal, sheet
from tests.google.bench import Desk
from tests.google.server import Kind, Trouble

BOX = "Запуск"
HEADER = "deal_id stage owner next_date amount created_at closed_at"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Six deals in a spreadsheet of the locale Russia."""
    with Desk([sheet("Deals", HEADER, *(deal(n, step=n % 2 == 0) for n in range(1, 7)))], tmp_path) as made:
        yield made


class Eye:
    """A watch on a desk, what its console was told and for how long it slept."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch, does: Work | None = None) -> None:
        monkeypatch.setenv("SHEETS_CRM_GOOGLE_ENDPOINT", desk.emulator.endpoint)
        self.desk, self.notes = desk, list[Text]()
        self.button = Button(desk.key, credentials(desk.account), clock=desk.waits.clock())
        does = does or work(lambda _: desk.new_host(), lambda _: TODAY)
        self.watch = Watch(desk.key, self.button, does, self.notes.append)

    def tick(self, row: int = 2, column: int = 1, title: str = BOX) -> None:
        """A person ticks the box."""
        assert isinstance(self.desk.seen(title).get((row, column)), bool)
        self.desk.type(title, row, column, True)

    @property
    def box(self) -> tuple[Any, Any]:
        """(whether it is ticked, what stands below)."""
        seen = self.desk.seen(BOX)
        return seen[2, 1], seen.get((3, 2))


def test_the_box_is_made_at_the_first_look(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a small sheet of its own at the end, in the spreadsheet's language; what stood there stays, nothing runs."""
    before = desk.seen("Deals")
    eye = Eye(desk, monkeypatch)
    assert eye.watch.look() == USUAL
    assert [s.title for s in desk.book.sheets] == ["Deals", BOX]
    assert eye.box == (False, None)
    rule = desk.sheet(BOX).cells[1, 0].rule
    assert rule is not None
    assert rule["condition"] == {"type": "BOOLEAN"}
    assert desk.seen("Deals") == before


def test_a_ticked_box_runs_the_week_and_is_unticked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """All reports; one line tells the result; until the next tick nothing is written."""
    eye = Eye(desk, monkeypatch)
    eye.watch.look()
    eye.tick()
    assert eye.watch.look() == USUAL
    assert eye.box[0] is False
    assert str(eye.box[1]).endswith("See the sheet “Audit”.")
    assert {"Audit", "Forecast", "Conversion", "Bonus"} <= {s.title for s in desk.book.sheets}
    book = desk.book
    assert eye.watch.look() == USUAL
    assert desk.book is book
    assert [note.en for note in eye.notes] == ["Run: done."]


def test_a_look_is_one_small_request(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """60 a minute are allowed; the usual pace takes four."""
    eye = Eye(desk, monkeypatch)
    eye.watch.look()
    desk.emulator.calls.clear()
    for _ in range(4):
        eye.watch.look()
    assert [c.method for c in desk.emulator.calls] == ["spreadsheets.values.batchGet"] * 4
    assert max(c.received for c in desk.emulator.calls) < 1000


def test_while_it_runs_the_sheet_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The box stays ticked for as long."""
    seen: list[Any] = []

    def looking(key: str, task: str, lang: Lang) -> Done:
        seen.append((key, task, lang, eye.box))
        return Done(True, "готово", same(""))

    eye = Eye(desk, monkeypatch, looking)
    eye.watch.look()
    eye.tick()
    eye.watch.look()
    assert seen == [(desk.key, "week", "ru", (True, "Идёт аудит…"))]
    assert eye.box == (False, "готово")


def inserted(desk: Desk, dimension: str, at: int) -> None:
    span = {"sheetId": desk.sheet(BOX).id, "dimension": dimension, "startIndex": at, "endIndex": at + 1}
    desk.do({"insertDimension": {"range": span}})


@pytest.mark.parametrize(
    "change", ["renamed", "a row above", "a column before", "box deleted", "sheet deleted"]
)
def test_the_box_is_found_again(desk: Desk, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    """Wherever people have moved it; where they have deleted it, it is made again."""
    log: list[str] = []

    def does(key: str, task: str, lang: Lang) -> Done:  # noqa: ARG001
        log.append(task)
        return Done(True, "готово", same(""))

    eye = Eye(desk, monkeypatch, does)
    eye.watch.look()
    title, at = BOX, (2, 1)
    match change:
        case "renamed":
            desk.rename(BOX, title := "Кнопка")
        case "a row above":
            inserted(desk, "ROWS", 0)
            at = (3, 1)
        case "a column before":
            inserted(desk, "COLUMNS", 0)
            at = (2, 2)
        case "box deleted":
            desk.type(BOX, 2, 1, None)
        case _:
            desk.do({"deleteSheet": {"sheetId": desk.sheet(BOX).id}})
    assert eye.watch.look() == USUAL
    eye.tick(*at, title=title)
    assert eye.watch.look() == USUAL
    assert log == ["week"]
    assert desk.seen(title)[at] is False
    assert desk.seen(title)[at[0] + 1, at[1] + 1] == "готово"
    assert len(desk.book.sheets) == 2


def test_a_sheet_of_that_name_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The firm's own keeps its name, its cells and even its checkboxes."""
    own = sheet(BOX, "a b", [True, "ours"])
    with Desk([own], tmp_path) as desk:
        before = desk.seen(BOX)
        eye = Eye(desk, monkeypatch, lambda *_: pytest.fail("nothing was ticked"))
        eye.watch.look()
        eye.watch.look()
        assert desk.seen(BOX) == before
        assert desk.book.titled(f"{BOX} (2)")


def test_a_run_that_cannot_be_is_told_and_unticked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a person can mend it, so it is not tried again by itself."""
    with Desk([sheet("Fruit", "kind", ["apple"])], tmp_path) as desk:
        eye = Eye(desk, monkeypatch)
        eye.watch.look()
        eye.tick()
        assert eye.watch.look() == USUAL
        ticked, said = eye.box
    assert ticked is False
    assert "Deals" in said
    assert [note.en for note in eye.notes] == ["Run: not done; the spreadsheet was told why."]


def test_a_run_that_google_did_not_let_happen_is_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The box stays ticked, the looks become rarer, and once it works they are as before."""
    outcomes = [Done(False, "нет связи", same(""), passing=True)] * 3 + [Done(True, "готово", same(""))]
    eye = Eye(desk, monkeypatch, lambda *_: outcomes.pop(0))
    eye.watch.look()
    eye.tick()
    assert [eye.watch.look() for _ in range(3)] == [30, 60, 120]
    assert eye.box == (True, "нет связи")
    assert eye.watch.look() == USUAL
    assert eye.box == (False, "готово")
    assert "can be reached again" in eye.notes[-1].en


@pytest.mark.parametrize("kind", ["500", "lost before", "429", "403", "revoked"])
def test_a_lost_network_makes_the_looks_rarer_and_ends_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    """Told once, and once more when it is back; a box ticked meanwhile is seen then."""
    eye = Eye(desk, monkeypatch, lambda *_: Done(True, "готово", same("done")))
    eye.watch.look()
    eye.tick()
    waits = []
    for _ in range(8):
        if kind == "revoked":
            desk.emulator.tokens.clear()
            desk.emulator.fail(Trouble(kind, "token"))
        else:
            desk.emulator.fail(*[Trouble(kind, "read")] * (1 if kind == "403" else 6))
        waits.append(eye.watch.look())
        desk.emulator.troubles.clear()
    assert waits == [30, 60, 120, 240, 480, LONGEST, LONGEST, LONGEST]
    assert len(eye.notes) == 1
    assert eye.watch.look() == USUAL
    assert eye.box == (False, "готово")
    assert [note.en for note in eye.notes[1:]] == ["done", "The spreadsheet can be reached again."]


def test_a_lost_answer_to_the_unticking_runs_at_most_once_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it was made is seen at the next look."""
    log: list[str] = []

    def does(key: str, task: str, lang: Lang) -> Done:  # noqa: ARG001
        log.append(task)
        desk.emulator.fail(Trouble("lost after", "write"))
        return Done(True, "готово", same(""))

    eye = Eye(desk, monkeypatch, does)
    eye.watch.look()
    eye.tick()
    assert eye.watch.look() > USUAL
    assert eye.watch.look() == USUAL
    assert (log, eye.box) == (["week"], (False, "готово"))


def test_what_fails_at_the_very_first_look_ends_the_watch(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it is not the network: the sentence goes to who started it."""
    desk.emulator.forbidden = True
    with pytest.raises(WorkbookForbidden, match="is not shared with"):
        Eye(desk, monkeypatch).watch.look()


def test_a_run_leaves_the_box_and_the_box_leaves_the_run_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sheet is neither a table nor a report: the same data, the same run."""
    first = sync.run(desk.new_host(), today=lambda _: TODAY)
    eye = Eye(desk, monkeypatch)
    eye.watch.look()
    assert sync.run(desk.new_host(), today=lambda _: TODAY).applied == (False, None, None, None, None)
    assert first.applied is not None
    assert eye.box == (False, None)


def test_no_cell_and_no_secret_reaches_the_console(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run says of a cell goes to the spreadsheet alone."""
    eye = Eye(desk, monkeypatch, lambda *_: Done(False, "канарейка-4711", _said_of_a_failure()))
    eye.watch.look()
    eye.tick()
    eye.watch.look()
    desk.emulator.fail(*[Trouble("403", "read")])
    eye.watch.look()
    assert eye.box == (False, "канарейка-4711")
    told = "\n".join(note.en + note.ru for note in eye.notes)
    assert len(eye.notes) == 2
    assert not [word for word in ("канарейка", "PRIVATE KEY", *desk.emulator.tokens) if word in told]


def _said_of_a_failure() -> Text:
    """What the console is told of a run on a spreadsheet that is no pipeline."""

    def closed(_: str) -> Any:
        raise WorkbookForbidden(same("канарейка-4711"))

    return work(closed, lambda _: TODAY)("key", "week", "en").note


def test_it_sleeps_between_looks_until_it_is_interrupted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as each look says."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keep(Eye(desk, monkeypatch).watch, sleep)
    assert slept == [USUAL] * 3


def test_ctrl_c_is_the_usual_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 0 and one word."""

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("SHEETS_CRM_GOOGLE_ENDPOINT", desk.emulator.endpoint)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(desk.account))
    monkeypatch.setattr("time.sleep", interrupted)
    result = call("watch", desk.key)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (0, "Ended.")
    assert desk.book.titled(BOX)
