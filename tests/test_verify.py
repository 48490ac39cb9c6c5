"""What verify finds and what it does not accuse anyone of: the log, printed seals, evidence, reports."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.tamper import KINDS, demo_log, printed, tried
from sheets_crm.errors import UsageError
from sheets_crm.findings import FindingKey
from sheets_crm.history import blocks, canonical, event_of, seal
from sheets_crm.hosts.memory import MemoryHost
from sheets_crm.reports import REPORTS
from sheets_crm.sheet import LOG_KEY, Doubt, Formula, Grid, LogLine, Page, SheetInfo, Snapshot, address
from sheets_crm.text import LANGS
from sheets_crm.verify import Verified, alike, differences, head_faults, read_log, run_of, typed_seal, verify
from tests import bonus_months
from tests.bonus_firm import Story, monday
from tests.command_line import FIRST, LATER, call, judged
from tests.libreoffice import convert
from tests.test_json_contract import answer

Json = dict[str, Any]

# ----------------------------------------------------------------------- log


@cache
def log() -> list[LogLine]:
    """The log of a demo firm, 413 lines in eight runs."""
    return demo_log()


def grid(lines: Sequence[LogLine]) -> Grid:
    """A log as it stands on its sheet."""
    return Grid("log", [list(line) for line in lines])


def test_a_thousand_tamperings_are_all_found() -> None:
    """By chance, of every kind: lines, texts, seals and runs; what is cut off or made anew, with a printed seal."""
    found = tried(log(), 1000)
    assert {kind: t.made - t.found for kind, t in found.items()} == dict.fromkeys(KINDS, 0)
    assert sum(t.made for t in found.values()) == 1000


def test_a_log_left_alone_is_whole_and_says_its_head() -> None:
    """Eight runs, no fault; the head is the last seal."""
    trace = read_log(grid(log()))
    assert trace.faults == ()
    assert (len(trace.sealed), trace.sealed[-1].seal) == (8, printed(log()))


def test_the_first_break_is_named_by_run_day_and_row() -> None:
    """A line changed in the third run: that run, its day and the row where it begins; runs before it still stand."""
    start = [at for at, _, _ in blocks(log())][2]
    changed = [*log()]
    changed[start + 3] = changed[start + 3]._replace(text="?")
    trace = read_log(grid(changed))
    fault = trace.faults[0]
    assert (fault.cell, fault.run, fault.as_of) == (
        f"log!A{start + 1}",
        3,
        trace.sealed[-1].as_of + timedelta(7),
    )
    assert "run 3 of " in fault.words.en
    assert f"log!A{start + 1}" in fault.words.ru
    assert [f.cell for f in trace.faults[1:]] == [f"log!A{start + 4}"]


def test_rows_are_those_of_the_sheet_even_where_some_are_blank() -> None:
    """A blank row that someone put in does no harm, and the rows below are still named rightly."""
    rows = [[], *(list(line) for line in log())]
    assert read_log(Grid("log", rows)).faults == ()
    rows[5][0] = "?"
    assert read_log(Grid("log", rows)).faults[0].cell == "log!A2"


# -------------------------------------------------------- a chain that was made anew

RUN = {"e": "run", "key": "k", "version": "1", "lang": "en", "base": "", "clean": "1", "audited": "2"}
KEY = FindingKey("TK01", "Deals", "d1", "next_step")
OPENED = {
    "e": "opened",
    "id": KEY.id(1),
    "k": list(KEY),
    "o": "1",
    "u": "Ann",
    "c": "Deals!E2",
    "a": "",
    "cl": "x",
}
SEEN = {"e": "seen", "t": "Deals", "k": "d1", "v": {"stage": "Won"}}
CLOSED = {"e": "closed", "p": "2026-04-01", "to": "2026-04-30", "u": "Ann", "v": {"base": "a lot"}}


def run_of_events(number: int, day: str, *events: Json) -> list[Json]:
    """A run of these events."""
    return [RUN | {"n": str(number), "as_of": day}, *events]


def sealed(*runs: list[Json]) -> Grid:
    """A log whose seals are all right, whatever its lines say."""
    rows: list[list[str | None]] = []
    head = ""
    for events in runs:
        texts = [canonical(event) for event in events]
        head = seal(head, texts)
        rows += [[text, None if n else head] for n, text in enumerate(texts)]
    return Grid("log", rows)


MAY, JUNE = "2026-05-18", "2026-06-01"
JUDGED = {"e": "judged", "r": "TK01", "u": "Ann", "n": "3", "f": [KEY.id(1)]}
FORGED: list[tuple[list[list[Json]], list[str]]] = [
    ([run_of_events(1, MAY, SEEN, OPENED, JUDGED), run_of_events(2, JUNE, {"e": "cleared", "id": KEY.id(1)})], []),
    ([run_of_events(2, MAY)], ["A1"]),
    ([run_of_events(1, JUNE), run_of_events(2, MAY)], ["A2"]),
    ([run_of_events(1, MAY), run_of_events(3, JUNE)], ["A2"]),
    ([[SEEN]], ["A1"]),
    ([[*run_of_events(1, MAY), *run_of_events(2, JUNE)]], ["A2"]),
    ([run_of_events(1, MAY, {"e": "cleared", "id": KEY.id(1)})], ["A2"]),
    ([run_of_events(1, MAY, {"e": "paused", "id": KEY.id(1)}, {"e": "gone", "id": KEY.id(2)})], ["A2", "A3"]),
    ([run_of_events(1, MAY, {"e": "gone", "t": "Deals", "k": "d1"})], ["A2"]),
    ([run_of_events(1, MAY, OPENED | {"id": KEY.id(2)})], ["A2"]),
    ([run_of_events(1, MAY, JUDGED)], ["A2"]),
    ([run_of_events(1, MAY, {k: v for k, v in OPENED.items() if k != "a"}, JUDGED)], ["A3"]),
    ([run_of_events(1, MAY, SEEN, SEEN | {"e": "changed", "f": "stage", "from": "Lost", "to": "Won"})], ["A3"]),
    ([run_of_events(1, MAY, SEEN | {"e": "changed", "f": "stage", "from": "Lost", "to": "Won"})], ["A2"]),
    ([run_of_events(1, MAY, CLOSED)], ["A2"]),
    ([run_of_events(1, MAY, {"e": "praise"})], ["A2"]),
]  # fmt: skip


@pytest.mark.parametrize(("runs", "cells"), FORGED)
def test_a_forger_who_makes_the_seals_anew_must_still_tell_one_story(
    runs: list[list[Json]], cells: list[str]
) -> None:
    """Numbers in order, days not back, nothing ended that was not opened, ids that follow from their content."""
    faults = read_log(sealed(*runs)).faults
    assert [f.cell for f in faults] == [f"log!{cell}" for cell in cells]
    assert all("{" not in f.words.get(lang) for f in faults for lang in LANGS)


def test_what_stands_beside_the_log_is_named() -> None:
    """A remark in the third column, or a seal without a line."""
    for row in (["", "", "ha"], ["", "a" * 64]):
        rows = [list(line) for line in log()]
        faults = read_log(Grid("log", [*rows, row])).faults
        assert [f.cell for f in faults] == [f"log!{'C' if len(row) == 3 else 'B'}{len(rows) + 1}"]


@pytest.mark.parametrize(
    "line",
    ["", "[" * 8000, "[]", '{"e":["run"]}', '{"e":"run"}', '{"e":"seen","t":"Deals","k":"d1","v":[]}',
     '{"e":"cleared","id":5}', '{"e":"cleared","id":"\\ud800"}', canonical(RUN | {"n": "١", "as_of": MAY}),
     canonical(RUN | {"n": "1", "as_of": "20260518"}), canonical(OPENED | {"k": ["TK01"]})],
)  # fmt: skip
def test_a_line_that_no_run_could_write_is_no_event(line: str) -> None:
    """However it is malformed: it is passed over by a run, and told by verify."""
    assert event_of(line) is None
    assert read_log(Grid("log", [[line, "a" * 64]])).faults or not line


# --------------------------------------------------------------- a printed seal

HEAD = "2eeb1d17d871fdc06120b60cc1bdc518a8f8395a8c8f9a5ad1859fab703a6316"


@pytest.mark.parametrize(
    "typed",
    [HEAD, HEAD[:12], HEAD.upper(), "2eeb 1d17 d871", "2EEB-1D17-D871…", "2eeblDl7d87l", "2ееb1d17d871", " 2eeb1d17\nd871 "],
)  # fmt: skip
def test_a_seal_is_taken_as_a_person_types_it_from_paper(typed: str) -> None:
    """Short or whole, in groups, in capitals, l for 1 and O for 0, from a Russian keyboard."""
    assert HEAD.startswith(typed_seal(typed))


@pytest.mark.parametrize("typed", ["", "2eeb1d17d87", HEAD + "0", "not a seal at all", "zzzzzzzzzzzz"])
def test_what_cannot_be_a_seal_is_refused_in_one_sentence(typed: str) -> None:
    """Too short, too long, or not of figures and letters a to f."""
    with pytest.raises(UsageError, match="is not a seal"):
        typed_seal(typed)


def test_a_printed_seal_is_found_again_and_says_what_came_after() -> None:
    """Each run's own seal names that run; a seal of no run is a fault."""
    trace = read_log(grid(log()))
    for run in trace.sealed:
        assert run_of(run.seal[:12], trace) == run
        assert list(head_faults(run.seal, trace)) == []
    (fault,) = head_faults("0" * 12, trace)
    assert "cut off before that run or rewritten" in fault.words.en


def test_a_seal_that_stands_after_the_break_proves_nothing() -> None:
    """The log before it was changed, so the seal is in it and worth nothing."""
    trace = read_log(grid([log()[0]._replace(text="?"), *log()[1:]]))
    (fault,) = head_faults(printed(log()), trace)
    assert "only after the place where it was changed" in fault.words.en
    (fault,) = head_faults("0" * 64, trace)
    assert "nothing in the log can be relied on" in fault.words.en


# ------------------------------------------------------------------- reports


@cache
def bonus_story(lang: str) -> MemoryHost:
    """Two months of a small firm with deductions, appeals and a closed period; Audit and Bonus stand in it."""
    host = bonus_months.host("ru" if lang == "ru" else "en")
    bonus_months.run(host, bonus_months.DAYS[-1])
    return host


def copied(host: MemoryHost) -> MemoryHost:
    """The same workbook, to be changed."""
    every = host.read(lambda sheets: [s.name for s in sheets])
    return Frozen(every)


class Frozen(MemoryHost):
    """A workbook that is what a snapshot says, with single cells typed over."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__([], label="frozen")
        self.sheets = list(snapshot.sheets)
        self.cells = {name: [list(row) for row in g.rows] for name, g in snapshot.grids.items()}
        self.doubts: dict[str, dict[tuple[int, int], Doubt]] = {}

    def read(self, select: Callable[[Sequence[SheetInfo]], Any]) -> Snapshot:
        wanted = select(self.sheets)
        grids = {n: Grid(n, rows, self.doubts.get(n, {})) for n, rows in self.cells.items() if n in wanted}
        return Snapshot(tuple(self.sheets), grids, "1")

    def type(self, sheet: str, row: int, column: int, value: Any) -> None:
        """Types a value into a cell."""
        rows = self.cells[sheet]
        rows.extend([] for _ in range(row - len(rows)))
        rows[row - 1].extend(None for _ in range(column - len(rows[row - 1])))
        rows[row - 1][column - 1] = value

    def name(self, report: str) -> str:
        """The sheet of a report."""
        return next(s.name for s in self.sheets if s.report == report)

    def log(self) -> list[list[Any]]:
        """The rows of the log."""
        return self.cells[self.name(LOG_KEY)]


def states(found: Verified) -> dict[str, str]:
    """Report to how it stands."""
    return {report.report: report.state for report in found.reports}


@pytest.mark.parametrize("lang", LANGS)
def test_a_workbook_left_alone_is_sound(lang: str) -> None:
    """Log, evidence and reports fit; the language is the workbook's."""
    found = verify(bonus_story(lang))
    assert (found.faults, found.notes, found.lang) == ((), (), lang)
    assert states(found) == {"audit": "same", "bonus": "same"}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_cell_of_a_report_that_was_edited_by_hand_is_named(data: st.DataObject) -> None:
    """A number one higher, another text, a cell wiped out, a remark in an empty one: on Audit and on Bonus."""
    host = Frozen(bonus_story("en").read(lambda sheets: [s.name for s in sheets]))
    sheet = host.name(data.draw(st.sampled_from(["audit", "bonus"])))
    rows = host.cells[sheet]
    row = data.draw(st.integers(1, len(rows) + 2))
    column = data.draw(st.integers(1, 12))
    old = Grid(sheet, rows).value(row, column)
    new: Any = old + 1 if isinstance(old, float) else data.draw(st.sampled_from(["by hand", 7.0, None]))
    if alike(old, new):
        new = "by hand"
    host.type(sheet, row, column, new)
    found = verify(host)
    cell = address(sheet, row, column)
    assert [f.cell for f in found.faults] == [cell]
    assert cell in found.faults[0].words.en
    assert cell in found.faults[0].words.ru
    assert "different" in states(found).values()


def test_many_edited_cells_are_counted_after_the_tenth() -> None:
    """A column wiped out is not told cell by cell."""
    host = Frozen(bonus_story("en").read(lambda sheets: [s.name for s in sheets]))
    sheet = host.name("bonus")
    for row in range(1, 40):
        host.type(sheet, row, 1, "x")
    faults = verify(host).faults
    assert len(faults) == 11
    assert "29 cells more" in faults[-1].words.en


def test_a_to_fix_cell_that_was_typed_over_is_named() -> None:
    """What is said in a row is as much a report as a sheet of its own."""
    host = Frozen(bonus_story("en").read(lambda sheets: [s.name for s in sheets]))
    column = next(n for n, v in enumerate(host.cells["Deals"][0], start=1) if v == "To fix")
    row = next(n for n, cells in enumerate(host.cells["Deals"], start=1) if n > 1 and cells[column - 1])
    host.type("Deals", row, column, "all is well")
    assert [f.cell for f in verify(host).faults] == [address("Deals", row, column)]


def test_a_run_that_was_forged_with_its_seal_does_not_come_out_again() -> None:
    """A finding struck from the last run's count, the seal made anew: run again, that run leaves another line."""
    host = Frozen(bonus_story("en").read(lambda sheets: [s.name for s in sheets]))
    rows = host.log()
    at = next(
        n for n in reversed(range(len(rows))) if '"e":"judged"' in rows[n][0] and '"f":["' in rows[n][0]
    )
    event = json.loads(rows[at][0])
    rows[at][0] = canonical(event | {"f": event["f"][1:]})
    log = [LogLine(row[0], row[1]) for row in rows]
    *before, (start, _, lines) = list(blocks(log))
    rows[start][1] = seal(before[-1][1] or "", lines)
    found = verify(host)
    assert found.faults[0].cell == address(host.name(LOG_KEY), at + 1, 1)
    assert "run again" in found.faults[0].words.en
    assert any("which no run of the log has" in f.words.en for f in found.faults), (
        "the printed seals tell it too"
    )


def test_reports_of_data_that_has_changed_since_are_no_fault() -> None:
    """They are of an earlier run and cannot be computed again; one sentence says so."""
    host = bonus_months.host("en")
    bonus_months.run(host, bonus_months.DAYS[-1])
    host.edit("Deals", 2, 2, "Another name")
    found = verify(host)
    assert found.faults == ()
    assert [note.en.split(".")[0] for note in found.notes] == ["The reports are those of run 6 of 8 Jun 2026"]
    assert set(states(found).values()) == {"not_compared"}


def test_even_then_a_deduction_must_rest_on_a_finding_and_a_seal_on_a_run() -> None:
    """An invented finding on Bonus and an invented seal on Audit are named by their cells."""
    host = Frozen(bonus_story("en").read(lambda sheets: [s.name for s in sheets]))
    host.type("Deals", 2, 2, "Another name")
    bonus, audit = host.name("bonus"), host.name("audit")
    row = next(n for n, r in enumerate(host.cells[bonus], 1) if len(r) > 8 and r[8] == "Finding ID") + 1
    host.type(bonus, row, 9, "AAAAAAAAAAAA")
    at = next(n for n, r in enumerate(host.cells[audit], 1) if r and str(r[0]).startswith("Seal of the log"))
    host.type(audit, at, 1, f"Seal of the log: {'0' * 64}. Keep it.")
    assert sorted(f.cell or "" for f in verify(host).faults) == [f"{audit}!A{at}", f"{bonus}!I{row}"]


def test_a_report_that_the_last_run_did_not_write_is_an_earlier_one() -> None:
    """Audit alone was written on Tuesday: Monday's Bonus is not held against Tuesday."""
    story = Story()
    story.run(monday(0), names=tuple(REPORTS))
    story.drop(1, 2)
    story.run(monday(1), names=("audit",))
    found = verify(story.host)
    assert found.faults == ()
    assert states(found)["audit"] == "same"
    assert states(found)["bonus"] == "not_compared"
    assert any("did not write it" in note.en for note in found.notes)


def test_a_report_that_waits_for_its_first_run_is_not_told(tmp_path: Path) -> None:
    """A fresh workbook, of which only the Audit was written: the other sheets still say what they will show."""
    path = tmp_path / "new.xlsx"
    assert call("init", path, "--lang", "en").exit_code == 0
    assert call("audit", path, "--as-of", LATER).exit_code == 0
    found = answer("verify", "verify", path)
    assert (found["sound"], found["notes"]) == (True, [])
    assert [r["report"] for r in found["reports"]] == ["audit"]


def test_formulas_without_results_are_passed_over_and_counted() -> None:
    """Some programs save formulas and drop what they gave; that is nobody's edit."""
    host = Frozen(bonus_story("en").read(lambda sheets: [s.name for s in sheets]))
    sheet = host.name("bonus")
    page = bonus_story("en").pages["bonus"]
    live = [place for place, cell in page.cells.items() if isinstance(cell.content, Formula)]
    for row, column in live:
        host.type(sheet, row, column, None)
    host.doubts[sheet] = {place: Doubt("formula", "=1") for place in live}
    found = verify(host)
    assert found.faults == ()
    assert f"{len(live)} cells with formulas" in found.notes[0].en


def test_a_cell_that_shows_an_error_is_not_what_was_written() -> None:
    """#REF! where a number was."""
    page = Page("audit", "Audit", {(1, 1): bonus_story("en").pages["audit"].cells[1, 1]})
    (found,) = differences(page, Grid("Audit", [[None]], {(1, 1): Doubt("error", "#REF!")}))
    assert (found.cell, found.found) == ("Audit!A1", "#REF!")


ALIKE: list[tuple[Any, Any, bool]] = [
    (None, "", True), ("a\r\nb", "a\nb", True), ("x\x07y", "xy", True), (1, 1.0, True), (0.1 + 0.2, 0.3, True),
    (1_000_000, 1_000_000.01, False), (True, 1.0, False), ("1", 1.0, False), (date(2026, 5, 18), 46160.0, True),
    (date(2026, 5, 18), date(2026, 5, 19), False), ("a" * 300, "a" * 253 + "…", True), ("ab", "a…", False),
    (None, 0.0, False), (date(1066, 10, 14), "1066-10-14", True),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "found", "same"), ALIKE)
def test_cells_are_alike_whatever_a_host_makes_of_their_type(expected: Any, found: Any, same: bool) -> None:
    """Days are numbers somewhere, line ends differ, long texts are cut; a cent is a difference."""
    assert alike(expected, found) is same


# ------------------------------------------------------------- a log that is gone


def test_a_log_that_is_gone_while_reports_stand_is_told() -> None:
    """The sheet deleted, or emptied."""
    host = Frozen(bonus_story("en").read(lambda sheets: [s.name for s in sheets]))
    host.log().clear()
    (empty,) = verify(host).faults
    host.sheets = [s for s in host.sheets if s.report != LOG_KEY]
    (gone,) = verify(host).faults
    assert "The log is gone" in empty.words.en
    assert "The log is gone" in gone.words.en
    host.sheets = [
        s if s.report is None else s._replace(report=LOG_KEY) for s in host.sheets if s.report != "bonus"
    ]
    host.cells[host.name(LOG_KEY)] = []
    (alone,) = verify(host).faults
    assert "sheet of the log is empty" in alone.words.en


# --------------------------------------------------------------- the command


def test_verify_of_a_workbook_that_no_run_has_written_says_so(tmp_path: Path) -> None:
    """Nothing to check is no fault."""
    path = tmp_path / "new.xlsx"
    assert call("init", path, "--lang", "en").exit_code == 0
    result = call("verify", path)
    assert result.exit_code == 0
    assert "There is no log yet" in result.stdout


def test_verify_prints_the_head_and_takes_it_back(tmp_path: Path) -> None:
    """Exit 0; the printed seal is that of the last run, and a wrong one is exit 1."""
    path = judged(tmp_path / "firm.xlsx")
    call("run", path, "--as-of", LATER)
    result = call("verify", path)
    assert result.exit_code == 0, result.output
    head = result.stdout.split()[-1]
    assert len(head) == 64
    assert "nothing came after" in call("verify", path, "--head", head[:12]).stdout
    wrong = call("verify", path, "--head", "0" * 12, "--lang", "ru")
    assert (wrong.exit_code, "В журнале нет запуска с напечатанной подписью" in wrong.stdout) == (1, True)
    assert call("verify", path, "--head", "seal").exit_code == 2


def test_verify_takes_a_head_of_an_earlier_run_and_misses_nothing_after(tmp_path: Path) -> None:
    """The first run's paper, after the second: one run came after."""
    path = judged(tmp_path / "firm.xlsx")
    head = call("verify", path).stdout.split()[-1]
    call("run", path, "--as-of", LATER)
    assert f"run 1 of {FIRST.day} Mar 2024; 1 run came after" in call("verify", path, "--head", head).stdout
    found = answer("verify", "verify", path, "--head", head)
    assert (found["sound"], found["printed"]["run"], found["last"]["run"]) == (True, 1, 2)
    assert {r["state"] for r in found["reports"]} == {"same"}


def test_verify_names_the_edited_number_in_a_file(tmp_path: Path) -> None:
    """Exit 1 and the very cell, in words and in JSON; a line of the log changed in the file too."""
    path = judged(tmp_path / "firm.xlsx")
    call("run", path, "--as-of", LATER)
    workbook = openpyxl.load_workbook(path)
    cell = next(c for row in workbook["Audit"].iter_rows() for c in row if isinstance(c.value, int))
    cell.value = 7_000
    workbook.save(path)
    result = call("verify", path)
    assert (result.exit_code, f"✗ Audit!{cell.coordinate} holds" in result.stdout) == (1, True)
    assert [f["cell"] for f in answer("verify", "verify", path)["faults"]] == [f"Audit!{cell.coordinate}"]
    lines = next(s for s in workbook if s.title == "sheets_crm_log")
    lines["A2"].value = lines["A2"].value.replace("Ann", "Bob")
    workbook.save(path)
    result = call("verify", path)
    assert (result.exit_code, "run 1 of 4 Mar 2024, from sheets_crm_log!A1" in result.stdout) == (1, True)


def test_verify_of_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """Exit 2 and one sentence."""
    (tmp_path / "text.xlsx").write_text("hello")
    for name in ("text.xlsx", "missing.xlsx"):
        result = call("verify", tmp_path / name)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)


def test_a_run_passes_over_a_log_that_somebody_typed_into(tmp_path: Path) -> None:
    """A line that no run could write is no reason to fail: the run is written, and verify tells of the line."""
    path = judged(tmp_path / "firm.xlsx")
    workbook = openpyxl.load_workbook(path)
    workbook["sheets_crm_log"]["A3"].value = '{"e":"opened","id":5}'
    workbook.save(path)
    assert call("run", path, "--as-of", LATER).exit_code == 0
    assert call("verify", path).exit_code == 1


@pytest.mark.parametrize("lang", LANGS)
def test_a_workbook_that_libreoffice_saved_is_still_sound(tmp_path: Path, lang: str) -> None:
    """It computes every formula itself and rewrites every part; the log, the data and the reports say the same."""
    path = tmp_path / "demo.xlsx"
    assert (
        call("demo", "--dir", tmp_path, "--deals", 30, "--lang", lang, "--as-of", "2026-05-20").exit_code == 0
    )
    (path,) = tmp_path.glob("demo*.xlsx")
    result = call("verify", convert(path, "xlsx", tmp_path / "lo"), "--lang", "en")
    assert (result.exit_code, "As their run wrote them" in result.stdout) == (0, True), result.output
    assert result.stdout.count("\n") == 3, "whole, same, head: nothing else has to be said"
